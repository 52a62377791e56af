// A member that finds a bug in itself (rule 15): it is poisoned, takes no part any more, answers
// everybody once, and keeps its last events for the report.
#include <gmock/gmock.h>

#include "member.h"
#include "raft/guarded.h"

namespace quorate::rules {
namespace {

using testing::HasSubstr;
using testing::Not;

Received received(std::uint64_t from, std::uint64_t term, MessageBody body) {
  return {{n(from), n(1), Term{term}, std::move(body)}};
}

// One that leads term 1. Whoever else leads it too is the one thing that must never be.
struct Fuse {
  Guarded guarded{leading().raft()};
  Output output;
  Instant now{};

  Result<void> step(Event event) { return guarded.step(now, std::move(event), output); }
  void blow() {
    const Append impossible{{}, Index{}, Round{1}, {entry(1, 1), entry(2, 1)}};
    EXPECT_TRUE(step(received(2, 1, impossible)).ok());
  }
  [[nodiscard]] std::vector<Refusal> refusals(std::uint64_t id) const {
    std::vector<Refusal> found;
    for (const Answer& each : output.answers) {
      if (each.id == RequestId{id}) {
        const auto* refused = std::get_if<Refused>(&each.outcome);
        found.push_back(refused != nullptr ? refused->why : Refusal::kInvalid);
      }
    }
    return found;
  }
};

const std::vector<Refusal> kPoisonedOnce = {Refusal::kPoisoned};

TEST(GuardedRules, WhileAllIsWellItIsARaft) {
  Fuse fuse;
  EXPECT_TRUE(fuse.step(Propose{RequestId{1}, Bytes{}}).ok());
  fuse.guarded.flush(fuse.now, fuse.output);
  EXPECT_FALSE(fuse.guarded.poisoned());
  EXPECT_EQ(fuse.guarded.report(), "");
  ASSERT_EQ(fuse.output.answers.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Appended>(fuse.output.answers.front().outcome));
  EXPECT_EQ(fuse.output.send_now.size(), 2U);
}

TEST(GuardedRules, WhatCannotBeRightIsAnErrorAndPoisonsNobody) {
  Fuse fuse;
  EXPECT_FALSE(fuse.step(Persisted{Ticket{99}}).ok());
  EXPECT_FALSE(fuse.guarded.poisoned());
}

TEST(GuardedRules, ABugPoisonsAndNothingOfTheBatchLeaves) {
  Fuse fuse;
  EXPECT_TRUE(fuse.step(received(2, 1, PreVote{Term{2}, {}, 1})).ok());
  ASSERT_FALSE(fuse.output.send_now.empty());
  fuse.blow();
  EXPECT_TRUE(fuse.guarded.poisoned());
  EXPECT_TRUE(fuse.output.send_now.empty());
  EXPECT_TRUE(fuse.output.send_after_persist.empty());
  fuse.guarded.flush(fuse.now, fuse.output);
  EXPECT_TRUE(fuse.output.send_now.empty());
  EXPECT_EQ(fuse.output.persist.ticket, Ticket{});
  EXPECT_EQ(fuse.output.wake_at, kNever);
}

TEST(GuardedRules, WhoWaitsAndWhoeverComesIsAnsweredOnce) {
  Fuse fuse;
  EXPECT_TRUE(fuse.step(Propose{RequestId{1}, Bytes{}}).ok());
  EXPECT_TRUE(fuse.step(Read{RequestId{2}, ReadMode::kLinearizable}).ok());
  fuse.blow();
  EXPECT_EQ(fuse.refusals(1).size(), 1U);  // it is in the log: what it was told stands
  EXPECT_NE(fuse.refusals(1), kPoisonedOnce);
  EXPECT_EQ(fuse.refusals(2), kPoisonedOnce);
  fuse.output.clear();
  EXPECT_TRUE(fuse.step(Propose{RequestId{3}, Bytes{}}).ok());
  EXPECT_EQ(fuse.refusals(3), kPoisonedOnce);
  EXPECT_TRUE(fuse.step(Tick{}).ok());
  EXPECT_EQ(fuse.output.answers.size(), 1U);
}

TEST(GuardedRules, TheReportSaysWhatBrokeWhereAndAfterWhat) {
  Fuse fuse;
  fuse.now += milliseconds{7};
  EXPECT_TRUE(fuse.step(Propose{RequestId{1}, Bytes{}}).ok());
  fuse.blow();
  const std::string report = fuse.guarded.report();
  EXPECT_THAT(report, HasSubstr("one leader a term"));
  EXPECT_THAT(report, HasSubstr("n1 leader t1"));
  EXPECT_THAT(report, HasSubstr("@7000 "));
  EXPECT_THAT(report, HasSubstr("(2 entries)"));
  EXPECT_LT(report.find("propose"), report.rfind("append"));
}

TEST(GuardedRules, TheLastEventsAreKeptAndOlderOnesForgotten) {
  Fuse fuse;
  for (std::size_t i = 0; i < Guarded::kRemembered; ++i) {
    fuse.now += milliseconds{1};
    EXPECT_TRUE(fuse.step(Tick{}).ok());
  }
  fuse.blow();
  const std::string report = fuse.guarded.report();
  EXPECT_THAT(report, Not(HasSubstr("@1000 ")));
  EXPECT_THAT(report, HasSubstr("@2000 "));
  EXPECT_THAT(report, HasSubstr("@32000 "));
  EXPECT_LT(report.find("@2000 "), report.find("@32000 "));
}

}  // namespace
}  // namespace quorate::rules
