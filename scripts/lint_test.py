"""Every rule of scripts/lint is shown a sample that it must report, and one that it must not."""

import tempfile
import unittest
from pathlib import Path

from lint_rules import banned, layering, length, style, words
from lint_rules.source import Source, read_sources


def reports(check, path, text):
    return [str(problem) for problem in check(Source(path, text))]


class RuleTest(unittest.TestCase):
    def assert_reported(self, check, path, text, *parts):
        found = reports(check, path, text)
        self.assertEqual(len(found), 1, f"{path}: {text!r} gave {found}")
        for part in parts:
            self.assertIn(part, found[0])

    def assert_clean(self, check, path, text):
        self.assertEqual(reports(check, path, text), [])


class SourceTest(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_stay(self):
        code = Source("a.cc", '// rand(\n/* {\n */ f("}", R"x(}")x", \'{\', 1\'000);\n').code
        self.assertEqual(code.count("\n"), 3)
        self.assertNotIn("rand", code)
        self.assertNotIn("{", code)
        self.assertNotIn("}", code)
        self.assertIn("1'000", code)

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(Source("a.cc", '// #include "raft/raft.h"\n/*\n#include <x>\n*/\n').includes, [])

    def test_includes_carry_line_kind_and_name(self):
        text = '#pragma once\n# include <map>\n#include "base/b.h"\n'
        self.assertEqual(Source("a.cc", text).includes, [(2, "<", "map"), (3, '"', "base/b.h")])


class LayeringTest(RuleTest):
    def test_what_the_table_allows(self):
        for path, name in (("src/raft/vote.cc", "log/window.h"), ("src/raft/vote.cc", "raft/raft.h"),
                           ("src/env/posix/file.cc", "env/file.h"), ("src/cli/main.cc", "raft/raft.h"),
                           ("src/cli/main.cc", "kv/rocks/map.h"), ("src/sim/net.cc", "server/service/kv.h"),
                           ("src/log/window.h", "quorate/types.h")):
            self.assert_clean(layering.check, path, f'#include "{name}"\n')

    def test_what_the_table_forbids(self):
        for path, name in (("src/base/b.h", "model/m.h"), ("src/quorum/q.cc", "base/b.h"),
                           ("src/log/window.cc", "raft/raft.h"), ("src/raft/vote.cc", "wire/codec.h"),
                           ("src/wal/wal.cc", "env/posix/file.h"), ("src/sim/net.cc", "env/posix/file.h"),
                           ("src/sim/net.cc", "kv/rocks/map.h"), ("src/kv/rocks/map.cc", "base/b.h"),
                           ("src/api/api.cc", "base/b.h"), ("src/server/http/h.cc", "kv/kv.h")):
            self.assert_reported(layering.check, path, f'\n#include "{name}"\n', f"{path}:2: ", "may not include")

    def test_no_folder_inherits_what_its_neighbour_may(self):
        self.assert_reported(layering.check, "src/net/peer.cc", '#include "raft/raft.h"\n', "net may not")
        self.assert_reported(layering.check, "src/session/s.cc", '#include "model/m.h"\n', "session may not")

    def test_tests_obey_as_well(self):
        self.assert_reported(layering.check, "src/log/log_test.cc", '#include "raft/raft.h"\n', "log may not")

    def test_a_folder_without_a_row(self):
        self.assert_reported(layering.check, "src/stranger/s.cc", "int x;\n", "not in the layering")
        self.assert_reported(layering.check, "src/loose.cc", "int x;\n", "not in the layering")

    def test_paths_start_at_src(self):
        self.assert_reported(layering.check, "src/raft/vote.cc", '#include "raft.h"\n', "not a path from src")
        self.assert_reported(layering.check, "src/raft/vote.cc", '#include "../log/l.h"\n', "not a path from src")
        self.assert_reported(layering.check, "src/wire/w.cc", '#include <model/m.h>\n', "with quotes")
        self.assert_reported(layering.check, "src/wire/w.cc", '#include "zstd/z.h"\n', "no folder")

    def test_public_headers_know_only_each_other(self):
        path = "include/quorate/types.h"
        self.assert_clean(layering.check, path, '#include <cstdint>\n#include "quorate/result.h"\n')
        self.assert_reported(layering.check, path, '#include "base/result.h"\n', "public header")
        self.assert_reported(layering.check, path, "#include <fmt/format.h>\n", "public header")

    def test_the_core_takes_only_plain_values_from_the_standard_library(self):
        for folder in layering.CORE:
            path = f"src/{folder}/x.h"
            self.assert_clean(layering.check, path, "#include <vector>\n#include <variant>\n")
            for header in ("thread", "mutex", "atomic", "random", "fstream", "unistd.h", "xxhash.h"):
                self.assert_reported(layering.check, path, f"#include <{header}>\n", "the core may not")
        self.assert_clean(layering.check, "src/wire/codec.cc", "#include <xxhash.h>\n")

    def test_the_core_s_tests_may_use_libraries_and_files(self):
        text = "#include <gtest/gtest.h>\n#include <fstream>\n"
        self.assert_clean(layering.check, "src/raft/vote_test.cc", text)
        self.assertEqual(len(reports(layering.check, "src/raft/vote.cc", text)), 2)

    def test_bytes_alone_may_count_references(self):
        self.assert_clean(layering.check, "src/base/bytes.h", "#include <atomic>\nstd::atomic<int> n;\n")
        self.assert_clean(banned.check, "src/base/bytes.h", "std::atomic<int> n;\n")
        self.assert_reported(layering.check, "src/base/ring.h", "#include <atomic>\n", "the core may not")


class BannedTest(RuleTest):
    def test_clocks(self):
        for text in ("std::chrono::system_clock::now();", "steady_clock::now();", "time(nullptr);",
                     "clock_gettime(CLOCK_REALTIME, &ts);", "auto t = ::time(0);"):
            self.assert_reported(banned.check, "src/node/loop.cc", text, "take the time as a value")
            for path in ("src/env/posix/clock.cc", "src/cli/main.cc", "bench/core.cc", "tests/real_test.cc"):
                self.assert_clean(banned.check, path, text)

    def test_randomness(self):
        for text in ("int x = rand();", "srand(1);", "std::rand ();"):
            self.assert_reported(banned.check, "src/sim/net.cc", text, "seeded generator")
        self.assert_reported(banned.check, "src/sim/net.cc", "std::random_device d;", "seeded generator")
        self.assert_clean(banned.check, "src/sim/net.cc", "int operand(int); auto g = strand(x); r.rand();")

    def test_threads_in_the_core(self):
        for name in ("thread", "jthread", "mutex", "shared_mutex", "lock_guard", "condition_variable"):
            self.assert_reported(banned.check, "src/raft/raft.h", f"std::{name} x;", "no place in the core")
            self.assert_clean(banned.check, "src/node/loop.h", f"std::{name} x;")
        self.assert_reported(banned.check, "src/log/window.h", "std::atomic<int> x;", "shares state")
        self.assert_reported(banned.check, "src/log/window.h", "thread_local int x;", "shares state")

    def test_ending_the_process(self):
        for text in ("exit(1);", "std::abort();", "::_exit(2);", "std::quick_exit(0);", "std::terminate();"):
            self.assert_reported(banned.check, "src/wal/wal.cc", text, "ends the process")
            self.assert_clean(banned.check, "src/cli/main.cc", text)
        self.assert_clean(banned.check, "src/wal/wal.cc", "transfer.abort(); at_exit(f); p->exit();")

    def test_sleeping(self):
        for text in ("std::this_thread::sleep_for(1s);", "usleep(5);", "sleep_until(t);", "nanosleep(&a, &b);"):
            for path in ("src/node/loop.cc", "src/env/posix/x.cc", "src/cli/main.cc", "tests/x_test.cc"):
                self.assert_reported(banned.check, path, text, "wait on the condition")

    def test_friends_in_raft(self):
        self.assert_reported(banned.check, "src/raft/raft.h", "friend class Peeper;", "describe()")
        self.assert_clean(banned.check, "src/log/window.h", "friend bool operator==(A, A) = default;")

    def test_comments_and_strings_are_no_calls(self):
        self.assert_clean(banned.check, "src/raft/raft.cc", '// never exit(1), friend\nauto s = "rand()";\n')

    def test_the_line_is_the_call_s(self):
        self.assert_reported(banned.check, "src/wal/wal.cc", "\n\nexit(1);\n", "src/wal/wal.cc:3: exit()")


def function(signature, lines, indent=""):
    body = "".join(f"{indent}  x += {n};\n" for n in range(lines - 2))
    return f"{indent}{signature} {{\n{body}{indent}}}\n"


class LengthTest(RuleTest):
    def measured(self, text):
        return [end - start + 1 for start, _, end in length.functions(Source("a.cc", text).code)]

    def test_files(self):
        self.assert_clean(length.check, "src/raft/a.h", "int x;\n" * 800)
        self.assert_reported(length.check, "src/raft/a.h", "int x;\n" * 801, "801 lines", "split it")
        self.assert_reported(length.check, "src/raft/a.h", "int x;\n" * 800 + "int x;", "801 lines")

    def test_functions(self):
        self.assert_clean(length.check, "a.cc", function("void f()", 70))
        self.assert_reported(length.check, "a.cc", "\n" + function("void f()", 71), "a.cc:2: ", "71 lines")

    def test_functions_in_namespaces_and_classes(self):
        for opening in ("namespace a::b {", "namespace {", "class A final : public B<int> {",
                        'extern "C" {', "struct [[nodiscard]] A {", "template <class T>\nstruct A {",
                        "class A {\n public:", "namespace a {\nclass A : B {\n private:"):
            text = opening + "\n" + function("void f() const noexcept", 71, "  ") + "}" * opening.count("{") + ";\n"
            self.assert_reported(length.check, "a.cc", text, "71 lines")

    def test_long_classes_and_tables_are_not_functions(self):
        fields = "".join(f"  int f{n}() const {{ return {n}; }}\n" for n in range(100))
        self.assert_clean(length.check, "a.h", f"class A : public B {{\n public:\n{fields}}};\n")
        rows = "".join(f"  {{{n}, f({n})}},\n" for n in range(100))
        self.assert_clean(length.check, "a.cc", f"constexpr Row kRows[] = {{\n{rows}}};\n")
        self.assert_clean(length.check, "a.cc", f"std::array<Row, size(3)> kRows = {{\n{rows}}};\n")
        self.assert_clean(length.check, "a.cc", f"enum class E : int {{\n{'  kA,' * 5}\n" + "\n" * 90 + "};\n")

    def test_every_shape_of_a_function_is_seen(self):
        for signature in ("A::A(int a) : a_{a}, b_(a), c_{} ", "template <class T>\nauto f(T x) -> int",
                          "bool operator==(const A& a, const A& b)", "TEST(A, DoesB)", "A::~A() noexcept",
                          "void f(O o = {}, std::vector<int> v = {1, 2})", "constexpr auto kF = [](int x)",
                          "constexpr auto kF = []", "struct A f(struct B b)", "void A::f() const&",
                          "template <typename T>\n  requires(sizeof(T) > 4)\nvoid f(T x)"):
            text = "int before = 1;\n" + function(signature, 20) + ";\n" + function("void g()", 5)
            extra = signature.count("\n")
            self.assertEqual(self.measured(text), [20 + extra, 5], signature)

    def test_lambdas_inside_count_for_the_function_around(self):
        inner = function("auto g = [&](int x)", 30, "  ").rstrip() + ";\n"
        self.assertEqual(self.measured(f"void f() {{\n{inner}{inner}}}\n"), [62])

    def test_a_lambda_among_arguments_of_a_macro_is_a_function(self):
        text = function("INSTANTIATE(A, B, Values(C{1}, C{2}), [](auto& x)", 71).rstrip() + ", 3);\n"
        self.assert_reported(length.check, "a.cc", text, "71 lines")

    def test_braces_in_directives_literals_and_comments_do_not_count(self):
        text = '#define OPEN {\nvoid f() {\n  s("{");  // {\n  c(\'{\');\n}\n' + function("void g()", 6)
        self.assertEqual(self.measured(text), [4, 6])

    def test_dispatch_tables_may_be_longer(self):
        self.assert_clean(length.check, "a.cc", "// lint: dispatch table\n" + function("void f(E e)", 90))
        text = "// lint: dispatch table\n" + function("void f(E e)", 9) + function("void g(E e)", 90)
        self.assert_reported(length.check, "a.cc", text, "a.cc:11: ")

    def test_lost_braces_are_reported_not_guessed(self):
        self.assert_reported(length.check, "a.cc", "void f() {\n", "never closed")
        self.assert_reported(length.check, "a.cc", "int a;\n}\n", "a.cc:2: ", "no opening one")


class WordsTest(unittest.TestCase):
    def test_each_word(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"):
            found = [str(p) for p in words.check_text("src/a.cc", f"int x;  // {word}: later\n")]
            self.assertEqual(len(found), 1)
            self.assertTrue(found[0].startswith("src/a.cc:1: " + word))

    def test_parts_of_words_are_none(self):
        self.assertEqual(list(words.check_text("a", "hackney xxx MAXXXL todo_list")), [])


class TreeTest(unittest.TestCase):
    """The rules that look at a whole tree, on one in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "src" / "base").mkdir(parents=True)
        (self.root / ".clang-format").write_text("BasedOnStyle: Google\n")

    def write(self, text):
        (self.root / "src" / "base" / "a.cc").write_text(text)

    def format_reports(self):
        return [str(p) for p in style.check_tree(self.root, read_sources(self.root))]

    def test_formatted_source(self):
        self.write("int f() { return 1; }\n")
        self.assertEqual(self.format_reports(), [])

    def test_unformatted_source(self):
        self.write("int g();\nint   f() {return 1;}\nint   h();\n")
        self.assertEqual(self.format_reports(), ["src/base/a.cc:2: is not formatted; run ./dev format"])

    def test_leftover_words_are_found_in_the_tree(self):
        self.write("// TO" "DO\n")
        self.assertEqual([p.path for p in words.check_tree(self.root)], ["src/base/a.cc"])


if __name__ == "__main__":
    unittest.main()
