// Time as a value. The core never asks what time it is; whoever drives it says so.
#pragma once

#include <chrono>
#include <cstdint>

namespace quorate {

using Duration = std::chrono::microseconds;

// A clock that nobody can read: it only gives its points in time a type of their own.
struct LogicalClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LogicalClock, duration>;
  static constexpr bool is_steady = true;
};

using Instant = LogicalClock::time_point;
inline constexpr Instant kNever = Instant::max();

// Microseconds since the origin of whatever clock the driver uses.
constexpr std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
constexpr Instant instant(std::int64_t micros) { return Instant{Duration{micros}}; }

}  // namespace quorate
