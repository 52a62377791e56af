#include "base/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <vector>

namespace quorate {
namespace {

// Of the published xoshiro256** and splitmix64, so that a seed means the same run everywhere, for
// ever.
TEST(Random, IsTheSameOnEveryMachine) {
  Random random{0};
  EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4U);
  EXPECT_EQ(random.next(), 0xbf6e1f784956452aU);
  EXPECT_EQ(random.next(), 0x1a5f849d4933e6e0U);
}

TEST(Random, ACopyGoesOnAlike) {
  Random random{7};
  (void)random.next();
  Random copy = random;
  EXPECT_EQ(random.next(), copy.next());
}

TEST(Random, SeedsDiffer) {
  Random one{1};
  Random two{2};
  EXPECT_NE(one.next(), two.next());
}

RC_GTEST_PROP(Random, StaysWithinItsBounds, (std::uint64_t seed)) {
  Random random{seed};
  const auto low = *rc::gen::inRange<std::uint64_t>(0, 1000);
  const auto high = *rc::gen::inRange<std::uint64_t>(low, 2000);
  RC_ASSERT(random.below(high + 1) <= high);
  const std::uint64_t drawn = random.between(low, high);
  RC_ASSERT(drawn >= low && drawn <= high);
  const Duration from{static_cast<Duration::rep>(low)};
  const Duration upto{static_cast<Duration::rep>(high)};
  const Duration span = random.between(from, upto);
  RC_ASSERT(span == from || (span > from && span < upto));
}

TEST(Random, ReachesEveryValueAboutEquallyOften) {
  Random random{3};
  std::array<int, 5> seen{};
  for (int i = 0; i < 10000; ++i) {
    ++seen.at(random.below(5));
  }
  for (const int count : seen) {
    EXPECT_NEAR(count, 2000, 200);
  }
}

TEST(Random, ChancesComeTrueAsOftenAsTheySay) {
  Random random{4};
  int once_in_ten = 0;
  int three_in_ten = 0;
  for (int i = 0; i < 10000; ++i) {
    once_in_ten += random.one_in(10) ? 1 : 0;
    three_in_ten += random.chance(0.3) ? 1 : 0;
  }
  EXPECT_NEAR(once_in_ten, 1000, 150);
  EXPECT_NEAR(three_in_ten, 3000, 250);
  EXPECT_TRUE(random.one_in(1));
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
}

TEST(Random, NothingIsBelowZero) { EXPECT_THROW((void)Random{1}.below(0), AssertionFailed); }

}  // namespace
}  // namespace quorate
