// Reads, leases, membership, handover and sleep, rule by rule. Each of these tests catches a
// planted bug of tests/mutants by name. (core_rules_election_test.cc and core_rules_log_test.cc
// hold the rest.)
#include "member.h"

namespace quorate::rules {
namespace {

Options leases() {
  Options options = plain();
  options.lease_reads = true;
  return options;
}

Options sleepy() {
  Options options = plain();
  options.quiesce_after = milliseconds{100};
  options.pre_vote = true;
  return options;
}

Configuration with_learner(std::vector<std::uint64_t> ids, std::uint64_t learner) {
  Configuration configuration = voters(std::move(ids));
  configuration.learners = {n(learner)};
  return configuration;
}

Append append(LogPosition prev, std::vector<Entry> entries) {
  return {prev, Index{}, Round{1}, std::move(entries)};
}

// ---- Reads (rule 5; dissertation 6.4)

TEST(ReadRules, ARoundThatLeftBeforeAReadDoesNotServeIt) {
  Member member = leading();
  member.propose(1);
  const Round before = member.round_to(2);
  member.read(2);
  member.hear(2, 1, HeartbeatAnswer{before});
  EXPECT_FALSE(member.answer(2).has_value());
  member.beat(2);
  EXPECT_TRUE(member.ready(2, 1));
}

TEST(ReadRules, BeforeTheFirstCommitOfItsTermALeaderServesNone) {
  Member member = elected(plain(), with_terms({1, 1}));
  member.read(1);
  member.beat(2);
  member.beat(3);
  EXPECT_FALSE(member.answer(1).has_value());
  member.write();
  member.accept(2, 3);
  member.beat(2);
  EXPECT_TRUE(member.ready(1, 3));
}

TEST(ReadRules, AReadSeesAllThatWasCommittedWhenItsRoundBegan) {
  Member member = leading();
  member.propose(1);
  member.write();
  member.accept(2, 2);
  member.read(2);
  member.beat(3);
  EXPECT_TRUE(member.ready(2, 2));
}

TEST(ReadRules, AnAnswerToAnEarlierLifeServesNoRead) {
  Options options = plain();
  options.boot = 5;
  Member member = following(options);
  member.read(1);
  ASSERT_EQ(member.sent<ReadIndex>(2).size(), 1U);
  const ReadTag tag = member.sent<ReadIndex>(2).front().tag;
  EXPECT_EQ(tag.boot, 5U);
  member.hear(2, 1, ReadIndexAnswer{{4, tag.batch}, Index{0}});
  EXPECT_FALSE(member.answer(1).has_value());
  member.hear(2, 1, ReadIndexAnswer{tag, Index{3}});
  EXPECT_TRUE(member.ready(1, 3));
}

TEST(ReadRules, ReadsOfALeaderThatLosesLeadershipAreRefused) {
  Member member = leading();
  member.read(1);
  member.hear(2, 9, StaleTerm{});
  EXPECT_TRUE(member.refused(1, Refusal::kNotLeader));
}

// ---- Leases (rule 6; 6.4.1)

// A leader with leases: a round left now, and was answered by 2 after `travel`.
Member with_lease(Duration travel) {
  Member member = leading(leases());
  member.pass(milliseconds{100});
  const Round round = member.round_to(2);
  member.pass_unseen(travel);
  member.hear(2, 1, HeartbeatAnswer{round});
  return member;
}

TEST(LeaseRules, ALeaseRunsFromTheSendingOfItsRound) {
  Member member = with_lease(milliseconds{150});
  member.pass_unseen(milliseconds{50});  // 200 ms after the round left
  member.read(1, ReadMode::kLease);
  EXPECT_TRUE(member.ready(1, 1));
  member.pass_unseen(milliseconds{30});
  member.read(2, ReadMode::kLease);
  EXPECT_FALSE(member.answer(2).has_value());
}

TEST(LeaseRules, ALeaseIsShortenedByWhatClocksMayDriftApart) {
  Member member = with_lease(milliseconds{10});
  member.pass_unseen(milliseconds{230});  // of 250, of which a tenth is not counted on
  member.read(1, ReadMode::kLease);
  EXPECT_FALSE(member.answer(1).has_value());
}

TEST(LeaseRules, AfterTimeoutNowThereIsNoLeaseInThatTerm) {
  Member member = with_lease(milliseconds{1});
  member.transfer(1, 2);
  ASSERT_EQ(member.sent<TimeoutNow>(2).size(), 1U);
  member.read(2, ReadMode::kLease);
  EXPECT_FALSE(member.answer(2).has_value());
}

// ---- Membership (rules 4 and 8; dissertation 4.1-4.3)

TEST(MembershipRules, AJointConfigurationCommitsByBothMajorities) {
  Member member = leading();
  member.change(1, voters({1, 4, 5}));
  ASSERT_TRUE(member.at().joint);
  member.write();
  Member by_old = member;
  by_old.accept(2, 2);
  by_old.accept(3, 2);
  EXPECT_EQ(by_old.committed(), 1U);
  Member by_new = member;
  by_new.accept(4, 2);
  by_new.accept(5, 2);
  EXPECT_EQ(by_new.committed(), 1U);
  by_new.accept(3, 2);
  EXPECT_EQ(by_new.committed(), 2U);
}

TEST(MembershipRules, AJointConfigurationCommittedTheFinalOneFollows) {
  Member member = leading();
  member.change(1, voters({1, 2, 4}));
  member.write();
  member.accept(2, 2);
  ASSERT_EQ(member.committed(), 2U);
  EXPECT_EQ(member.at().last, at(3, 1));
  EXPECT_EQ(member.raft().configuration(), voters({1, 2, 4}));
}

TEST(MembershipRules, AConfigurationIsInEffectAsSoonAsItIsAppended) {
  Member member = following();
  member.hear(2, 1, append({}, {entry(1, 1), entry(2, 1, with_learner({1, 2, 3}, 4))}));
  EXPECT_EQ(member.committed(), 0U);
  EXPECT_EQ(member.raft().configuration(), with_learner({1, 2, 3}, 4));
}

TEST(MembershipRules, AConfigurationGoesWithItsEntry) {
  Member member = following();
  member.hear(2, 1, append({}, {entry(1, 1), entry(2, 1, with_learner({1, 2, 3}, 4))}));
  member.hear(3, 2, append(at(1, 1), {entry(2, 2)}));
  EXPECT_EQ(member.raft().configuration(), voters({1, 2, 3}));
}

TEST(MembershipRules, AfterARestartTheConfigurationComesFromTheLog) {
  const Member member{plain(), with_log({entry(1, 1), entry(2, 1, with_learner({1, 2, 3}, 4))})};
  EXPECT_EQ(member.raft().configuration(), with_learner({1, 2, 3}, 4));
}

TEST(MembershipRules, NoChangeBeforeTheLeaderHasCommittedInItsTerm) {
  Member member = elected(plain(), with_terms({1, 1}, 2));
  member.change(1, with_learner({1, 2, 3}, 4));
  EXPECT_TRUE(member.refused(1, Refusal::kNotReady));
  EXPECT_EQ(member.raft().configuration(), voters({1, 2, 3}));
}

TEST(MembershipRules, OneChangeAtATime) {
  Member member = leading();
  member.change(1, with_learner({1, 2, 3}, 4));
  member.change(2, with_learner({1, 2, 3}, 5));
  EXPECT_TRUE(member.refused(2, Refusal::kChangePending));
}

TEST(MembershipRules, ARemovedNodeLearnsOfItWhenItsRemovalCommits) {
  Member member = leading();
  member.change(1, voters({1, 2}));
  member.write();
  member.accept(2, 2);
  member.write();
  EXPECT_TRUE(member.sent<Removed>(3).empty());
  member.accept(2, 3);
  ASSERT_EQ(member.committed(), 3U);
  ASSERT_EQ(member.sent<Removed>(3).size(), 1U);
  EXPECT_EQ(member.sent<Removed>(3).front().as_of, at(3, 1));
}

TEST(MembershipRules, ARemovedNodeThatCampaignsIsToldSo) {
  Member member{plain(), fresh({1, 2})};
  member.hear(3, 4, RequestVote{at(9, 3), false});
  member.write();
  EXPECT_EQ(member.sent<Removed>(3).size(), 1U);
}

TEST(MembershipRules, ALearnerThatHearsNobodyAsksWhetherItWasRemoved) {
  Configuration configuration = voters({2, 3});
  configuration.learners = {n(1)};
  Member member{plain(), Restored::fresh(configuration)};
  member.tick_at_deadline();
  EXPECT_EQ(member.sent<PreVote>(2).size(), 1U);
  EXPECT_EQ(member.sent<PreVote>(3).size(), 1U);
  member.hear(2, 1, PreVoteAnswer{Term{1}, 1, true});
  member.hear(3, 1, PreVoteAnswer{Term{1}, 1, true});
  EXPECT_TRUE(member.follows());  // it asks; nothing comes of the answers
  member.hear(2, 1, Removed{at(5, 1)});
  member.forget();
  member.tick_at_deadline();
  EXPECT_TRUE(member.sent_to(2).empty());  // it knows
}

TEST(MembershipRules, ARemovedLeaderStepsDownWhenThatIsCommittedAndNotBefore) {
  Member member = leading();
  member.change(1, voters({2, 3}));
  member.write();
  member.accept(2, 2);
  member.accept(3, 2);
  member.write();
  ASSERT_EQ(member.raft().configuration(), voters({2, 3}));
  EXPECT_TRUE(member.leads());
  member.accept(2, 3);
  EXPECT_TRUE(member.leads());  // its own copy does not count any more
  member.accept(3, 3);
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.committed(), 3U);
}

// ---- Handover (3.10)

TEST(TransferRules, TheTargetIsToldOnlyWhenItHoldsEverything) {
  Member member = leading();
  member.propose(1);
  member.transfer(2, 2);
  EXPECT_TRUE(member.sent<TimeoutNow>(2).empty());
  member.accept(2, 2);
  EXPECT_EQ(member.sent<TimeoutNow>(2).size(), 1U);
}

TEST(TransferRules, WhileItIsUnderWayProposalsAreRefused) {
  Member member = leading();
  member.transfer(1, 2);
  member.propose(2);
  EXPECT_TRUE(member.refused(2, Refusal::kTransferring));
}

TEST(TransferRules, OneThatDoesNotSucceedIsCalledOff) {
  const Options options = plain();
  Member member = leading(options);
  member.transfer(1, 2);
  member.pass_unseen(options.transfer_timeout - milliseconds{50});
  member.beat(2);
  member.beat(3);
  member.pass(milliseconds{50});
  EXPECT_TRUE(member.refused(1, Refusal::kTimedOut));
  EXPECT_TRUE(member.leads());
  member.propose(2);
  EXPECT_FALSE(member.refused(2, Refusal::kTransferring));
}

// ---- Sleep (rule 14)

// Both peers answer heartbeats for a while.
void idle(Member& member, int beats) {
  for (int i = 0; i < beats; ++i) {
    member.pass(milliseconds{50});
    member.beat(2);
    member.beat(3);
  }
}

TEST(SleepRules, AGroupSleepsOnlyWhenEveryoneHasMatched) {
  Member member = leading(sleepy());
  member.propose();
  member.write();
  member.accept(2, 2);
  idle(member, 4);
  EXPECT_FALSE(member.at().asleep);
  member.accept(3, 2);
  idle(member, 4);
  EXPECT_TRUE(member.at().asleep);
  EXPECT_EQ(member.sent<Quiesce>(3).size(), 1U);
}

TEST(SleepRules, AFollowerThatDoesNotHoldTheSameWakesTheLeader) {
  Member member = following(sleepy());
  member.hear(2, 1, Quiesce{at(5, 1)});
  EXPECT_FALSE(member.at().asleep);
  EXPECT_EQ(member.sent<Wake>(2).size(), 1U);
}

TEST(SleepRules, ARequestWakesASleepingGroup) {
  Member member = leading(sleepy());
  idle(member, 4);
  ASSERT_TRUE(member.at().asleep);
  member.propose();
  EXPECT_FALSE(member.at().asleep);
  EXPECT_EQ(member.sent<Append>(2).size(), 1U);
}

}  // namespace
}  // namespace quorate::rules
