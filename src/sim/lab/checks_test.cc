// The suite's own checks, each shown to fail where it must: a cluster that is right by construction
// passes every scenario, and with one defect some scenario names it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/lab/fake_cluster.h"
#include "sim/lab/scenario.h"

namespace quorate::lab {
namespace {

using ::testing::HasSubstr;

Outcome play_fake(std::string_view name, Defect defect) {
  const Scenario scenario = select_scenarios(name).front();
  FakeCluster cluster{scenario.shape, defect};
  return play(scenario, cluster, 1);
}

TEST(LabChecks, AClusterThatIsRightPassesEveryScenario) {
  for (const Scenario& scenario : all_scenarios()) {
    FakeCluster cluster{scenario.shape, Defect::kNone};
    const Outcome outcome = play(scenario, cluster, 1);
    EXPECT_TRUE(outcome.passed) << scenario.name << ": " << outcome.reason;
  }
}

struct Case {
  const char* name;
  Defect defect;
  const char* scenario;
  const char* reason;
};

class LabDefect : public ::testing::TestWithParam<Case> {};

TEST_P(LabDefect, IsFound) {
  const Outcome outcome = play_fake(GetParam().scenario, GetParam().defect);
  EXPECT_FALSE(outcome.passed);
  EXPECT_THAT(outcome.reason, HasSubstr(GetParam().reason));
}

const Case kCases[] = {
    {"NoLeader", Defect::kNoLeader, "InitialElection2A", "no leader within 5 s"},
    {"TwoLeaders", Defect::kTwoLeaders, "InitialElection2A", "term 1 has two leaders"},
    {"TermsDiffer", Defect::kTermsDiffer, "InitialElection2A", "peers disagree on the term"},
    {"LeadsAlone", Defect::kLeadsAlone, "ReElection2A", "claims to lead without a majority"},
    {"NoLeaderOfSeven", Defect::kNoLeader, "ManyElections2A", "no leader within 5 s"},
    {"StartsAtTwo", Defect::kStartsAtTwo, "BasicAgree2B",
     "3 peers applied index 1, which nobody may have"},
    {"SkipsIndexes", Defect::kSaysAnotherIndex, "BasicAgree2B",
     "was not applied by 3 peers within 2 s"},
    {"WrongValue", Defect::kAppliesWrongValue, "BasicAgree2B", "applied values differ at index 1"},
    {"OutOfOrder", Defect::kAppliesOutOfOrder, "BasicAgree2B", "applied index 2 out of order"},
    {"TooManyBytes", Defect::kSendsTooMuch, "RPCBytes2B", "too many bytes: 300000, at most 200000"},
    {"ALeaderRefuses", Defect::kRefuses, "FailNoAgree2B", "the leader refused a command"},
    {"CommitsAlone", Defect::kCommitsAlone, "FollowerFailure2B",
     "applied index 4, which nobody may have"},
    {"CommitsAloneOfFive", Defect::kCommitsAlone, "FailNoAgree2B",
     "applied index 2, which nobody may have"},
    {"CommitsAloneAsOldLeader", Defect::kCommitsAlone, "LeaderFailure2B", "applied index 4"},
    {"NoAgreement", Defect::kNeverApplies, "FailAgree2B", "was not applied by 3 peers within 2 s"},
    {"NoAgreementInTheEnd", Defect::kNeverApplies, "Rejoin2B",
     "was not applied by 3 peers within 10 s"},
    {"NoBackup", Defect::kNeverApplies, "Backup2B", "was not applied by 5 peers within 10 s"},
    {"LosesOneOfFive", Defect::kLosesCommand, "ConcurrentStarts2B",
     "was accepted and is not in the log"},
    {"TermRunsAway", Defect::kTermRunsAway, "ConcurrentStarts2B", "the term changed too often"},
    {"TermRunsAwayWhileCounting", Defect::kTermRunsAway, "Count2B", "the term changed too often"},
    {"ChattyElection", Defect::kChattyElection, "Count2B", "an election took 4"},
    {"ChattyCommands", Defect::kChattyCommands, "Count2B", "too many messages for 10 commands"},
    {"ChattyIdle", Defect::kChattyIdle, "Count2B", "an idle second took 9"},
    {"SkipsWhileCounting", Defect::kSaysAnotherIndex, "Count2B",
     "a command got index 4 and not index 3"},
    {"LosesFirst", Defect::kLosesFirstOnRestart, "Persist12C", "applied values differ at index 1"},
    {"LosesFirstOfFive", Defect::kLosesFirstOnRestart, "Persist22C",
     "applied values differ at index 1"},
    {"LosesAtCrash", Defect::kLosesFirstOnRestart, "Persist32C",
     "applied values differ at index 1"},
    {"Figure8", Defect::kLosesFirstOnRestart, "Figure82C", "applied values differ at index 1"},
    {"UnreliableAgree", Defect::kNeverApplies, "UnreliableAgree2C", "was not applied by 1 peers"},
    {"Figure8Unreliable", Defect::kAppliesWrongValue, "Figure8Unreliable2C",
     "applied values differ"},
    {"ForgetsApplied", Defect::kForgetsLater, "ReliableChurn2C",
     "was applied and is not in the log"},
    {"ForgetsAppliedUnreliable", Defect::kForgetsLater, "UnreliableChurn2C", "is not in the log"},
    {"LongLog", Defect::kKeepsLongLog, "SnapshotBasic2D", "peer 1 keeps a log of 2"},
    {"LongLogAfterInstall", Defect::kKeepsLongLog, "SnapshotInstall2D", "peer 1 keeps a log of 2"},
    {"LongLogBadNet", Defect::kKeepsLongLog, "SnapshotInstallUnreliable2D", "keeps a log of 2"},
    {"LongLogAfterCrash", Defect::kKeepsLongLog, "SnapshotInstallCrash2D", "keeps a log of 2"},
    {"LongLogUnCrash", Defect::kKeepsLongLog, "SnapshotInstallUnCrash2D", "keeps a log of 2"},
    {"ForgetsEverything", Defect::kForgetsEverything, "SnapshotAllCrash2D",
     "a command got index 1;"},
    {"LosesFirstInit", Defect::kLosesFirstOnRestart, "SnapshotInit3D", "applied values differ"},
};

INSTANTIATE_TEST_SUITE_P(Fake, LabDefect, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace quorate::lab
