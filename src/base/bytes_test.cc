#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace quorate {
namespace {

TEST(Bytes, AreEmptyUntilGivenSomething) {
  const Bytes bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.size(), 0U);
  EXPECT_EQ(bytes.text(), "");
  EXPECT_EQ(bytes, Bytes::copy_of(""));
}

TEST(Bytes, OutliveWhatTheyWereCopiedFrom) {
  std::string text = "raft";
  const Bytes bytes = Bytes::copy_of(text);
  text = "gone";
  EXPECT_EQ(bytes.text(), "raft");
  EXPECT_EQ(bytes.size(), 4U);
}

TEST(Bytes, ACopySharesTheMemory) {
  const Bytes bytes = Bytes::copy_of("raft");
  const Bytes copy = bytes;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.span().data(), bytes.span().data());
}

TEST(Bytes, AMoveLeavesNothingBehind) {
  Bytes bytes = Bytes::copy_of("raft");
  const Bytes moved = std::move(bytes);
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.text(), "raft");
  bytes = Bytes::copy_of("log");
  Bytes assigned;
  assigned = std::move(bytes);
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(assigned.text(), "log");
}

TEST(Bytes, AssignmentReplacesAlsoByItself) {
  Bytes bytes = Bytes::copy_of("raft");
  const Bytes& same = bytes;
  bytes = same;
  EXPECT_EQ(bytes.text(), "raft");
  bytes = Bytes::copy_of("log");
  EXPECT_EQ(bytes.text(), "log");
  const Bytes other = Bytes::copy_of("term");
  bytes = other;
  EXPECT_EQ(bytes.text(), "term");
}

TEST(Bytes, APartOutlivesTheWhole) {
  Bytes part;
  {
    const Bytes whole = Bytes::copy_of("prefix payload suffix");
    part = whole.part(7, 7);
    EXPECT_EQ(part.span().data(), whole.span().data() + 7);
  }
  EXPECT_EQ(part.text(), "payload");
  EXPECT_EQ(part.part(3, 4).text(), "load");
}

TEST(Bytes, APartLiesInside) {
  const Bytes whole = Bytes::copy_of("abc");
  EXPECT_EQ(whole.part(3, 0).text(), "");
  EXPECT_EQ(whole.part(0, 3), whole);
  EXPECT_THROW((void)whole.part(4, 0), AssertionFailed);
  EXPECT_THROW((void)whole.part(1, 3), AssertionFailed);
  EXPECT_THROW((void)whole.part(1, ~std::size_t{0}), AssertionFailed);
}

TEST(Bytes, AreEqualByContent) {
  EXPECT_EQ(Bytes::copy_of("raft"), Bytes::copy_of("raft"));
  EXPECT_NE(Bytes::copy_of("raft"), Bytes::copy_of("rafts"));
  const std::vector<std::byte> zeros(3);
  EXPECT_EQ(Bytes::copy_of(zeros), Bytes::copy_of(std::string_view{"\0\0\0", 3}));
}

TEST(BytesBuilder, GivesAwayPiecesOfOneMemory) {
  BytesBuilder builder{16};
  builder.append("one");
  builder.append("two");
  EXPECT_EQ(builder.text(), "onetwo");
  Bytes first = builder.take();
  builder.append("three");
  const Bytes second = builder.take();
  EXPECT_EQ(builder.room(), 5U);
  EXPECT_EQ(first.text(), "onetwo");
  EXPECT_EQ(second.text(), "three");
  EXPECT_TRUE(first.take_in(second));
  EXPECT_EQ(first.text(), "onetwothree");
  EXPECT_TRUE(builder.take().empty());
}

TEST(BytesBuilder, PiecesOutliveIt) {
  Bytes piece;
  {
    BytesBuilder builder{4};
    builder.append("kept");
    piece = builder.take();
  }
  EXPECT_EQ(piece.text(), "kept");
}

TEST(BytesBuilder, IsUsedAgainOnlyWhenNoPieceLives) {
  BytesBuilder builder{4};
  builder.append("ab");
  Bytes piece = builder.take();
  builder.recycle();
  EXPECT_EQ(builder.room(), 2U);
  piece = {};
  builder.append("c");
  builder.recycle();
  EXPECT_EQ(builder.room(), 1U) << "what was not taken would be lost";
  builder.take();
  builder.recycle();
  EXPECT_EQ(builder.room(), 4U);
}

TEST(BytesBuilder, MoreThanItsRoomIsABugOfOurs) {
  BytesBuilder builder{2};
  EXPECT_THROW(builder.append("abc"), AssertionFailed);
  EXPECT_THROW(BytesBuilder{}.append("a"), AssertionFailed);
}

TEST(Bytes, OnlyWhatLiesBehindInTheSameMemoryIsTakenIn) {
  const Bytes whole = Bytes::copy_of("abcdef");
  Bytes front = whole.part(0, 2);
  EXPECT_FALSE(front.take_in(whole.part(3, 1)));
  EXPECT_FALSE(front.take_in(Bytes::copy_of("cd")));
  EXPECT_TRUE(front.take_in(whole.part(2, 2)));
  EXPECT_EQ(front.text(), "abcd");
  EXPECT_FALSE(Bytes{}.take_in(Bytes{}));
}

}  // namespace
}  // namespace quorate
