#include "base/assert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace quorate {
namespace {

using ::testing::HasSubstr;

std::string failure_of(auto&& body) {
  try {
    body();
  } catch (const AssertionFailed& failed) {
    return failed.what();
  }
  return "";
}

TEST(Assert, SaysNothingWhereTheConditionHolds) {
  EXPECT_EQ(failure_of([] { QUORATE_ASSERT(1 + 1 == 2); }), "");
}

TEST(Assert, NamesTheConditionAndThePlace) {
  const std::string what = failure_of([] { QUORATE_ASSERT(1 + 1 == 3); });
  EXPECT_THAT(what, HasSubstr("1 + 1 == 3"));
  EXPECT_THAT(what, HasSubstr("src/base/assert_test.cc:"));
}

TEST(Assert, AddsTheValuesThatItIsGiven) {
  const std::string what = failure_of([] { QUORATE_ASSERT(false, std::string{"index 7"}); });
  EXPECT_THAT(what, HasSubstr("(index 7)"));
}

TEST(Assert, BuildsTheDetailOnlyWhereItFails) {
  int built = 0;
  const auto detail = [&built] {
    ++built;
    return std::string{};
  };
  QUORATE_ASSERT(built == 0, detail());
  EXPECT_EQ(built, 0);
  EXPECT_THROW(QUORATE_ASSERT(built == 1, detail()), AssertionFailed);
  EXPECT_EQ(built, 1);
}

}  // namespace
}  // namespace quorate
