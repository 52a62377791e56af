#include <poll.h>

#include <algorithm>

#include "bench/bench.h"
#include "env/posix/clock.h"

namespace quorate::bench {

Result<void> pause(const Setting& setting, Duration length) {
  constexpr Duration kSlice = std::chrono::milliseconds{100};
  const Instant end = env::read_clock() + length;
  for (Duration left = length; left > Duration{0}; left = end - env::read_clock()) {
    if (setting.interrupted->load()) {
      return Error{ErrorCode::kIo, "interrupted"};
    }
    const auto slice = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kSlice));
    ::poll(nullptr, 0, static_cast<int>(slice.count()));
  }
  return {};
}

}  // namespace quorate::bench
