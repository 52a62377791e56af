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

}  // namespace
}  // namespace quorate
