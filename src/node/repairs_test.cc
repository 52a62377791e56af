#include "node/repairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr GroupId kGroup{7};
constexpr NodeId kSelf{1};
constexpr NodeId kSecond{2};
constexpr NodeId kThird{3};
constexpr Instant kStart{};
using Kind = Repairs::Change::Kind;

wal::Lost lost_at(std::uint64_t index) {
  wal::Lost lost;
  lost.group = kGroup;
  lost.position = {Index{index}, Term{2}};
  lost.checksum = static_cast<std::uint32_t>(index * 11);
  return lost;
}

Entry entry_at(std::uint64_t index, Term term = Term{2}) {
  return {term, Index{index}, EntryKind::kCommand, Bytes::copy_of("x")};
}

Configuration members(std::vector<NodeId> voters) {
  Configuration configuration;
  configuration.voters = std::move(voters);
  return configuration;
}

class RepairsTest : public ::testing::Test {
 protected:
  void fence(const std::vector<wal::Lost>& lost) {
    repairs_.fence(kGroup, lost, {members({kSelf, kSecond, kThird})});
  }
  // Whom it asks in its next round, and for what.
  std::vector<std::pair<NodeId, Index>> round() {
    now_ += std::chrono::milliseconds{100};
    orders_ = {};
    repairs_.work(now_, orders_);
    std::vector<std::pair<NodeId, Index>> asked;
    for (const auto& [to, ask] : orders_.ask) {
      asked.emplace_back(to, ask.position.index);
    }
    return asked;
  }
  void lacks(NodeId member, std::uint64_t index) {
    repairs_.missing(member, {kGroup, {Index{index}, Term{2}}, EntryMissing::Why::kLacking});
  }
  void changed(Kind kind, std::uint64_t index, bool done = true) {
    repairs_.changed(kGroup, {kind, Index{index}}, done, orders_);
  }

  Repairs repairs_{kSelf};
  Repairs::Orders orders_;
  Instant now_ = kStart;
};

TEST_F(RepairsTest, MembersAreAskedOneAfterTheOtherForWhatIsLost) {
  fence({lost_at(4), lost_at(9)});
  using Asked = std::pair<NodeId, Index>;
  EXPECT_THAT(round(), ElementsAre(Asked{kSecond, Index{4}}, Asked{kSecond, Index{9}}));
  EXPECT_THAT(round(), ElementsAre(Asked{kThird, Index{4}}, Asked{kThird, Index{9}}));
  EXPECT_THAT(round(), ElementsAre(Asked{kSecond, Index{4}}, Asked{kSecond, Index{9}}));
}

TEST_F(RepairsTest, AGroupIsWholeWhenAllThatWasLostIsWrittenAgain) {
  fence({lost_at(4), lost_at(9)});
  repairs_.found({kGroup, entry_at(4)}, orders_);
  repairs_.found({kGroup, entry_at(9)}, orders_);
  EXPECT_THAT(orders_.rewrite, SizeIs(2));
  changed(Kind::kRewritten, 4);
  EXPECT_TRUE(repairs_.fenced(kGroup));
  changed(Kind::kRewritten, 9);
  EXPECT_FALSE(repairs_.fenced(kGroup));
  EXPECT_THAT(orders_.whole, ElementsAre(kGroup));
}

TEST_F(RepairsTest, AnEntryOfAnotherTermIsNotWhatWasLost) {
  fence({lost_at(4)});
  repairs_.found({kGroup, entry_at(4, Term{3})}, orders_);
  EXPECT_THAT(orders_.rewrite, IsEmpty());
}

TEST_F(RepairsTest, WhatTheLogRefusesIsAskedForAgain) {
  fence({lost_at(4)});
  repairs_.found({kGroup, entry_at(4)}, orders_);
  EXPECT_THAT(round(), IsEmpty());
  changed(Kind::kRewritten, 4, false);
  EXPECT_THAT(round(), SizeIs(1));
}

TEST_F(RepairsTest, OnlyWhatEveryOtherMemberLacksIsDropped) {
  fence({lost_at(4), lost_at(9)});
  lacks(kSecond, 4);
  EXPECT_THAT(round(), SizeIs(2));
  EXPECT_THAT(orders_.cut, IsEmpty());
  lacks(kThird, 4);
  round();
  ASSERT_THAT(orders_.cut, SizeIs(1));
  EXPECT_EQ(orders_.cut.front().second, Index{4});
  changed(Kind::kCut, 4);
  EXPECT_THAT(orders_.whole, ElementsAre(kGroup));
}

TEST_F(RepairsTest, AnEntryBehindAnotherLossIsNotDroppedBeforeThatOneIsClear) {
  fence({lost_at(4), lost_at(9)});
  lacks(kSecond, 9);
  lacks(kThird, 9);
  round();
  EXPECT_THAT(orders_.cut, IsEmpty());
}

TEST_F(RepairsTest, WhoHoldsItAfterAllIsNotCountedAsLacking) {
  fence({lost_at(4)});
  lacks(kSecond, 4);
  repairs_.missing(kSecond, {kGroup, {Index{4}, Term{2}}, EntryMissing::Why::kNotNow});
  lacks(kThird, 4);
  round();
  EXPECT_THAT(orders_.cut, IsEmpty());
}

TEST_F(RepairsTest, AFoundConfigurationAddsThoseWhoMustLackWhatFollows) {
  fence({lost_at(4), lost_at(9)});
  Entry change = entry_at(4);
  change.kind = EntryKind::kConfiguration;
  change.payload = members({kSelf, kSecond, kThird, NodeId{4}}).encode();
  repairs_.found({kGroup, change}, orders_);
  changed(Kind::kRewritten, 4);
  EXPECT_THAT(orders_.found, SizeIs(1));
  lacks(kSecond, 9);
  lacks(kThird, 9);
  round();
  EXPECT_THAT(orders_.cut, IsEmpty());
  lacks(NodeId{4}, 9);
  round();
  EXPECT_THAT(orders_.cut, SizeIs(1));
}

TEST_F(RepairsTest, ASnapshotTakesThePlaceOfWhatAMemberHasCompacted) {
  fence({lost_at(4), lost_at(9)});
  repairs_.missing(kThird, {kGroup, {Index{4}, Term{2}}, EntryMissing::Why::kCompacted});
  round();
  ASSERT_THAT(orders_.ask_offer, SizeIs(1));
  EXPECT_EQ(orders_.ask_offer.front().first, kThird);
  round();
  EXPECT_THAT(orders_.ask_offer, IsEmpty()) << "not at once again";
  SnapshotMeta snapshot;
  snapshot.last = {Index{6}, Term{2}};
  repairs_.arrived(kGroup, snapshot, orders_);
  ASSERT_THAT(orders_.replace, SizeIs(1));
  changed(Kind::kReplaced, 6);
  EXPECT_TRUE(repairs_.fenced(kGroup));
  EXPECT_THAT(round(), SizeIs(1)) << "the entry behind it is still lost";
}

TEST_F(RepairsTest, WhatIsFoundRottenInAGroupThatRunsIsFetchedAndNeverDropped) {
  repairs_.fetch(lost_at(9), members({kSelf, kSecond, kThird}));
  repairs_.fetch(lost_at(4), members({kSelf, kSecond, kThird}));
  repairs_.fetch(lost_at(9), members({kSelf, kSecond, kThird}));
  EXPECT_FALSE(repairs_.fenced(kGroup));
  lacks(kSecond, 4);
  lacks(kThird, 4);
  EXPECT_THAT(round(), SizeIs(2));
  EXPECT_THAT(orders_.cut, IsEmpty());
  repairs_.found({kGroup, entry_at(4)}, orders_);
  changed(Kind::kRewritten, 4);
  repairs_.found({kGroup, entry_at(9)}, orders_);
  changed(Kind::kRewritten, 9);
  EXPECT_THAT(orders_.whole, IsEmpty()) << "it runs already";
  EXPECT_THAT(round(), IsEmpty());
}

TEST_F(RepairsTest, ASnapshotThatEndsBeforeTheFirstLossHelpsNobody) {
  fence({lost_at(4)});
  SnapshotMeta snapshot;
  snapshot.last = {Index{3}, Term{2}};
  repairs_.arrived(kGroup, snapshot, orders_);
  EXPECT_THAT(orders_.replace, IsEmpty());
}

}  // namespace
}  // namespace quorate
