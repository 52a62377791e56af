#include "sim/env/clock.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace quorate::simenv {
namespace {

TEST(Clock, SaysWhenItWillReadWhat) {
  Random random{1};
  for (int round = 0; round < 2000; ++round) {
    Clock clock;
    Instant world;
    for (int change = 0; change < 3; ++change) {
      world += Duration{static_cast<Duration::rep>(random.below(1'000'000'000))};
      clock.jump(world, Duration{static_cast<Duration::rep>(random.below(1'000'000))});
      clock.drift(world, static_cast<std::int64_t>(random.below(400'000)) - 200'000);
    }
    const Instant reading =
        clock.read(world) + Duration{static_cast<Duration::rep>(random.below(10'000'000'000))};
    const Instant at = clock.when(reading);
    EXPECT_GE(clock.read(at), reading);
    EXPECT_LT(clock.read(at - Duration{3}), reading);
  }
}

TEST(Clock, NeverGoesBack) {
  Clock clock;
  clock.drift(instant(1000), -200'000);
  const Instant before = clock.read(instant(5000));
  EXPECT_EQ(before, instant(1000 + 3200));
  clock.drift(instant(5000), 200'000);
  EXPECT_EQ(clock.read(instant(5000)), before);
  clock.jump(instant(5000), Duration{7});
  EXPECT_EQ(clock.read(instant(5000)), before + Duration{7});
}

TEST(Clock, NeverComesToTheEndOfTime) { EXPECT_EQ(Clock{}.when(kNever), kNever); }

}  // namespace
}  // namespace quorate::simenv
