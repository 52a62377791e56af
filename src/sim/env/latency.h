// Latency: how long something takes.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "base/time.h"

namespace quorate::simenv {

// Mostly between `shortest` and `longest`, and `spike` times as long once in `one_in` (0: never).
struct Latency {
  Duration shortest{50};
  Duration longest{500};
  std::uint32_t one_in = 0;
  std::uint32_t spike = 20;

  [[nodiscard]] Duration draw(Random& random) const {
    const Duration usual = random.between(shortest, longest);
    return one_in > 0 && random.one_in(one_in) ? usual * spike : usual;
  }
};

}  // namespace quorate::simenv
