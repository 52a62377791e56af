// The log, rule by rule: what is durable before it is claimed, what commits, what may be truncated,
// what is sent again, and what a snapshot may replace. Each of these tests catches a planted bug of
// tests/mutants by name.
#include "member.h"

namespace quorate::rules {
namespace {

Options without_empty_entry() {
  Options options = plain();
  options.empty_entry = false;
  return options;
}

// Leads on, whoever answers.
Options unwatched() {
  Options options = plain();
  options.check_quorum = false;
  return options;
}

Append append(LogPosition prev, std::uint64_t commit, std::vector<Entry> entries) {
  return {prev, Index{commit}, Round{1}, std::move(entries)};
}

std::uint64_t match_told(const Member& member, std::uint64_t to) {
  const auto accepted = member.sent<AppendAccepted>(to);
  return accepted.empty() ? 0 : accepted.back().match.value();
}

// ---- Durability

TEST(LogRules, AFollowerAcknowledgesOnlyWhatItsDiskHolds) {
  Member member = following();
  member.hear(2, 1, append({}, 0, {entry(1, 1), entry(2, 1)}));
  EXPECT_TRUE(member.sent<AppendAccepted>(2).empty());
  member.write();
  EXPECT_EQ(match_told(member, 2), 2U);
}

TEST(LogRules, TheWriteBeforeAnAcknowledgementHoldsTheEntries) {
  Member member = following();
  member.hear(2, 1, append({}, 0, {entry(1, 1), entry(2, 1)}));
  member.write();
  EXPECT_EQ(match_told(member, 2), 2U);
  EXPECT_EQ(member.disk(), (std::vector<Entry>{entry(1, 1), entry(2, 1)}));
}

TEST(LogRules, ALeaderCountsItsOwnCopyOnlyWhenItsDiskHoldsIt) {
  Member member = leading();
  member.propose();
  member.accept(2, 2);
  EXPECT_EQ(member.committed(), 1U);
  member.write();
  EXPECT_EQ(member.committed(), 2U);
}

TEST(LogRules, TwoFollowersSufficeAndTheLeaderAppliesWhenItsDiskHasCaughtUp) {
  Member member = leading();
  member.propose();
  member.accept(2, 2);
  member.accept(3, 2);
  EXPECT_EQ(member.committed(), 2U);
  EXPECT_EQ(member.at().applied, Index{1});
  member.write();
  EXPECT_EQ(member.at().applied, Index{2});
}

TEST(LogRules, AWriteOfAReplacedSuffixMakesNothingStable) {
  Member member;
  member.hear(2, 1, append({}, 0, {entry(1, 1)}));  // A
  member.hear(3, 2, append({}, 0, {entry(1, 2)}));  // B
  member.hear(2, 3, append({}, 0, {entry(1, 1)}));  // A again
  ASSERT_EQ(member.writes().size(), 3U);
  member.write_one();
  EXPECT_EQ(member.at().stable, Index{0});
  member.write_one();
  EXPECT_EQ(member.at().stable, Index{0});
  member.write_one();
  EXPECT_EQ(member.at().stable, Index{1});
}

TEST(LogRules, ALeaderWhoseDiskHangsGivesLeadershipUp) {
  const Options options = unwatched();
  Member member = leading(options);
  member.propose();
  member.accept(2, 2);
  member.pass(options.persist_timeout - milliseconds{1});
  EXPECT_TRUE(member.leads());
  member.pass(milliseconds{1});
  EXPECT_TRUE(member.follows());
  EXPECT_EQ(member.sent<TimeoutNow>(2).size(), 1U);
}

// ---- Commit

TEST(LogRules, EntriesOfEarlierTermsAreNotCommittedByCounting) {  // 5.4.2, Figure 8
  Member member = elected(without_empty_entry(), with_terms({1, 2}));
  member.write();
  ASSERT_EQ(member.term(), 3U);
  member.accept(2, 2);
  member.accept(3, 2);
  EXPECT_EQ(member.committed(), 0U);
  member.propose();
  member.write();
  member.accept(2, 3);
  EXPECT_EQ(member.committed(), 3U);
}

TEST(LogRules, CommitReachesOnlyAsFarAsTheAppendThatCarriesIt) {
  Member member{plain(), with_terms({1, 1, 1})};
  member.hear(2, 2, append(at(2, 1), 3, {}));
  EXPECT_EQ(member.committed(), 2U);
}

TEST(LogRules, AfterARestartCommitIsAtLeastWhatWasApplied) {
  const Member member{plain(), with_terms({1, 1, 1}, 2)};
  EXPECT_EQ(member.committed(), 2U);
}

TEST(LogRules, MatchOnlyGrowsThoughAnswersComeLate) {
  Member member = leading();
  member.propose(1);
  member.propose(2);
  member.write();
  member.accept(2, 3);
  EXPECT_EQ(member.committed(), 3U);
  member.accept(2, 2);
  EXPECT_EQ(member.peer(2).match, Index{3});
}

TEST(LogRules, ALateRejectionDoesNotSetAPeerBack) {
  Member member = leading();
  member.propose();
  member.accept(2, 2);
  member.hear(2, 1, AppendRejected{Index{1}, Index{0}, {{Index{0}, Term{0}}}, Round{1}});
  EXPECT_EQ(member.peer(2).pace, Pace::kReplicate);
}

TEST(LogRules, AFollowerWithNothingInFlightLearnsOfACommitAtOnce) {
  Member member = leading();
  member.propose();
  member.write();
  member.accept(2, 2);
  const auto told = member.sent<Heartbeat>(2);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().commit, Index{2});
}

// ---- Conflicts

TEST(LogRules, AnOldAppendErasesNothing) {
  Member member = following();
  member.hear(2, 1, append({}, 0, {entry(1, 1), entry(2, 1), entry(3, 1)}));
  member.write();
  member.hear(2, 1, append({}, 0, {entry(1, 1)}));
  EXPECT_EQ(member.at().last, at(3, 1));
}

TEST(LogRules, AConflictingSuffixGoes) {
  Member member = following();
  member.hear(2, 1, append({}, 0, {entry(1, 1), entry(2, 1), entry(3, 1)}));
  member.hear(3, 2, append(at(1, 1), 0, {entry(2, 2)}));
  EXPECT_EQ(member.at().last, at(2, 2));
}

TEST(LogRules, ManyConflictingEntriesCostOneRoundTrip) {
  std::vector<std::uint64_t> terms(10, 1);
  terms.resize(60, 5);
  Member member = elected(plain(), with_terms(terms));
  member.write();
  member.forget();
  member.hear(2, 6,
              AppendRejected{Index{60},
                             Index{60},
                             {{Index{11}, Term{2}}, {Index{1}, Term{1}}, {Index{0}, Term{0}}},
                             Round{1}});
  ASSERT_EQ(member.sent<Append>(2).size(), 1U);
  EXPECT_EQ(member.sent<Append>(2).front().prev, at(10, 1));
}

// ---- What is in flight

TEST(LogRules, WhatIsInFlightIsNotSentAgainWithWhatIsNew) {
  Member member = leading();
  member.propose(1);
  member.propose(2);
  const auto appends = member.sent<Append>(2);
  ASSERT_EQ(appends.size(), 2U);
  EXPECT_EQ(appends.back().prev, at(2, 1));
  EXPECT_EQ(appends.back().entries.size(), 1U);
}

TEST(LogRules, WhatIsInFlightIsSentAgainAfterItsDeadlineAndNotBefore) {
  const Options options = unwatched();
  Member member = leading(options);
  member.propose();
  member.write();
  member.forget();
  for (Duration waited{0}; waited + milliseconds{50} < options.resend_timeout;
       waited += milliseconds{50}) {
    member.pass(milliseconds{50});
    EXPECT_TRUE(member.sent<Append>(2).empty()) << waited.count();
  }
  EXPECT_FALSE(member.sent<Heartbeat>(2).empty());
  member.pass(milliseconds{50});
  ASSERT_EQ(member.sent<Append>(2).size(), 1U);  // a probe, to learn where the logs agree
  EXPECT_EQ(member.sent<Append>(2).front().prev, at(1, 1));
}

TEST(LogRules, AProbeIsSentAgainWhenItsPeerAnswersAHeartbeatInstead) {
  Member member = elected(unwatched());
  member.write();
  ASSERT_EQ(member.sent<Append>(2).size(), 1U);
  member.forget();
  member.pass(milliseconds{50});
  EXPECT_EQ(member.sent<Heartbeat>(2).size(), 1U);
  EXPECT_TRUE(member.sent<Append>(2).empty());
  member.beat(2);  // it is there, but the probe before that heartbeat is not answered
  ASSERT_EQ(member.sent<Append>(2).size(), 1U);
  EXPECT_TRUE(member.sent<Append>(2).front().entries.empty());
}

TEST(LogRules, AnIdleLeaderSendsOneHeartbeatAnInterval) {
  Member member = leading();
  const Instant end = member.now() + milliseconds{1000};
  while (member.wake_at() <= end) {
    member.tick_at_deadline();
    member.beat(2);
    member.beat(3);
  }
  const std::size_t heartbeats = member.sent<Heartbeat>(2).size();
  EXPECT_GE(heartbeats, 19U);
  EXPECT_LE(heartbeats, 21U);
}

// ---- Snapshots

TEST(LogRules, AStaleSnapshotIsNotTaken) {
  Member member = following(plain(), with_terms({1, 1, 1}, 3));
  member.hear(2, 1, InstallSnapshot{{at(2, 1), voters({1, 2, 3}), Index{}}, Round{1}});
  member.write();
  EXPECT_EQ(member.at().last, at(3, 1));
  EXPECT_EQ(member.at().base, Index{0});
  ASSERT_EQ(member.sent<SnapshotAccepted>(2).size(), 1U);
  EXPECT_EQ(member.sent<SnapshotAccepted>(2).front().match, Index{3});
}

TEST(LogRules, ASnapshotIsAcknowledgedWhenItsRecordIsDurable) {
  Member member = following();
  member.hear(2, 1, InstallSnapshot{{at(9, 1), voters({1, 2, 3}), Index{}}, Round{1}});
  EXPECT_TRUE(member.sent<SnapshotAccepted>(2).empty());
  EXPECT_EQ(member.at().last, LogPosition{});
  member.write();
  ASSERT_EQ(member.sent<SnapshotAccepted>(2).size(), 1U);
  EXPECT_EQ(member.at().base, Index{9});
  EXPECT_EQ(member.at().applied, Index{9});
}

TEST(LogRules, CompactionDoesNotPassASnapshotThatIsOnItsWay) {
  Member member = leading(unwatched());
  member.propose(1);
  member.write();
  member.accept(2, 2);
  member.snapshot(2);
  ASSERT_EQ(member.at().base, Index{2});
  member.pass(milliseconds{250});  // what went to 3 is lost, and what it needs is compacted
  member.beat(2);
  ASSERT_EQ(member.sent<InstallSnapshot>(3).size(), 1U);
  member.propose(2);
  member.write();
  member.accept(2, 3);
  ASSERT_EQ(member.committed(), 3U);
  member.snapshot(3);
  EXPECT_EQ(member.at().base, Index{2});
}

// ---- Limits

TEST(LogRules, ProposalsBeyondTheBoundOfUncommittedBytesAreBusy) {
  Options options = plain();
  options.max_uncommitted_bytes = 33;
  Member member = leading(options);
  member.propose(1);
  member.propose(2);
  EXPECT_FALSE(member.refused(1, Refusal::kBusy));
  EXPECT_TRUE(member.refused(2, Refusal::kBusy));
  member.write();
  member.accept(2, 2);
  member.propose(3);
  EXPECT_FALSE(member.refused(3, Refusal::kBusy));
}

}  // namespace
}  // namespace quorate::rules
