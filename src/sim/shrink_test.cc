#include "sim/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "sim/simulation.h"

namespace quorate::sim {
namespace {

// A lying disk: votes that were durable are gone after a crash. A run that finds it out late.
Script long_script_with_a_planted_bug(std::size_t at_least) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.length = std::chrono::seconds{30};
    options.plant = [](Stage::Setup& setup) { setup.forgets_votes = true; };
    const RunResult found = simulate(options);
    if (found.outcome != Outcome::kUnsafe || found.tally.world.steps < at_least) {
      continue;
    }
    options.record = true;
    RunResult recorded = simulate(options);
    return {recorded.setup, std::move(recorded.steps)};
  }
  ADD_FAILURE() << "no seed finds the planted bug after " << at_least << " steps";
  return {};
}

Script without(const Script& script, std::size_t step) {
  Script fewer = script;
  fewer.steps.erase(fewer.steps.begin() + static_cast<std::ptrdiff_t>(step));
  return fewer;
}

TEST(Shrink, TenThousandStepsWithAPlantedBugBecomeAFewNoneOfWhichCanBeLeftOut) {
  const Script script = long_script_with_a_planted_bug(10'000);
  ASSERT_GE(script.steps.size(), 10'000U);
  const Replayed before = replay(script);
  ASSERT_TRUE(before.violation.has_value());
  ASSERT_GE(before.taken, 10'000U);

  const Shrunk shrunk = shrink(script);
  EXPECT_TRUE(shrunk.minimal);
  EXPECT_LE(shrunk.script.steps.size(), 100U);
  EXPECT_EQ(kind_of(shrunk.violation), kind_of(*before.violation));
  RecordProperty("steps", static_cast<int>(shrunk.script.steps.size()));

  const Replayed after = replay(shrunk.script);
  EXPECT_EQ(after.violation, shrunk.violation);
  EXPECT_EQ(after.without_effect, 0U);
  for (std::size_t i = 0; i < shrunk.script.steps.size(); ++i) {
    const Replayed fewer = replay(without(shrunk.script, i));
    EXPECT_TRUE(!fewer.violation || kind_of(*fewer.violation) != kind_of(shrunk.violation))
        << "not needed: " << to_text(shrunk.script.steps[i]);
  }

  // What is printed is what was found.
  const Result<Script> parsed = parse_script(to_text(shrunk.script, "a comment"));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().steps, shrunk.script.steps);
  EXPECT_EQ(replay(parsed.value()).violation, shrunk.violation);
}

TEST(Shrink, WithoutTimeItGivesBackWhatItHas) {
  const Script script = long_script_with_a_planted_bug(1);
  ShrinkLimits limits;
  limits.out_of_time = [] { return true; };
  const Shrunk shrunk = shrink(script, limits);
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_LE(shrunk.script.steps.size(), script.steps.size());
  EXPECT_TRUE(replay(shrunk.script).violation.has_value());
}

TEST(Shrink, TheKindOfAViolationIsItsTextWithoutTheNumbers) {
  EXPECT_EQ(kind_of("n1 and n12 lead term 7"), kind_of("n3 and n1 lead term 15"));
  EXPECT_NE(kind_of("n1 leads"), kind_of("n1 sleeps"));
}

TEST(Shrink, AScriptThatCannotBeReadSaysInWhichLine) {
  EXPECT_NE(parse_script("nodes 3\ndance 1\n").error().message.find("line 2"), std::string::npos);
  EXPECT_FALSE(parse_script("").ok());
}

}  // namespace
}  // namespace quorate::sim
