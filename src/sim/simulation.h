// Simulation: one run, from one seed. A world with clients, an operator who changes the group, and
// faults; then the faults end, a core of nodes is healed, and the run is judged
// (docs/simulator.md).
//
// The same seed, nodes and length give the same run, step for step, on every machine and in every
// build.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults.h"
#include "sim/simulation_world.h"
#include "sim/workload.h"

namespace quorate::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 0;  // voters at the start; 0: drawn from the seed
  Duration length = std::chrono::minutes{1};
  std::uint32_t operations_per_second = 100;
  bool faults = true;
  bool record = false;  // keep the steps
  Stage::Sink trace;    // trace lines, as they come
  TraceFormat trace_format = TraceFormat::kText;

  // For tests that show that a check can fail.
  std::function<void(Stage::Setup&)> plant;  // changes what the nodes are
  bool lease_clients = false;                // clients read by lease, and clocks drift a lot
  bool leave_broken = false;                 // heals nothing, and demands liveness all the same
};

// What a run did. A sweep adds them up, and asks that none that matters stays at zero.
struct Tally {
  Counters stage;
  WorldCounts world;
  WorkloadCounts clients;
  std::array<std::uint64_t, kFaultCount> faults{};
  std::uint64_t changes = 0;    // of membership, asked for
  std::uint64_t transfers = 0;  // of leadership, asked for
  std::uint64_t sleeps = 0;     // groups that were found asleep
  Duration convergence{0};      // from healing until everything agreed
  Duration simulated{0};
};

enum class Outcome : std::uint8_t {
  kPassed,
  kUnsafe,      // the stage's checker, an invariant or an assertion of the core
  kClient,      // a client saw what it must never see
  kNotLive,     // no convergence after healing
  kNoProgress,  // too few operations succeeded
  kNotTheSame,  // a second run from the seed went another way
};
const char* describe(Outcome outcome);

struct RunResult {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  Outcome outcome = Outcome::kPassed;
  std::string failure;  // what was wrong, with the values
  std::uint64_t hash = 0;
  Tally tally;
  Stage::Setup setup;
  std::vector<Step> steps;  // where recorded

  [[nodiscard]] bool passed() const { return outcome == Outcome::kPassed; }
  [[nodiscard]] double success_rate() const;
};

RunResult simulate(const RunOptions& options);

}  // namespace quorate::sim
