"""The mutants' tool must count no survivor as killed, and lose none."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from lint_rules.source import Source
from mutants_lib import checks, mutator, planted, results, survivors, table, workspace
from mutants_lib.campaign import BaselineBroken, Campaign, Task

ROOT = Path(__file__).resolve().parents[1]
PLANTED = """
bug = "It adds where it should not."
rule = "rule 0"
test = "core_tests Sum.Stays"

[[edit]]
file = "src/raft/sum.cc"
find = '''return a;'''
replace = '''return a + 1;'''
"""
SUM = """int sum(int a, int b) {
  if (a < b && b > 0) {
    QUORATE_ASSERT(a < 7);
    note(a);
    a = b;
  }
  return a;
}
"""


def toy(folder):
    root = Path(folder)
    (root / "src/raft").mkdir(parents=True)
    (root / "src/raft/sum.cc").write_text(SUM)
    return root


class Folder(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = toy(held.name)


class PlantedTest(Folder):
    def test_the_text_is_replaced_where_it_stands_once(self):
        mutant = planted.parse("adds", PLANTED)
        self.assertEqual(mutant.files(self.root), {"src/raft/sum.cc": SUM.replace("return a;", "return a + 1;")})

    def test_text_that_is_gone_or_doubled_makes_it_stale(self):
        mutant = planted.parse("adds", PLANTED)
        for text in ("int x;", "return a; return a;"):
            (self.root / "src/raft/sum.cc").write_text(text)
            with self.assertRaisesRegex(planted.BadMutant, "stale"):
                mutant.files(self.root)

    def test_two_edits_of_one_file_add_up(self):
        second = "\n[[edit]]\nfile = 'src/raft/sum.cc'\nfind = 'a = b;'\nreplace = 'a = 0;'\n"
        text = planted.parse("adds", PLANTED + second).files(self.root)["src/raft/sum.cc"]
        self.assertIn("a = 0;", text)
        self.assertIn("return a + 1;", text)

    def test_a_file_that_is_incomplete_is_refused(self):
        for text in (PLANTED.replace("test =", "tset ="), PLANTED.split("[[edit]]")[0], "bug = ",
                     PLANTED.replace("return a + 1;", "return a;"), PLANTED.replace("file =", "path =")):
            with self.assertRaises(planted.BadMutant):
                planted.parse("adds", text)

    def test_what_a_bound_says_it_kills_it_must_find(self):
        (self.root / planted.FOLDER).mkdir(parents=True)
        (self.root / planted.FOLDER / "adds.mutant").write_text(PLANTED)
        bounds = self.root / planted.BOUNDS
        bounds.parent.mkdir(parents=True)
        bounds.write_text('bound.name = "a";\nbound.name = "b";\nbound.kills = {"adds"};\n')
        self.assertEqual(planted.load(self.root)[0].also, ("quorate check b",))
        bounds.write_text('bound.name = "b";\nbound.kills = {"adds", "unheard-of"};\n')
        with self.assertRaisesRegex(planted.BadMutant, "unheard-of"):
            planted.load(self.root)

    def test_each_of_the_project_applies(self):
        mutants = planted.load(ROOT)
        self.assertGreaterEqual(len(mutants), 30)
        for mutant in mutants:
            with self.subTest(mutant.name):
                self.assertTrue(mutant.files(ROOT))


class MutatorTest(unittest.TestCase):
    def after(self, kind, text=SUM):
        return [m.after for m in mutator.of_source(Source("src/raft/sum.cc", text)) if m.kind == kind]

    def test_comparisons_are_turned_but_not_those_of_assertions(self):
        self.assertEqual(self.after("compared"), ["if (a <= b && b > 0) {", "if (a < b && b >= 0) {"])

    def test_conditions_are_negated_and_joined_otherwise(self):
        self.assertEqual(self.after("negated"), ["if (!(a < b && b > 0)) {"])
        self.assertEqual(self.after("joined"), ["if (a < b || b > 0) {"])

    def test_statements_are_dropped_but_no_declarations_and_no_returns(self):
        mutants = mutator.of_source(Source("src/raft/sum.cc", SUM))
        self.assertEqual([m.before for m in mutants if m.kind == "dropped"], ["note(a);", "a = b;"])
        self.assertEqual(self.after("dropped", "int f() {\n  int a = 1;\n  const T b = g();\n  return a;\n}\n"), [])

    def test_a_call_over_several_lines_goes_as_a_whole(self):
        text = "void f() {\n  g(a,\n    b);\n  h.push_back({a, b});\n}\n"
        found = [m for m in mutator.of_source(Source("src/raft/x.cc", text)) if m.kind == "dropped"]
        self.assertEqual([m.before for m in found], ["g(a, b);", "h.push_back({a, b});"])

    def test_steps_are_left_out_and_constants_changed(self):
        text = "bool f() {\n  x = a.next() - 1;\n  return true;\n}\n"
        self.assertEqual(self.after("step", text), ["x = a - 1;", "x = a.next();"])
        self.assertEqual(self.after("constant", text), ["x = a.next() - 2;", "return false;"])

    def test_comments_templates_and_observers_are_left_alone(self):
        text = "// a < b\nstd::vector<int> v;\nvoid X::fingerprint(F& f) const {\n  f.add(a < b);\n}\n"
        self.assertEqual(mutator.of_source(Source("src/raft/x.cc", text)), [])

    def test_the_seed_decides_the_order(self):
        names = [[m.key() for m in mutator.sample(ROOT, seed)[:20]] for seed in (1, 1, 2)]
        self.assertEqual(names[0], names[1])
        self.assertNotEqual(names[0], names[2])

    def test_a_mutant_changes_its_own_line_alone(self):
        for mutant in mutator.sample(ROOT, 1)[:50]:
            old = (ROOT / mutant.file).read_text("utf-8")
            new = mutant.files(ROOT)[mutant.file]
            self.assertEqual(old[:mutant.start], new[:mutant.start])
            self.assertTrue(new.endswith(old[mutant.end:]))


class SurvivorsTest(Folder):
    TEXT = "# why\n\nsrc/raft/sum.cc\n- a = b;\n+\n  Nobody looks at a,\n  nor at b.\n"

    def test_a_block_names_the_place_by_its_text(self):
        found = survivors.parse(self.TEXT)
        self.assertEqual(found[0].reason, "Nobody looks at a, nor at b.")
        mutants = mutator.of_source(Source("src/raft/sum.cc", SUM))
        dropped = next(m for m in mutants if m.before == "a = b;" and m.kind == "dropped")
        self.assertEqual(survivors.reason_for(found, dropped), "Nobody looks at a, nor at b.")

    def test_a_block_without_a_reason_is_refused(self):
        with self.assertRaises(survivors.BadSurvivors):
            survivors.parse("src/raft/sum.cc\n- a = b;\n+\n")

    def test_a_line_that_is_gone_makes_it_stale(self):
        found = survivors.parse(self.TEXT)
        self.assertEqual(survivors.stale(self.root, found), [])
        (self.root / "src/raft/sum.cc").write_text("int x;")
        self.assertEqual(survivors.stale(self.root, found), found)

    def test_those_of_the_project_can_be_read_and_are_there(self):
        self.assertEqual(survivors.stale(ROOT, survivors.load(ROOT)), [])


class ChecksTest(unittest.TestCase):
    def test_what_noticed_is_named(self):
        gtest = checks.Check("core_tests Log.*")
        self.assertEqual(checks.what_noticed(gtest, "[ RUN      ] Log.A\n[  FAILED  ] Log.A (0 ms)\n"), "core_tests Log.A")
        self.assertEqual(checks.what_noticed(gtest, "[ RUN      ] Log.A\n[       OK ] Log.A\n[ RUN      ] Log.B\n"),
                         "core_tests Log.B")
        bound = checks.Check("quorate check")
        self.assertEqual(checks.what_noticed(bound, "election  12  9  exhausted\nreads   3   4  VIOLATED\n"),
                         "quorate check reads")

    def run_script(self, text, limit):
        with tempfile.TemporaryDirectory() as folder:
            build = Path(folder)
            (build / "quorate").write_text("#!/bin/sh\n" + text)
            (build / "quorate").chmod(0o755)
            return checks.run(checks.Check("quorate check"), build, build, limit)

    def test_exit_codes_decide(self):
        self.assertTrue(self.run_script("echo fine", 5).passed)
        self.assertFalse(self.run_script("exit 1", 5).passed)

    def test_an_endless_loop_is_caught_by_time(self):
        ran = self.run_script("while :; do :; done", 0.3)
        self.assertFalse(ran.passed)
        self.assertEqual(ran.by, "time")

    def test_a_filter_that_finds_no_test_has_not_passed(self):
        self.assertFalse(self.run_script("echo '[==========] Running 0 tests from 0 test suites.'", 5).passed)


class FakeSpace:
    """Compiles what holds no `broken`, and hands the changed files to the fake tests."""
    tree = build_dir = Path(".")
    said = "error: broken"

    def __init__(self):
        self.files = {}

    def apply(self, files):
        self.files = files

    def restore(self):
        self.files = {}

    def build(self, _target):
        return not any("broken" in text for text in self.files.values())


class Bug:
    """A mutant that is its own name."""
    file, before, after = "src/raft/sum.cc", "a = b;", ""

    def __init__(self, name):
        self.name = name

    def key(self):
        return self.name

    def files(self, _root):
        if self.name.startswith("stale"):
            raise planted.BadMutant("stale: gone")
        return {self.file: self.name}


class CampaignTest(Folder):
    def setUp(self):
        super().setUp()
        self.runs = []

    def campaign(self, version="v", passes_at_all=True):
        spaces = [FakeSpace(), FakeSpace()]

        def run(check, _tree, _build, _limit):
            texts = [text for space in spaces for text in space.files.values()]
            self.runs.append((check.text, *texts))
            noticed = any(check.text in text for text in texts)
            return checks.Ran(passes_at_all and not noticed, check.text, 0.0, "")
        store = results.Results(self.root / "results", version)
        return Campaign(self.root, store, lambda number: spaces[number - 1], 1, run)

    def outcomes(self, names, every=False, automatic=True, count=None, texts=("unit", "sim"), **how):
        tasks = [Task(Bug(name), tuple(map(checks.Check, texts)), every, automatic) for name in names]
        found = []
        campaign = self.campaign(**how)
        if count is None:
            campaign.all_of(tasks, found.append)
        else:
            campaign.first_that_build(tasks, count, found.append)
        return {outcome.name: outcome for outcome in found}

    def test_the_first_test_that_fails_has_killed_it(self):
        found = self.outcomes(["unit", "sim", "nothing"])
        self.assertEqual([found[n].verdict for n in ("unit", "sim", "nothing")],
                         [results.KILLED, results.KILLED, results.SURVIVED])
        self.assertEqual(found["sim"].by, "sim")
        self.assertTrue(found["nothing"].failed)

    def test_a_planted_bug_must_be_caught_by_every_test_named_for_it(self):
        found = self.outcomes(["unit", "unit and sim"], every=True, automatic=False)
        self.assertEqual(found["unit"].verdict, results.MISSED)
        self.assertTrue(found["unit"].failed)
        self.assertEqual(found["unit and sim"].verdict, results.KILLED)

    def test_a_planted_bug_that_does_not_compile_or_apply_is_stale(self):
        found = self.outcomes(["broken", "stale"], every=True, automatic=False)
        self.assertEqual({o.verdict for o in found.values()}, {results.STALE})
        self.assertTrue(all(o.failed for o in found.values()))

    def test_an_automatic_one_that_does_not_compile_is_replaced_by_the_next(self):
        found = self.outcomes(["broken", "unit 1", "unit 2", "unit 3"], count=2)
        self.assertEqual(list(found), ["broken", "unit 1", "unit 2"])
        self.assertFalse(found["broken"].failed)

    def test_what_is_known_is_not_run_again_unless_something_changed(self):
        self.outcomes(["unit"])
        self.runs.clear()
        self.assertTrue(self.outcomes(["unit"])["unit"].remembered)
        self.assertEqual(self.runs, [])
        self.assertFalse(self.outcomes(["unit"], version="w")["unit"].remembered)

    def test_a_listed_survivor_is_no_failure(self):
        (self.root / survivors.PATH).parent.mkdir(parents=True)
        (self.root / survivors.PATH).write_text(SurvivorsTest.TEXT)
        found = self.outcomes(["nothing"])["nothing"]
        self.assertEqual((found.verdict, found.failed), (results.LISTED, False))

    def test_a_test_that_fails_without_a_mutant_proves_nothing(self):
        with self.assertRaises(BaselineBroken):
            self.outcomes(["unit"], passes_at_all=False)


class WorkspaceTest(Folder):
    def space(self):
        space = workspace.Workspace(self.root, self.root / "build/worker-1")
        space.build_dir.mkdir(parents=True, exist_ok=True)
        (space.build_dir / "build.ninja").touch()
        space.prepare()
        return space

    def text(self, space):
        return (space.tree / "src/raft/sum.cc").read_text()

    def test_the_next_mutant_finds_the_sources_as_they_were(self):
        space = self.space()
        space.apply({"src/raft/sum.cc": "one"})
        self.assertEqual(self.text(space), "one")
        space.apply({"src/raft/sum.cc": "two"})
        space.restore()
        self.assertEqual(self.text(space), SUM)

    def test_an_interrupted_mutant_is_taken_back(self):
        self.space().apply({"src/raft/sum.cc": "one"})
        self.assertEqual(self.text(self.space()), SUM)

    def test_files_that_are_gone_go(self):
        space = self.space()
        (self.root / "src/raft/sum.cc").rename(self.root / "src/raft/other.cc")
        space.prepare()
        self.assertEqual([p.name for p in space.tree.rglob("*.cc")], ["other.cc"])

    def test_the_version_changes_with_sources_and_tests_alone(self):
        first = workspace.version_of(self.root)
        (self.root / "README.md").write_text("x")
        self.assertEqual(workspace.version_of(self.root), first)
        (self.root / "src/raft/sum.cc").write_text("int x;")
        self.assertNotEqual(workspace.version_of(self.root), first)


class TableTest(unittest.TestCase):
    def test_the_page_holds_the_table_of_today(self):
        page = (ROOT / table.PAGE).read_text("utf-8")
        self.assertEqual(table.put_into(page, planted.load(ROOT)), page, "run ./dev mutants --table")

    def test_a_page_without_its_marks_is_an_error(self):
        with contextlib.redirect_stdout(io.StringIO()), self.assertRaises(ValueError):
            table.put_into("# Mutants\n", [])


if __name__ == "__main__":
    unittest.main()
