// What a process has used so far.
#pragma once

#include <cstdint>

namespace quorate::bench {

struct Usage {
  double cpu_us = 0;                 // of all its threads, in the kernel and outside
  std::uint64_t resident_bytes = 0;  // now
};

// Of this process.
Usage usage_now();

}  // namespace quorate::bench
