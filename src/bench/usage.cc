#include "bench/usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace quorate::bench {
namespace {

double micros(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

std::uint64_t resident_bytes() {
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%lu %lu", &all, &resident) != 2) {
      resident = 0;
    }
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Usage usage_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {.cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime),
          .resident_bytes = resident_bytes()};
}

}  // namespace quorate::bench
