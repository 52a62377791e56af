// Clock: what one machine reads while the world's time goes on. It starts ahead, runs too fast or
// too slow, and may leap ahead; it never goes back.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/time.h"

namespace quorate::simenv {

class Clock {
 public:
  [[nodiscard]] Instant read(Instant world) const {
    const std::int64_t passed = (world - since_).count();
    return base_ + Duration{passed + passed * ppm_ / 1'000'000};
  }
  // When it reads this much; in the past where it does already, never where that is years away.
  [[nodiscard]] Instant when(Instant reading) const {
    if (reading > base_ + kFar) {
      return kNever;
    }
    const std::int64_t left = (reading - base_).count();
    Instant at = since_ + Duration{left - left * ppm_ / (1'000'000 + ppm_)};
    while (read(at) < reading) {
      at += Duration{1};
    }
    return at;
  }

  void jump(Instant world, Duration ahead) {
    QUORATE_ASSERT(ahead >= Duration{0});
    base_ = read(world) + ahead;
    since_ = world;
  }
  // From now on so many parts in a million too fast.
  void drift(Instant world, std::int64_t ppm) {
    QUORATE_ASSERT(ppm > -500'000 && ppm < 500'000);
    jump(world, Duration{0});
    ppm_ = ppm;
  }

 private:
  static constexpr Duration kFar{std::int64_t{1} << 45U};

  Instant base_;   // what it read at `since_`
  Instant since_;  // of the world
  std::int64_t ppm_ = 0;
};

}  // namespace quorate::simenv
