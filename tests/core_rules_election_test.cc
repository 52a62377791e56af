// Elections, rule by rule: who may say what in which term, who gets a vote, and which timer counts.
// Each of these tests catches a planted bug of tests/mutants by name.
#include <algorithm>

#include "member.h"

namespace quorate::rules {
namespace {

Restored fenced() {
  Restored restored = fresh();
  restored.fenced = true;
  return restored;
}

Options with_pre_vote() {
  Options options = plain();
  options.pre_vote = true;
  return options;
}

bool granted(const Member& member, std::uint64_t to) {
  const auto answers = member.sent<VoteAnswer>(to);
  return !answers.empty() && answers.back().granted;
}

TEST(ElectionRules, NothingCarriesATermBeforeItIsDurable) {
  Member member;
  member.campaign();
  EXPECT_TRUE(member.sent_to(2).empty());
  member.write();
  EXPECT_EQ(member.sent<RequestVote>(2).size(), 1U);
  EXPECT_EQ(member.sent<RequestVote>(3).size(), 1U);
}

TEST(ElectionRules, AloneACandidateLeadsOnlyOnceItsOwnVoteIsDurable) {
  Member member{plain(), fresh({1})};
  member.campaign();
  EXPECT_EQ(member.at().role, Role::kCandidate);
  member.write();
  EXPECT_TRUE(member.leads());
}

TEST(ElectionRules, AVoteInATermKnownBeforeIsWrittenBeforeItIsSaid) {
  Member member;
  member.hear(3, 5, StaleTerm{});
  member.write();
  member.hear(2, 5, RequestVote{});
  EXPECT_TRUE(member.sent<VoteAnswer>(2).empty());
  ASSERT_EQ(member.writes().size(), 1U);
  EXPECT_EQ(member.writes().front().hard_state, (HardState{Term{5}, n(2)}));
  member.write();
  EXPECT_TRUE(granted(member, 2));
}

TEST(ElectionRules, AVoteNeedsALogAtLeastAsUpToDate) {
  Member member{plain(), with_terms({1, 1, 2})};
  member.hear(2, 3, RequestVote{at(5, 1), false});  // longer, and older (5.4.1)
  member.write();
  EXPECT_FALSE(granted(member, 2));
  member.hear(2, 3, RequestVote{at(2, 2), false});  // as new, and shorter
  EXPECT_FALSE(granted(member, 2));
  member.hear(3, 3, RequestVote{at(3, 2), false});
  member.write();
  EXPECT_TRUE(granted(member, 3));
}

TEST(ElectionRules, AVoteRefusedForItsLogRaisesTheTerm) {
  Member member{plain(), with_terms({1})};
  member.hear(2, 6, RequestVote{});
  EXPECT_EQ(member.term(), 6U);
  member.write();
  EXPECT_FALSE(granted(member, 2));
}

TEST(ElectionRules, VotesOfAnEarlierCandidacyDoNotCount) {
  Member member{plain(), fresh({1, 2, 3, 4, 5})};
  member.campaign();
  member.write();
  member.campaign();
  member.write();
  for (const std::uint64_t late : {2, 3, 4, 5}) {
    member.hear(late, 1, VoteAnswer{true});
  }
  EXPECT_EQ(member.at().role, Role::kCandidate);
  EXPECT_EQ(member.term(), 2U);
}

TEST(ElectionRules, PreVotesOfAnEarlierRoundDoNotCount) {
  Member member{with_pre_vote(), fresh({1, 2, 3, 4, 5})};
  member.campaign();
  ASSERT_EQ(member.sent<PreVote>(2).size(), 1U);
  const PreVote early = member.sent<PreVote>(2).front();
  member.campaign();
  for (const std::uint64_t late : {2, 3, 4, 5}) {
    member.hear(late, 0, PreVoteAnswer{early.candidate_term, early.attempt, true});
  }
  EXPECT_EQ(member.at().role, Role::kPreCandidate);
}

TEST(ElectionRules, ALostCandidacyDoesNotFreeTheVoteOfItsTerm) {
  Member member;
  member.campaign();
  member.write();
  member.hear(2, 1, VoteAnswer{false});
  member.hear(3, 1, VoteAnswer{false});
  ASSERT_TRUE(member.follows());
  member.hear(3, 1, RequestVote{});
  member.write();
  ASSERT_EQ(member.sent<VoteAnswer>(3).size(), 1U);
  EXPECT_FALSE(granted(member, 3));
}

TEST(ElectionRules, ARefusedVoteIsNoReasonToWaitLonger) {
  Member member{plain(), with_terms({1})};
  const Instant deadline = member.wake_at();
  member.pass(milliseconds{100});
  member.hear(2, 5, RequestVote{});
  member.write();
  ASSERT_FALSE(granted(member, 2));
  EXPECT_EQ(member.wake_at(), deadline);
  member.hear(2, 5, RequestVote{at(9, 4), false});  // a granted one is (5.2)
  EXPECT_NE(member.wake_at(), deadline);
}

TEST(ElectionRules, ATimerOfACandidacyDoesNotActInTheRoleAfterIt) {
  Member member;
  member.campaign();
  member.write();
  const Instant deadline = member.wake_at();
  member.pass_unseen(deadline - member.now() - milliseconds{1});
  member.hear(2, 9, VoteAnswer{false});
  ASSERT_TRUE(member.follows());
  member.pass(milliseconds{1});
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.term(), 9U);
}

TEST(ElectionRules, ACandidateThatNobodyElectsTriesAgain) {
  Member member;
  member.campaign();
  member.write();
  ASSERT_NE(member.wake_at(), kNever);
  member.tick_at_deadline();
  EXPECT_EQ(member.term(), 2U);
}

TEST(ElectionRules, TimeoutsAreDrawnSoThatSplitVotesResolve) {
  std::vector<Instant> deadlines;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Options options = plain();
    options.seed = seed;
    deadlines.push_back(Member{options}.wake_at());
    EXPECT_GE(deadlines.back(), Instant{} + options.election_timeout);
    EXPECT_LT(deadlines.back(), Instant{} + 2 * options.election_timeout);
  }
  std::ranges::sort(deadlines);
  EXPECT_GT(deadlines.back() - deadlines.front(), milliseconds{50});
}

TEST(ElectionRules, ACandidateFollowsWhoeverWonItsTerm) {
  Member member;
  member.campaign();
  member.write();
  member.hear(2, 1, Heartbeat{Index{}, Round{1}});
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.at().leader, n(2));
}

TEST(ElectionRules, AMajorityDecidesAtOnce) {
  Member member{plain(), fresh({1, 2, 3, 4, 5})};
  member.campaign();
  member.write();
  member.grant(2);
  EXPECT_FALSE(member.leads());
  member.grant(3);
  EXPECT_TRUE(member.leads());
}

TEST(ElectionRules, AVoteThatComesTwiceCountsOnce) {
  Member member{plain(), fresh({1, 2, 3, 4, 5})};
  member.campaign();
  member.write();
  member.grant(2);
  member.grant(2);
  EXPECT_FALSE(member.leads());
}

TEST(ElectionRules, AJointConfigurationElectsByBothMajorities) {
  Configuration joint = voters({1, 4, 5});
  joint.old_voters = voters({1, 2, 3}).voters;
  Member member{plain(), with_log({entry(1, 1), entry(2, 1, joint)})};
  member.campaign();
  member.write();
  member.grant(4);
  member.grant(5);
  EXPECT_FALSE(member.leads());
  member.grant(3);
  EXPECT_TRUE(member.leads());
}

TEST(ElectionRules, EveryRequestOfALowerTermIsAnsweredWithOurs) {
  const SnapshotMeta meta{at(1, 1), voters({1, 2, 3}), Index{}};
  const std::vector<MessageBody> requests = {
      Append{{}, Index{}, Round{1}, {}}, Heartbeat{Index{}, Round{1}},
      InstallSnapshot{meta, Round{1}}, RequestVote{}, ReadIndex{{1, 1}, false}};
  for (const MessageBody& request : requests) {
    Member member;
    member.hear(3, 7, StaleTerm{});
    member.write();
    member.hear(2, 3, request);
    ASSERT_EQ(member.sent_to(2).size(), 1U) << message_name(request);
    EXPECT_EQ(member.sent_to(2).front().term, Term{7});
  }
}

TEST(ElectionRules, AnAppendOfALowerTermChangesNothing) {
  Member member;
  member.hear(3, 7, StaleTerm{});
  member.hear(2, 3, Append{{}, Index{}, Round{1}, {entry(1, 3)}});
  EXPECT_EQ(member.at().last, LogPosition{});
  EXPECT_EQ(member.at().leader, kNobody);
}

TEST(ElectionRules, ALeaderThatHearsANewerTermInAnAnswerFollowsInIt) {
  Member member = leading();
  member.hear(2, 4, StaleTerm{});
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.term(), 4U);
}

TEST(ElectionRules, AVoteAskedForWhileALeaderLivesIsIgnoredAndItsTermWithIt) {
  Member member = following();
  member.pass(milliseconds{200});
  member.hear(3, 9, RequestVote{});
  EXPECT_EQ(member.term(), 1U);
  ASSERT_EQ(member.sent<VoteAnswer>(3).size(), 1U);
  EXPECT_FALSE(granted(member, 3));
}

TEST(ElectionRules, APreVoteRaisesNoTerm) {
  Member member;
  member.hear(2, 4, PreVote{Term{5}, {}, 1});
  EXPECT_EQ(member.term(), 0U);
  ASSERT_EQ(member.sent<PreVoteAnswer>(2).size(), 1U);
  EXPECT_TRUE(member.sent<PreVoteAnswer>(2).front().granted);
}

TEST(ElectionRules, NoPreVoteWhileALeaderLives) {
  Member member = following();
  member.hear(3, 1, PreVote{Term{2}, at(9, 1), 1});
  ASSERT_EQ(member.sent<PreVoteAnswer>(3).size(), 1U);
  EXPECT_FALSE(member.sent<PreVoteAnswer>(3).front().granted);
}

TEST(ElectionRules, AVoteIsGivenWhateverOurOwnOldConfigurationSays) {
  Member member;
  member.hear(7, 2, RequestVote{at(5, 1), false});
  member.write();
  EXPECT_TRUE(granted(member, 7));
}

TEST(ElectionRules, OnlyAVoterCampaigns) {
  Configuration configuration = voters({2, 3});
  configuration.learners = {n(1)};
  Member member{plain(), Restored::fresh(configuration)};
  member.tick_at_deadline();
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.term(), 0U);
}

TEST(ElectionRules, LeftOutByAConfigurationThatIsNotCommittedANodeStillCampaigns) {  // 4.2.2
  Member member = following();
  const Append append{{}, Index{}, Round{1}, {entry(1, 1), entry(2, 1, voters({2, 3}))}};
  member.hear(2, 1, append);
  member.write();
  ASSERT_EQ(member.raft().configuration(), voters({2, 3}));
  member.tick_at_deadline();
  EXPECT_EQ(member.at().role, Role::kCandidate);
}

TEST(ElectionRules, AFencedMemberNeitherVotesNorCampaigns) {
  Member member{plain(), fenced()};
  member.tick_at_deadline();
  EXPECT_TRUE(member.follows());
  member.hear(2, 3, RequestVote{at(5, 2), false});
  member.write();
  EXPECT_FALSE(granted(member, 2));
  member.hear(2, 3, PreVote{Term{4}, at(5, 2), 1});
  EXPECT_FALSE(member.sent<PreVoteAnswer>(2).front().granted);
}

TEST(ElectionRules, ALeaderThatHearsNoMajorityStepsDown) {
  Member member = leading();
  for (int i = 0; i < 6; ++i) {
    member.pass(milliseconds{50});
  }
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.term(), 1U);
}

TEST(ElectionRules, UnderLeasesARestartedVoterGrantsNothingForOneElectionTimeout) {
  Options options = plain();
  options.lease_reads = true;
  Member member{options, with_terms({1})};
  member.hear(2, 4, RequestVote{at(5, 3), false});
  member.write();
  EXPECT_FALSE(granted(member, 2));
  EXPECT_EQ(member.term(), 1U);
  member.pass_unseen(options.election_timeout);
  member.hear(2, 4, RequestVote{at(5, 3), false});
  member.write();
  EXPECT_TRUE(granted(member, 2));
}

}  // namespace
}  // namespace quorate::rules
