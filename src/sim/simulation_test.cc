#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/simulation_profile.h"
#include "sim/simulation_sweep.h"

namespace quorate::sim {
namespace {

using std::chrono::seconds;

RunOptions run(std::uint64_t seed, Duration length = seconds{5}) {
  RunOptions options;
  options.seed = seed;
  options.length = length;
  return options;
}

TEST(Simulation, OneSeedGivesOneHash) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(simulate(run(seed)).hash, simulate(run(seed)).hash) << "seed " << seed;
  }
}

TEST(Simulation, DifferentSeedsGoDifferentWays) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    hashes.insert(simulate(run(seed, seconds{1})).hash);
  }
  EXPECT_EQ(hashes.size(), 20U);
}

TEST(Simulation, WatchingARunDoesNotChangeIt) {
  RunOptions options = run(3);
  const std::uint64_t hash = simulate(options).hash;
  std::size_t lines = 0;
  options.record = true;
  options.trace = [&lines](const std::string&) { ++lines; };
  const RunResult watched = simulate(options);
  EXPECT_EQ(watched.hash, hash);
  EXPECT_EQ(watched.steps.size(), watched.tally.world.steps);
  EXPECT_GT(lines, watched.steps.size() / 2);
}

TEST(Simulation, TheRecordedStepsAloneReplayTheRun) {
  RunOptions options = run(11);
  options.record = true;
  const RunResult result = simulate(options);
  Stage stage{result.setup};
  for (const Step& step : result.steps) {
    ASSERT_TRUE(stage.apply(step)) << to_text(step);
  }
  EXPECT_EQ(stage.violation(), std::nullopt);
  EXPECT_EQ(stage.checker().counters().elections, result.tally.stage.elections);
  EXPECT_EQ(stage.checker().counters().messages, result.tally.stage.messages);
}

TEST(Simulation, WithoutFaultsNearlyEverythingSucceeds) {
  RunOptions options = run(1, seconds{20});
  options.faults = false;
  options.nodes = 5;
  const RunResult result = simulate(options);
  EXPECT_TRUE(result.passed()) << result.failure;
  EXPECT_GT(result.success_rate(), 0.8);
}

TEST(Simulation, EveryFaultAndEveryRareEventOccursInASweep) {
  SweepOptions options;
  options.each = run(0, seconds{20});
  options.first = 1;
  options.last = 60;
  const SweepResult result = sweep(options);
  EXPECT_EQ(result.failed, 0U);
  for (const RunResult& failure : result.failures) {
    ADD_FAILURE() << "seed " << failure.seed << ": " << failure.failure;
  }
  for (const std::string_view name : result.never()) {
    ADD_FAILURE() << "never met: " << name;
  }
}

TEST(Simulation, ASweepGivesTheSameOnAnyNumberOfThreads) {
  SweepOptions options;
  options.each = run(0, seconds{2});
  options.first = 1;
  options.last = 8;
  const SweepResult one = sweep(options);
  options.jobs = 4;
  const SweepResult four = sweep(options);
  ASSERT_EQ(one.counted.size(), four.counted.size());
  for (std::size_t i = 0; i < one.counted.size(); ++i) {
    EXPECT_EQ(one.counted[i].count, four.counted[i].count) << one.counted[i].name;
  }
}

// Each check can fail.

TEST(Simulation, AGroupThatIsNeverHealedFailsTheLivenessCheck) {
  int not_live = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    RunOptions options = run(seed, seconds{3});
    options.leave_broken = true;
    not_live += simulate(options).outcome == Outcome::kNotLive ? 1 : 0;
  }
  EXPECT_GT(not_live, 3);
}

TEST(Simulation, AGroupThatIsSlowToReplaceItsLeaderFailsTheProgressCheck) {
  int no_progress = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RunOptions options = run(seed, seconds{40});
    options.plant = [](Stage::Setup& setup) { setup.options.election_timeout = seconds{30}; };
    no_progress += simulate(options).outcome == Outcome::kNoProgress ? 1 : 0;
  }
  EXPECT_GT(no_progress, 0);
}

TEST(Simulation, LeasesWithoutAMarginForDriftAreCaughtByTheFreshnessCheck) {
  // Clocks of which one runs up to four times as fast as another, under leases that allow for no
  // drift.
  int stale = 0;
  for (std::uint64_t seed = 1; seed <= 150 && stale == 0; ++seed) {
    RunOptions options = run(seed, seconds{20});
    options.plant = [](Stage::Setup& setup) {
      setup.options.check_quorum = true;
      setup.options.quiesce_after = Duration{0};
      setup.options.lease_reads = true;
      setup.options.lease_drift_permille = 0;
      setup.options.election_jitter = Duration{20'000};
    };
    options.lease_clients = true;
    const RunResult result = simulate(options);
    stale += result.outcome == Outcome::kClient ? 1 : 0;
  }
  EXPECT_GT(stale, 0);
}

TEST(Profile, OptionsOfEverySeedAreValidAndTheRareOnesOccur) {
  int tiny_windows = 0;
  int leases = 0;
  int sleepers = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Profile profile = draw_profile(seed, 0, 100);
    EXPECT_TRUE(profile.setup.options.validate().ok()) << seed;
    tiny_windows += profile.setup.options.log_window_bytes < 5000 ? 1 : 0;
    leases += profile.setup.options.lease_reads ? 1 : 0;
    sleepers += profile.setup.options.quiesce_after > Duration{0} ? 1 : 0;
  }
  EXPECT_GT(tiny_windows, 300);
  EXPECT_GT(leases, 300);
  EXPECT_GT(sleepers, 150);
}

}  // namespace
}  // namespace quorate::sim
