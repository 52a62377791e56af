#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace quorate {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0) {
    return invalid("number: odd; give an even one");
  }
  return number / 2;
}

TEST(Result, HoldsAValue) {
  const Result<int> result = half_of(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result);
  EXPECT_EQ(result.value(), 4);
  EXPECT_THROW((void)result.error(), AssertionFailed);
}

TEST(Result, HoldsAnErrorThatSaysWhatHappened) {
  Result<int> result = half_of(7);
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().message, "number: odd; give an even one");
  EXPECT_THROW((void)result.value(), AssertionFailed);
}

TEST(Result, GivesItsValueAway) {
  Result<std::unique_ptr<int>> result{std::make_unique<int>(5)};
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 5);
}

TEST(Result, OfNothingIsSuccessOrAnError) {
  const Result<void> good;
  EXPECT_TRUE(good);
  EXPECT_THROW((void)good.error(), AssertionFailed);
  const Result<void> bad = corrupt("record 7: checksum differs");
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace quorate
