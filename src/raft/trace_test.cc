#include "raft/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate {
namespace {

using testing::ElementsAre;

Position leader() {
  Position at;
  at.id = NodeId{1};
  at.role = Role::kLeader;
  at.term = Term{4};
  at.vote = at.leader = NodeId{1};
  at.committed = Index{6};
  at.last = {Index{9}, Term{4}};
  at.durable = {Term{4}, NodeId{1}};
  return at;
}

Event accepted() {
  return Received{{NodeId{2}, NodeId{1}, Term{4}, AppendAccepted{Index{9}, Round{3}}}};
}

Output busy() {
  Output output;
  output.persist = {Ticket{3}, HardState{Term{4}, NodeId{1}}, {}, {}, {}, {}};
  output.send_now.push_back(
      {NodeId{1}, NodeId{2}, Term{4}, Append{{Index{7}, Term{3}}, Index{9}, Round{4}, {}}});
  output.send_after_persist.push_back(
      {Ticket{3}, {NodeId{1}, NodeId{3}, Term{4}, VoteAnswer{true}}});
  output.answers.push_back({RequestId{5}, Refused{Refusal::kNotLeader, NodeId{2}, "say \"why\""}});
  output.committed = {{Term{3}, Index{8}, EntryKind::kCommand, {}},
                      {Term{4}, Index{9}, EntryKind::kCommand, {}}};
  output.happened = {Happened::kTruncated};
  output.reads = {{NodeId{2}, Index{1}, Index{6}, 100}};
  return output;
}

TEST(Trace, TellsTheEventAndWhatItLedTo) {
  Position after = leader();
  after.committed = Index{9};
  EXPECT_THAT(
      trace(TraceFormat::kText, instant(0), leader(), after, accepted(), busy()),
      ElementsAre(
          "[n1 leader        t4] <- append-accepted from=n2 match=9 round=3",
          "[n1 leader        t4]   truncated", "[n1 leader        t4]   commit index=9",
          "[n1 leader        t4]   write ticket=3 term=4 vote=n1",
          "[n1 leader        t4]   append -> n2 prev=7/3 entries=0 commit=9 round=4",
          "[n1 leader        t4]   vote-answer -> n3 granted=yes after_write=3",
          "[n1 leader        t4]   apply entries=8/3..9/4",
          "[n1 leader        t4]   read-entries reader=n2 first=1 last=6 max_bytes=100",
          "[n1 leader        t4]   refused id=5 why=not leader leader=n2 detail=say \"why\""));
}

TEST(Trace, SpeaksJsonToTools) {
  Output output;
  output.answers.push_back({RequestId{5}, Refused{Refusal::kNotLeader, NodeId{2}, "say \"why\""}});
  output.send_after_persist.push_back(
      {Ticket{3}, {NodeId{1}, NodeId{3}, Term{4}, VoteAnswer{true}}});
  EXPECT_THAT(
      trace(TraceFormat::kJson, instant(1500), leader(), leader(), accepted(), output),
      ElementsAre(
          R"({"at":1500,"node":1,"role":"leader","in_term":4,"kind":"received","name":"append-accepted","from":2,"term":4,"match":9,"round":3})",
          R"({"at":1500,"node":1,"role":"leader","in_term":4,"kind":"sends","name":"vote-answer","to":3,"granted":true,"after_write":3})",
          R"({"at":1500,"node":1,"role":"leader","in_term":4,"kind":"answers","name":"refused","id":5,"why":"not leader","leader":2,"detail":"say \"why\""})"));
}

TEST(Trace, ShowsATermWhereItIsAnother) {
  const Event stale = Received{{NodeId{2}, NodeId{1}, Term{5}, StaleTerm{}}};
  EXPECT_THAT(trace(TraceFormat::kText, instant(0), leader(), leader(), stale, Output{}),
              ElementsAre("[n1 leader        t4] <- stale-term from=n2 term=5"));
}

TEST(Trace, NotesOfTheDriver) {
  EXPECT_EQ(trace_note(TraceFormat::kText, instant(0), NodeId{1}, leader(), "crashed"),
            "[n1 leader        t4] * crashed");
  EXPECT_EQ(trace_note(TraceFormat::kText, instant(0), NodeId{1}, std::nullopt, "lost"),
            "[n1 down] * lost");
  EXPECT_EQ(trace_note(TraceFormat::kJson, instant(7), NodeId{1}, std::nullopt, "lost"),
            R"({"at":7,"node":1,"kind":"note","name":"lost"})");
}

TEST(Describe, EventsAndAnswers) {
  EXPECT_EQ(describe(Event{Tick{}}), "tick");
  EXPECT_EQ(describe(Event{Propose{RequestId{7}, Bytes::copy_of("abc")}}), "propose id=7 bytes=3");
  EXPECT_EQ(describe(Event{Read{RequestId{8}, ReadMode::kLease}}), "read id=8 mode=lease");
  EXPECT_EQ(describe(Event{ChangeMembership{RequestId{9}, {{NodeId{1}, NodeId{2}}, {}, {}, {}}}}),
            "change id=9 target={1,2}");
  EXPECT_EQ(describe(Event{EntriesRead{NodeId{2}, Index{3}, invalid("gone")}}),
            "entries-read reader=n2 first=3 error=gone");
  EXPECT_EQ(describe(Answer{RequestId{1}, Appended{{Index{2}, Term{3}}}}), "appended id=1 at=2/3");
  EXPECT_EQ(describe(Answer{RequestId{1}, ReadReady{Index{4}}}), "read-ready id=1 index=4");
  EXPECT_EQ(describe(Answer{RequestId{1}, HandedOver{}}), "handed-over id=1");
}

TEST(Describe, WhereANodeStands) {
  EXPECT_EQ(describe(leader()), "n1 leader t4 vote=n1 log=1..9/4 commit=6 applied=0 stable=0");
  Status status;
  status.at = leader();
  status.configuration.voters = {NodeId{1}, NodeId{2}};
  status.peers = {{NodeId{2}, Pace::kReplicate, Index{8}, Index{10}, 1, true}};
  EXPECT_EQ(describe(status),
            "n1 leader t4 vote=n1 log=1..9/4 commit=6 applied=0 stable=0\n"
            "  members {1,2}@0\n"
            "  n2 voter replicate match=8 next=10 inflight=1");
}

}  // namespace
}  // namespace quorate
