#include "raft/progress.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace quorate {
namespace {

using std::chrono::milliseconds;

constexpr Progress::Window kOpen{4, 1000};
constexpr Duration kTimeout = milliseconds{250};
constexpr Duration kInterval = milliseconds{50};

Index i(std::uint64_t index) { return Index{index}; }
Instant at(int ms) { return Instant{} + milliseconds{ms}; }

// Of peer 2, after whose log nothing is known: the leader's ends at 9.
Progress probing() { return {NodeId{2}, i(10), at(0)}; }

// The same, found to match up to 9.
Progress replicating() {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(0), kTimeout);
  EXPECT_TRUE(progress.accepted(i(9), at(1), kTimeout));
  return progress;
}

TEST(Progress, BeginsByProbingAtTheEndOfTheLog) {
  const Progress progress = probing();
  EXPECT_EQ(progress.pace(), Pace::kProbe);
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_EQ(progress.match(), i(0));
  EXPECT_EQ(progress.deadline(), kNever);
  EXPECT_TRUE(progress.may_append(kOpen));
  EXPECT_FALSE(progress.suspect());
  EXPECT_FALSE(progress.idle());
}

TEST(Progress, ProbesOneAtATime) {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(3), kTimeout);
  EXPECT_FALSE(progress.may_append(kOpen));
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_EQ(progress.deadline(), at(253));
  EXPECT_EQ(progress.inflight(), 0U);
}

TEST(Progress, ReplicatesFromWhereTheLogsAgree) {
  const Progress progress = replicating();
  EXPECT_EQ(progress.pace(), Pace::kReplicate);
  EXPECT_EQ(progress.match(), i(9));
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_EQ(progress.deadline(), kNever);
  EXPECT_TRUE(progress.may_append(kOpen));
  EXPECT_TRUE(progress.idle());
}

TEST(Progress, TheWindowIsOfMessagesAndOfBytes) {
  Progress progress = replicating();
  progress.append_sent(i(10), 400, at(2), kTimeout);
  progress.append_sent(i(11), 400, at(3), kTimeout);
  EXPECT_TRUE(progress.may_append(kOpen));
  EXPECT_FALSE(progress.may_append({2, 1000}));
  EXPECT_FALSE(progress.may_append({4, 800}));
  EXPECT_TRUE(progress.may_append({3, 801}));
  EXPECT_EQ(progress.next(), i(12));
  EXPECT_EQ(progress.deadline(), at(252));
  EXPECT_FALSE(progress.idle());
}

TEST(Progress, AnAnswerOpensTheWindowAndPutsTheDeadlineOff) {
  Progress progress = replicating();
  progress.append_sent(i(10), 400, at(2), kTimeout);
  progress.append_sent(i(12), 500, at(3), kTimeout);
  EXPECT_TRUE(progress.accepted(i(10), at(20), kTimeout));
  EXPECT_EQ(progress.inflight(), 1U);
  EXPECT_EQ(progress.deadline(), at(270));
  EXPECT_TRUE(progress.may_append({2, 501}));
  EXPECT_FALSE(progress.may_append({2, 500}));
  EXPECT_TRUE(progress.accepted(i(12), at(30), kTimeout));
  EXPECT_TRUE(progress.idle());
  EXPECT_EQ(progress.deadline(), kNever);
}

TEST(Progress, APartOfAnAppendDoesNotAnswerIt) {
  Progress progress = replicating();
  progress.append_sent(i(12), 500, at(3), kTimeout);
  EXPECT_TRUE(progress.accepted(i(11), at(20), kTimeout));
  EXPECT_EQ(progress.inflight(), 1U);
  EXPECT_EQ(progress.deadline(), at(253));
  EXPECT_EQ(progress.next(), i(13));
}

TEST(Progress, ALateAnswerIsNoNews) {
  Progress progress = replicating();
  progress.append_sent(i(10), 1, at(2), kTimeout);
  EXPECT_FALSE(progress.accepted(i(9), at(4), kTimeout));
  EXPECT_EQ(progress.inflight(), 1U);
  EXPECT_EQ(progress.deadline(), at(252));
  EXPECT_FALSE(progress.accepted(i(3), at(4), kTimeout));
  EXPECT_EQ(progress.match(), i(9));
}

TEST(Progress, AnAnswerBeyondWhatIsBeingReadEndsTheReading) {
  Progress progress = replicating();
  progress.reading(true);
  EXPECT_FALSE(progress.may_append(kOpen));
  EXPECT_FALSE(progress.idle());
  EXPECT_FALSE(progress.accepted(i(9), at(4), kTimeout));
  EXPECT_TRUE(progress.is_reading());
  EXPECT_TRUE(progress.accepted(i(10), at(4), kTimeout));
  EXPECT_FALSE(progress.is_reading());
  EXPECT_EQ(progress.next(), i(11));
}

TEST(Progress, ARejectionLeadsToAProbeWhereTheLogsMayAgree) {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(0), kTimeout);
  EXPECT_FALSE(progress.rejected(i(8), i(4)));  // of an earlier probe
  EXPECT_FALSE(progress.may_append(kOpen));
  EXPECT_TRUE(progress.rejected(i(9), i(4)));
  EXPECT_EQ(progress.next(), i(5));
  EXPECT_EQ(progress.deadline(), kNever);
  EXPECT_TRUE(progress.may_append(kOpen));
}

TEST(Progress, ARejectionNeverGoesBelowWhatMatches) {
  Progress progress = replicating();
  progress.append_sent(i(10), 1, at(2), kTimeout);
  progress.append_sent(i(11), 1, at(2), kTimeout);
  EXPECT_FALSE(progress.rejected(i(9), i(4)));
  EXPECT_EQ(progress.pace(), Pace::kReplicate);
  EXPECT_TRUE(progress.rejected(i(10), i(4)));
  EXPECT_EQ(progress.pace(), Pace::kProbe);
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_EQ(progress.inflight(), 0U);
  EXPECT_TRUE(progress.may_append({1, 1}));
}

// 10 was lost, and everything behind it is rejected; links that let messages overtake each other
// bring some of that late.
TEST(Progress, OfTheRejectionsForOneLossTheFirstIsBelieved) {
  Progress progress = replicating();
  for (const std::uint64_t last : {10, 11, 12}) {
    progress.append_sent(i(last), 1, at(2), kTimeout);
  }
  EXPECT_TRUE(progress.rejected(i(10), i(9)));
  progress.append_sent(i(10), 1, at(3), kTimeout);
  progress.accepted(i(10), at(4), kTimeout);
  for (const std::uint64_t last : {11, 12, 13}) {
    progress.append_sent(i(last), 1, at(4), kTimeout);
  }
  EXPECT_FALSE(progress.rejected(i(11), i(9)));
  EXPECT_EQ(progress.pace(), Pace::kReplicate);
  EXPECT_EQ(progress.inflight(), 3U);
  EXPECT_NE(progress.deadline(), kNever);  // if it was no late one, the deadline finds that out
  progress.append_sent(i(14), 1, at(5), kTimeout);
  EXPECT_TRUE(progress.rejected(i(13), i(10)));  // what was sent since is another matter
  EXPECT_EQ(progress.next(), i(11));
}

TEST(Progress, WhatIsLostIsProbedWithoutEntriesUntilSomethingIsHeard) {
  Progress progress = replicating();
  progress.append_sent(i(12), 1, at(2), kTimeout);
  progress.lost();
  EXPECT_EQ(progress.pace(), Pace::kProbe);
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_EQ(progress.deadline(), kNever);
  EXPECT_TRUE(progress.suspect());
  EXPECT_TRUE(progress.may_append(kOpen));
  progress.heard_at(at(300), Round{});
  EXPECT_FALSE(progress.suspect());
}

TEST(Progress, ALostProbeIsRepeatedWhereItWas) {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(0), kTimeout);
  progress.lost();
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_TRUE(progress.may_append(kOpen));
}

TEST(Progress, AProbeThatAHeartbeatOvertookIsLost) {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(10), kTimeout);
  progress.heartbeat_answered(at(59), kInterval);  // it may still be on its way
  EXPECT_FALSE(progress.may_append(kOpen));
  progress.heartbeat_answered(at(60), kInterval);
  EXPECT_TRUE(progress.may_append(kOpen));
  EXPECT_TRUE(progress.suspect());
  EXPECT_EQ(progress.next(), i(10));
}

TEST(Progress, AHeartbeatOvertakesNothingElse) {
  Progress off = probing();
  off.put_off(at(10), kTimeout);
  off.heartbeat_answered(at(100), kInterval);
  EXPECT_FALSE(off.may_append(kOpen));
  Progress ahead = replicating();
  ahead.append_sent(i(10), 100, at(10), kTimeout);
  ahead.heartbeat_answered(at(100), kInterval);
  EXPECT_EQ(ahead.inflight(), 1U);
}

TEST(Progress, OneThatIsPutOffIsLeftAloneForAWhile) {
  Progress progress = replicating();
  progress.append_sent(i(12), 1, at(2), kTimeout);
  progress.put_off(at(10), kInterval);
  EXPECT_EQ(progress.pace(), Pace::kProbe);
  EXPECT_EQ(progress.next(), i(10));
  EXPECT_FALSE(progress.may_append(kOpen));
  EXPECT_FALSE(progress.suspect());
  EXPECT_EQ(progress.deadline(), at(60));
  Progress other = probing();
  other.put_off(at(10), kInterval);
  EXPECT_EQ(other.next(), i(10));
}

TEST(Progress, ASnapshotStopsAppendsUntilItIsThere) {
  Progress progress = replicating();
  progress.append_sent(i(10), 1, at(2), kTimeout);
  progress.snapshot_sent(i(20), at(5), kTimeout);
  EXPECT_EQ(progress.pace(), Pace::kSnapshot);
  EXPECT_EQ(progress.pending_snapshot(), i(20));
  EXPECT_EQ(progress.inflight(), 0U);
  EXPECT_EQ(progress.deadline(), at(255));
  EXPECT_FALSE(progress.may_append(kOpen));
  EXPECT_FALSE(progress.rejected(i(12), i(4)));
  EXPECT_TRUE(progress.accepted(i(19), at(6), kTimeout));  // a late answer to an append
  EXPECT_EQ(progress.pace(), Pace::kSnapshot);
  EXPECT_EQ(progress.deadline(), at(255));
  EXPECT_TRUE(progress.accepted(i(20), at(7), kTimeout));
  EXPECT_EQ(progress.pace(), Pace::kReplicate);
  EXPECT_EQ(progress.pending_snapshot(), i(0));
  EXPECT_EQ(progress.next(), i(21));
  EXPECT_EQ(progress.deadline(), kNever);
  EXPECT_TRUE(progress.may_append(kOpen));
}

TEST(Progress, AHeartbeatIsDueWhenNothingWasSentOrNothingHeard) {
  Progress progress = replicating();
  progress.heartbeat_sent(at(10));
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(60));
  progress.append_sent(i(10), 1, at(30), kTimeout);
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(60));  // nothing was heard since
  progress.heard_at(at(40), Round{1});
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(80));
  progress.append_sent(i(11), 1, at(50), kTimeout);
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(90));
  progress.snapshot_sent(i(20), at(60), kTimeout);
  progress.heard_at(at(70), Round{1});
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(110));
}

TEST(Progress, AProbeIsAHeartbeatToo) {
  Progress progress = probing();
  progress.append_sent(i(9), 0, at(30), kTimeout);
  EXPECT_EQ(progress.heartbeat_due(kInterval), at(80));
}

TEST(Progress, RoundsAreAnsweredInAnyOrder) {
  Progress progress = replicating();
  progress.heard_at(at(5), Round{4});
  progress.heard_at(at(6), Round{3});
  EXPECT_EQ(progress.acknowledged_round(), Round{4});
  EXPECT_EQ(progress.heard(), at(6));
}

TEST(Progress, ClocksBeginAfreshWhereNothingIsInFlight) {
  Progress progress = replicating();
  progress.restart_clocks(at(500));
  EXPECT_EQ(progress.heard(), at(500));
  EXPECT_EQ(progress.pace(), Pace::kReplicate);
  progress.append_sent(i(10), 1, at(510), kTimeout);
  progress.restart_clocks(at(900));
  EXPECT_EQ(progress.pace(), Pace::kProbe);
}

TEST(Progress, OneThatIsIdleGivesItsMemoryBack) {
  Progress progress = replicating();
  progress.append_sent(i(10), 1, at(2), kTimeout);
  const std::size_t held = progress.heap_bytes();
  EXPECT_GT(held, 0U);
  progress.release_memory();
  EXPECT_EQ(progress.heap_bytes(), held);
  EXPECT_TRUE(progress.accepted(i(10), at(3), kTimeout));
  progress.release_memory();
  EXPECT_EQ(progress.heap_bytes(), 0U);
}

}  // namespace
}  // namespace quorate
