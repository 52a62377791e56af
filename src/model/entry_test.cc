#include "model/entry.h"

#include <gtest/gtest.h>

namespace quorate {
namespace {

LogPosition position(std::uint64_t index, std::uint64_t term) { return {Index{index}, Term{term}}; }

// 5.4.1: the later last term wins; with equal terms, the longer log.
TEST(LogPosition, TheLogWithTheLaterTermIsMoreUpToDate) {
  EXPECT_TRUE(at_least_as_up_to_date(position(1, 3), position(9, 2)));
  EXPECT_FALSE(at_least_as_up_to_date(position(9, 2), position(1, 3)));
}

TEST(LogPosition, WithEqualTermsTheLongerLogIsMoreUpToDate) {
  EXPECT_TRUE(at_least_as_up_to_date(position(5, 2), position(4, 2)));
  EXPECT_TRUE(at_least_as_up_to_date(position(5, 2), position(5, 2)));
  EXPECT_FALSE(at_least_as_up_to_date(position(4, 2), position(5, 2)));
}

TEST(Entry, CostsItsPayloadAndAFixedShare) {
  const Entry empty{Term{1}, Index{1}, EntryKind::kEmpty, {}};
  const Entry filled{Term{1}, Index{1}, EntryKind::kCommand, Bytes::copy_of("12345")};
  EXPECT_GT(empty.cost(), 0U);
  EXPECT_EQ(filled.cost(), empty.cost() + 5);
}

TEST(Entry, PrintsAsIndexAndTerm) {
  const Entry entry{Term{3}, Index{7}, EntryKind::kCommand, Bytes::copy_of("12345")};
  EXPECT_EQ(entry.position(), position(7, 3));
  EXPECT_EQ(describe(entry.position()), "7/3");
  EXPECT_EQ(describe(entry), "7/3 command 5B");
  EXPECT_EQ(describe(TermRun{Index{7}, Term{3}}), "7/3");
  EXPECT_STREQ(describe(EntryKind::kEmpty), "empty");
  EXPECT_STREQ(describe(EntryKind::kConfiguration), "configuration");
  EXPECT_STREQ(describe(static_cast<EntryKind>(99)), "unknown");
}

}  // namespace
}  // namespace quorate
