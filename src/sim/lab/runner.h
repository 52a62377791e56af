// Runs scenarios of the lab suite in virtual time, many seeds on several threads. Each run is a
// world of its own on one thread, so the same scenario, seed and settings give the same run
// whatever runs beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "sim/lab/scenario.h"
#include "sim/lab/virtual_cluster.h"

namespace quorate::lab {

struct Plan {
  std::vector<Scenario> scenarios{};
  std::uint64_t runs = 1;  // of each scenario, with the seeds from `seed` on
  std::uint64_t seed = 1;
  std::size_t jobs = 1;
  Settings settings{};
  VirtualCluster::Trace trace{};  // where not empty, the runs take place one after another

  [[nodiscard]] std::uint64_t total() const { return runs * scenarios.size(); }
};

// One run of one scenario, from its seed alone.
Outcome run_once(const Scenario& scenario, const Settings& settings, std::uint64_t seed,
                 VirtualCluster::Trace trace = {});

// All runs of one scenario, by seed.
struct Runs {
  Scenario scenario;
  std::uint64_t first_seed = 0;
  std::vector<Outcome> outcomes;

  [[nodiscard]] std::uint64_t passed() const;
  [[nodiscard]] std::uint64_t failed() const { return outcomes.size() - passed(); }
  [[nodiscard]] std::uint64_t seed_of(std::size_t run) const { return first_seed + run; }
};

struct Watch {
  // Called as runs end, by one thread at a time: how many are done.
  std::function<void(std::uint64_t done)> progress;
  // Called once a scenario, in the order of the plan, as soon as it and all before it are done.
  std::function<void(const Runs&)> finished;
};

void run_all(const Plan& plan, const Watch& watch);

}  // namespace quorate::lab
