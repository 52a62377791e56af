// The suite over the real core. The full bars (10,000 elections, 200 whole suites) are run by
// `./dev night`; this is a share of them that fits into every build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "sim/lab/report.h"
#include "sim/lab/runner.h"

namespace quorate::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<Runs> run_plan(const Plan& plan) {
  std::vector<Runs> all;
  Watch watch;
  watch.finished = [&all](const Runs& runs) { all.push_back(runs); };
  run_all(plan, watch);
  return all;
}

void expect_all_pass(const Plan& plan) {
  for (const Runs& runs : run_plan(plan)) {
    EXPECT_THAT(failures(runs, plan.settings), IsEmpty()) << runs.scenario.name;
  }
}

TEST(LabSuite, HoldsThe28TestsOfTheCourse) {
  EXPECT_EQ(all_scenarios().size(), 28U);
  EXPECT_EQ(select_scenarios("2A").size(), 3U);
}

TEST(LabSuite, PassesWithTheCoursesSettings) {
  expect_all_pass({.scenarios = all_scenarios(), .runs = 5, .jobs = 2});
}

TEST(LabSuite, PassesWithPreVote) {
  expect_all_pass({.scenarios = all_scenarios(), .runs = 2, .settings = {.pre_vote = true}});
}

TEST(LabSuite, PassesWithEmptyEntries) {
  expect_all_pass({.scenarios = all_scenarios(), .runs = 2, .settings = {.empty_entry = true}});
}

TEST(LabSuite, ElectionsPassOnManySeeds) {
  expect_all_pass({.scenarios = election_scenarios(), .runs = 200, .seed = 1000, .jobs = 2});
}

// The tests whose work is fixed need no more messages than the worse of the two runs that the page
// shows.
TEST(LabSuite, FixedWorkTakesNoMoreMessagesThanTheCoursesFigures) {
  Plan plan{.runs = 20, .jobs = 2};
  for (const char* name : {"InitialElection2A", "ReElection2A", "BasicAgree2B", "RPCBytes2B",
                           "Backup2B", "Count2B", "Persist22C"}) {
    plan.scenarios.push_back(select_scenarios(name).at(0));
  }
  for (const Runs& runs : run_plan(plan)) {
    const auto reference = reference_for(runs.scenario.name);
    ASSERT_TRUE(reference.has_value()) << runs.scenario.name;
    EXPECT_LE(medians(runs.outcomes).messages, reference->most_messages) << runs.scenario.name;
  }
}

TEST(LabRunner, AnExactNameWinsOverOnesThatHoldIt) {
  EXPECT_EQ(select_scenarios("Figure82C").size(), 1U);
  EXPECT_EQ(select_scenarios("figure8").size(), 2U);
  EXPECT_THAT(select_scenarios("Figure9"), IsEmpty());
}

TEST(LabRunner, GivesTheSameResultsOnAnyNumberOfThreads) {
  Plan plan{.scenarios = select_scenarios("2B"), .runs = 3};
  const std::vector<Runs> alone = run_plan(plan);
  plan.jobs = 4;
  const std::vector<Runs> together = run_plan(plan);
  ASSERT_EQ(alone.size(), together.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(summary(alone[i]), summary(together[i]));
  }
}

TEST(LabRunner, TellsTheProgressOfEachRun) {
  std::uint64_t last = 0;
  Watch watch;
  watch.progress = [&last](std::uint64_t done) { EXPECT_EQ(done, ++last); };
  run_all({.scenarios = select_scenarios("InitialElection"), .runs = 10, .jobs = 3}, watch);
  EXPECT_EQ(last, 10U);
}

Runs two_runs() {
  Runs runs{select_scenarios("ReElection2A").at(0), 16, {}};
  runs.outcomes.push_back({true, "", milliseconds{4600}, 68, 13176, 0});
  runs.outcomes.push_back({false, "no leader within 5 s", milliseconds{5000}, 70, 14000, 0});
  return runs;
}

TEST(LabReport, OneRunIsOneLine) {
  Runs runs = two_runs();
  runs.outcomes.pop_back();
  EXPECT_EQ(
      summary(runs),
      "ReElection2A                ... passed  4.6s 3 peers 68 messages 13176 bytes 0 commands");
}

TEST(LabReport, AFailureNamesSeedReasonAndReplay) {
  const Runs runs = two_runs();
  EXPECT_THAT(summary(runs), HasSubstr("... FAILED 1 of 2  5.0s 3 peers 70 messages"));
  EXPECT_THAT(failures(runs, {.pre_vote = true}),
              ::testing::ElementsAre("  seed 17: no leader within 5 s",
                                     "    replay: build/quorate lab ReElection2A --seed 17 "
                                     "--pre-vote --trace"));
}

TEST(LabReport, OfManyFailuresTheFirstAreShown) {
  Runs runs = two_runs();
  runs.outcomes.assign(9, {false, "why", milliseconds{1}, 1, 1, 1});
  EXPECT_EQ(failures(runs, {}).back(), "  and 4 more seeds");
}

TEST(LabReport, TheTableSetsTheCoursesFiguresBeside) {
  EXPECT_THAT(table({two_runs()}),
              HasSubstr("| ReElection2A | 3 | 5.0 / 70 / 14000 | 5.4 / 118 / 25269 | 4.5 / 68 / "
                        "13176 |"));
}

}  // namespace
}  // namespace quorate::lab
