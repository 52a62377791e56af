// The stage moves what it is told, and its checker is shown to be able to find each thing that it
// looks for: two single-node groups are made to pass for members of one.
#include "sim/stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quorate::sim {
namespace {

using testing::HasSubstr;
using testing::Optional;

Stage::Setup setup(std::vector<NodeId> nodes) {
  Stage::Setup setup;
  setup.nodes = nodes;
  setup.bootstrap.voters = std::move(nodes);
  setup.options.election_jitter = Duration{0};
  setup.options.pre_vote = false;
  setup.instant_disk = true;
  return setup;
}

Stage three(bool instant_disk = true) {
  Stage::Setup of_three = setup({NodeId{1}, NodeId{2}, NodeId{3}});
  of_three.instant_disk = instant_disk;
  return Stage{of_three};
}

bool perform(Stage& stage, const std::string& line) {
  return stage.apply(parse_step(line).value());
}

void deliver_all(Stage& stage) {
  while (!stage.in_flight().empty()) {
    ASSERT_TRUE(perform(stage, "deliver *->*"));
  }
}

// A leader of its own group of one, in term 1, with entry 1/1 committed.
Stage lonely_leader(NodeId id) {
  Stage stage{setup({id})};
  perform(stage, "campaign " + std::to_string(id.value()));
  return stage;
}

Output writes(std::vector<Entry> entries) {
  Output output;
  output.persist.entries = std::move(entries);
  return output;
}

Entry command(Index index, Term term, std::string_view text) {
  return {term, index, EntryKind::kCommand, Bytes::copy_of(text)};
}

TEST(Stage, ElectsReplicatesAndApplies) {
  Stage stage = three();
  ASSERT_TRUE(perform(stage, "campaign 1"));
  deliver_all(stage);
  ASSERT_TRUE(perform(stage, "propose 1 x id=7"));
  deliver_all(stage);
  EXPECT_EQ(stage.violation(), std::nullopt);
  for (const NodeId node : stage.nodes()) {
    EXPECT_EQ(stage.machine(node).last_command, "x");
    EXPECT_EQ(stage.machine(node), stage.machine(NodeId{1}));
  }
  EXPECT_EQ(stage.checker().counters().elections, 1U);
  const std::vector<Answered> answers = stage.take_answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].answer.id, RequestId{7});
}

TEST(Stage, ACopyIsAnIndependentClusterInTheSameState) {
  Stage stage = three();
  perform(stage, "campaign 1");
  const Stage before = stage;
  const std::uint64_t print = stage.fingerprint();
  deliver_all(stage);
  EXPECT_EQ(stage.at(NodeId{1}).role, Role::kLeader);
  EXPECT_EQ(before.at(NodeId{1}).role, Role::kCandidate);
  EXPECT_EQ(before.fingerprint(), print);
  EXPECT_NE(stage.fingerprint(), print);
}

TEST(Stage, TheOrderOfMessagesInFlightDecidesNothing) {
  Stage one = three();
  perform(one, "campaign 1");
  Stage other = one;
  perform(one, "deliver 1->2");
  perform(one, "deliver 1->3");
  perform(other, "deliver 1->3");
  perform(other, "deliver 1->2");
  EXPECT_EQ(one.fingerprint(), other.fingerprint());
}

TEST(Stage, AStepThatMeansNothingChangesNothing) {
  Stage stage = three(false);
  const std::uint64_t print = stage.fingerprint();
  for (const char* line : {"deliver 1->2", "drop 1->2", "persist 1", "apply 1", "fetch 1",
                           "restart 1", "tick 9", "propose 9 x", "snapshot 1"}) {
    EXPECT_FALSE(perform(stage, line)) << line;
  }
  EXPECT_EQ(stage.fingerprint(), print);
}

TEST(Stage, ACrashLosesWhatWasNotWrittenAndKeepsWhatWas) {
  for (const bool kept : {false, true}) {
    Stage stage = three(false);
    perform(stage, "campaign 1");
    perform(stage, kept ? "crash 1 keep=1" : "crash 1");
    EXPECT_FALSE(stage.up(NodeId{1}));
    EXPECT_TRUE(stage.in_flight().empty());
    perform(stage, "restart 1");
    EXPECT_EQ(stage.at(NodeId{1}).term, Term{kept ? 1U : 0U});
  }
}

TEST(Stage, AMessageIsNamedByItsContent) {
  Stage stage = three();
  perform(stage, "campaign 1");
  Step step{{}, Deliver{{NodeId{1}, NodeId{3}, "request-vote", 0}}};
  std::get<Deliver>(step.action).pick.print = stage.in_flight()[0].print;
  EXPECT_FALSE(stage.apply(step)) << "that one goes to 2";
  std::get<Deliver>(step.action).pick.print = stage.in_flight()[1].name;
  EXPECT_TRUE(stage.apply(step));
}

TEST(Stage, ATwiceAnsweredRequestIsAViolation) {
  Stage stage = lonely_leader(NodeId{1});
  Checker checker;
  Output output;
  output.answers.push_back({RequestId{5}, HandedOver{}});
  const Node& node = stage.node(NodeId{1});
  checker.asked(NodeId{1}, RequestId{5});
  EXPECT_THAT(checker.stopped(NodeId{1}), Optional(HasSubstr("was not answered")));
  EXPECT_EQ(checker.stepped({}, node, stage.at(NodeId{1}), output), std::nullopt);
  EXPECT_THAT(checker.stepped({}, node, stage.at(NodeId{1}), output),
              Optional(HasSubstr("a second time")));
}

TEST(Checker, FindsTwoLeadersOfOneTerm) {
  const Stage a = lonely_leader(NodeId{1});
  const Stage b = lonely_leader(NodeId{2});
  Checker checker;
  EXPECT_EQ(checker.stepped({}, a.node(NodeId{1}), {}, {}), std::nullopt);
  EXPECT_THAT(checker.stepped({}, b.node(NodeId{2}), {}, {}),
              Optional(HasSubstr("n1 and n2 both led term 1")));
}

TEST(Checker, FindsTwoEntriesOfOneIndexAndTerm) {
  const Stage stage = lonely_leader(NodeId{1});
  const Node& node = stage.node(NodeId{1});
  const Position at = stage.at(NodeId{1});
  Checker checker;
  const Output first = writes({command(Index{2}, Term{1}, "a")});
  EXPECT_EQ(checker.stepped({}, node, at, first), std::nullopt);
  EXPECT_EQ(checker.stepped({}, node, at, first), std::nullopt);
  EXPECT_THAT(checker.stepped({}, node, at, writes({command(Index{2}, Term{1}, "b")})),
              Optional(HasSubstr("Log Matching")));
  const Output other_past =
      writes({command(Index{3}, Term{4}, "c"), command(Index{4}, Term{5}, "d")});
  const Output its_past =
      writes({command(Index{3}, Term{5}, "c"), command(Index{4}, Term{5}, "d")});
  EXPECT_EQ(checker.stepped({}, node, at, other_past), std::nullopt);
  EXPECT_THAT(checker.stepped({}, node, at, its_past), Optional(HasSubstr("elsewhere term 4")));
}

TEST(Checker, FindsACommitWithoutAQuorumOnDisk) {
  const Stage stage = lonely_leader(NodeId{1});
  Position before = stage.at(NodeId{1});
  before.committed = Index{};
  Checker checker;
  EXPECT_THAT(checker.stepped({}, stage.node(NodeId{1}), before, {}),
              Optional(HasSubstr("no quorum of {1} has on disk")));
}

TEST(Checker, FindsACommitOfAnEarlierTermByCounting) {
  const Stage stage = lonely_leader(NodeId{1});
  Position before = stage.at(NodeId{1});
  before.committed = Index{};
  before.term = Term{2};
  Checker checker;
  EXPECT_THAT(checker.stepped({}, stage.node(NodeId{1}), before, {}), Optional(HasSubstr("5.4.2")));
}

TEST(Checker, FindsACommitThatNoLeaderMade) {
  Stage stage = three();
  perform(stage, "campaign 1");
  deliver_all(stage);
  Position before = stage.at(NodeId{2});
  before.committed = Index{};
  Checker checker;
  EXPECT_THAT(checker.stepped({}, stage.node(NodeId{2}), before, {}),
              Optional(HasSubstr("before any leader did")));
}

TEST(Checker, FindsASecondVoteAlsoAfterARestart) {
  const Stage stage = lonely_leader(NodeId{1});
  const Node& node = stage.node(NodeId{1});
  const auto vote_for = [&](std::uint64_t candidate) {
    return Message{NodeId{1}, NodeId{candidate}, Term{1}, VoteAnswer{true}};
  };
  Checker checker;
  EXPECT_EQ(checker.leaves({}, node, vote_for(2)), std::nullopt);
  EXPECT_EQ(checker.leaves({}, node, vote_for(2)), std::nullopt);
  checker.crashed(NodeId{1});
  EXPECT_THAT(checker.leaves({}, node, vote_for(3)),
              Optional(HasSubstr("voted for n2 and for n3")));
}

TEST(Checker, FindsWhatLeavesWithoutBeingOnDisk) {
  const Stage stage = lonely_leader(NodeId{1});
  const Node& node = stage.node(NodeId{1});
  const auto leaves = [&](MessageBody body, Term term) {
    return Checker{}.leaves({}, node, {NodeId{1}, NodeId{2}, term, std::move(body)});
  };
  EXPECT_THAT(leaves(HeartbeatAnswer{}, Term{2}), Optional(HasSubstr("on its disk is term=1")));
  EXPECT_EQ(leaves(PreVote{Term{3}, {}, 1}, Term{2}), std::nullopt);
  EXPECT_EQ(leaves(AppendAccepted{Index{1}, {}}, Term{1}), std::nullopt);
  EXPECT_THAT(leaves(AppendAccepted{Index{2}, {}}, Term{1}), Optional(HasSubstr("its disk ends")));
}

TEST(Checker, FindsAStaleReadAndCountsAStaleLeaseRead) {
  Stage stage = lonely_leader(NodeId{1});
  Checker checker = stage.checker();
  const Nodes nodes = {Cow<Node>{std::in_place, stage.node(NodeId{1})}};
  const auto read = [&](bool lease) {
    checker.asked_to_read(NodeId{1}, RequestId{9}, lease);
    Output output;
    output.answers.push_back({RequestId{9}, ReadReady{Index{0}}});
    return checker.stepped(nodes, stage.node(NodeId{1}), stage.at(NodeId{1}), output);
  };
  EXPECT_EQ(checker.committed(), Index{1});
  EXPECT_EQ(read(true), std::nullopt);
  EXPECT_EQ(checker.counters().lease_reads_stale, 1U);
  EXPECT_THAT(read(false), Optional(HasSubstr("Fresh reads")));
}

TEST(Checker, FindsALeaderWithoutWhatWasCommitted) {
  const Stage stage = lonely_leader(NodeId{1});
  Checker checker = stage.checker();
  Stage::Setup without = setup({NodeId{2}});
  without.options.empty_entry = false;
  Stage bare{without};
  perform(bare, "campaign 2");
  perform(bare, "crash 2");
  perform(bare, "restart 2");
  perform(bare, "campaign 2");
  EXPECT_THAT(checker.stepped({}, bare.node(NodeId{2}), {}, {}),
              Optional(HasSubstr("Leader Completeness")));
}

TEST(Checker, FindsAMachineThatDiffers) {
  const Stage stage = lonely_leader(NodeId{1});
  Checker checker = stage.checker();
  Node node = stage.node(NodeId{1});
  EXPECT_EQ(checker.applied(node), std::nullopt);
  node.machine.digest ^= 1U;
  EXPECT_THAT(checker.applied(node), Optional(HasSubstr("differs from another")));
  node.machine.applied.term = Term{3};
  EXPECT_THAT(checker.applied(node), Optional(HasSubstr("committed is 1/1")));
  node.machine.applied.index = Index{2};
  EXPECT_THAT(checker.applied(node), Optional(HasSubstr("nobody committed")));
}

}  // namespace
}  // namespace quorate::sim
