// Done, definitely failed, or unknown: never a guess (rule 10).
#include "node/waiters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quorate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Entry entry(std::uint64_t index, std::uint64_t term) {
  return {Term{term}, Index{index}, EntryKind::kCommand, {}};
}

LogPosition at(std::uint64_t index, std::uint64_t term) { return {Index{index}, Term{term}}; }

class WaitersTest : public testing::Test {
 protected:
  void wait(LogPosition position, Instant deadline = kNever) {
    waiters_.wait(position, deadline,
                  [this](const Outcome& outcome) { heard_.push_back(describe(outcome)); });
  }
  void apply(const std::vector<Entry>& entries) {
    due_.clear();
    waiters_.applying(entries, due_);
  }
  std::vector<std::size_t> places() {
    std::vector<std::size_t> places;
    for (const Waiters::Due& due : due_) {
      places.push_back(due.place);
    }
    return places;
  }

  Waiters waiters_;
  std::vector<Waiters::Due> due_;
  std::vector<std::string> heard_;
};

TEST_F(WaitersTest, WhoWaitsForAnEntryIsDueWithIt) {
  wait(at(5, 2));
  wait(at(7, 2));
  apply({entry(4, 1), entry(5, 2), entry(6, 2), entry(7, 2)});
  EXPECT_THAT(places(), ElementsAre(1, 3));
  EXPECT_TRUE(waiters_.empty());
  EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(WaitersTest, AnEntryOfAnotherTermInItsPlaceIsADefiniteFailure) {
  wait(at(5, 2));
  apply({entry(5, 3)});
  EXPECT_THAT(places(), IsEmpty());
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("failed at 5/2")));
}

// The log was truncated, and this node, leader again, gave the same index to another request.
TEST_F(WaitersTest, OfTwoWhoWaitForOneIndexTheTermDecides) {
  wait(at(5, 2));
  wait(at(6, 2));
  wait(at(5, 4));
  apply({entry(5, 4)});
  EXPECT_THAT(places(), ElementsAre(0));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("failed at 5/2")));
  EXPECT_EQ(waiters_.size(), 1U);
  apply({entry(6, 4)});
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("failed at 5/2"), HasSubstr("failed at 6/2")));
}

TEST_F(WaitersTest, ASnapshotThatPassesTheIndexLeavesItUnknown) {
  wait(at(5, 2));
  wait(at(9, 2));
  waiters_.passed_by_snapshot(Index{8});
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("unknown at 5/2 (a snapshot passed it)")));
  EXPECT_EQ(waiters_.size(), 1U);
}

TEST_F(WaitersTest, TimeThatRunsOutLeavesItUnknown) {
  wait(at(5, 2), instant(100));
  wait(at(6, 2), instant(200));
  EXPECT_EQ(waiters_.deadline(), instant(100));
  waiters_.expire(instant(150));
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("unknown at 5/2")));
  EXPECT_EQ(waiters_.deadline(), instant(200));
}

TEST_F(WaitersTest, WhenTheNodeEndsNobodyIsForgotten) {
  wait(at(5, 2));
  wait(at(6, 2));
  waiters_.abandon("the node was stopped");
  EXPECT_THAT(heard_, ElementsAre(HasSubstr("unknown"), HasSubstr("the node was stopped")));
  EXPECT_EQ(waiters_.deadline(), kNever);
}

}  // namespace
}  // namespace quorate
