// The clock of this machine, as Env::now() has it.
#pragma once

#include <ctime>

#include "base/time.h"

namespace quorate::env {

// Since the machine was started, the time in which it slept included.
inline Instant read_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return instant(static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_nsec / 1000);
}

}  // namespace quorate::env
