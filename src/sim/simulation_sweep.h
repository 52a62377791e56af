// Sweep: many seeds, on several threads, each run on one. And what they must have met together: a
// sweep in which no log was ever truncated has shown nothing about truncation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/simulation.h"

namespace quorate::sim {

struct SweepOptions {
  RunOptions each;  // its seed is not used
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  unsigned jobs = 1;
  // Called after each seed, by one thread at a time. False: no further seeds are begun.
  std::function<bool(const RunResult&)> done = [](const RunResult&) { return true; };
};

struct Counted {
  std::string_view name;
  std::uint64_t count = 0;
};

struct SweepResult {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  std::uint64_t run_twice = 0;
  Duration simulated{0};
  std::vector<Counted> counted;     // summed over all seeds
  std::vector<RunResult> failures;  // by seed

  // What no seed met.
  [[nodiscard]] std::vector<std::string_view> never() const;
};

// One seed in a hundred is run twice, and must give the same hash.
SweepResult sweep(const SweepOptions& options);

// What of a run counts against empty victories, by name; the same names for every run.
std::vector<Counted> counted(const Tally& tally);

}  // namespace quorate::sim
