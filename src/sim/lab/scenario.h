// The 28 scenarios of the course's lab suite, as a list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/lab/cluster.h"
#include "sim/lab/tester.h"

namespace quorate::lab {

struct Scenario {
  std::string_view name;  // as the course calls it, without "Test"
  Shape shape;
  Task<> (*play)(Tester&);
};

// One part of the course each, in its order.
std::vector<Scenario> election_scenarios();
std::vector<Scenario> agreement_scenarios();
std::vector<Scenario> persistence_scenarios();
std::vector<Scenario> snapshot_scenarios();

// All of them, in the order of the course.
std::vector<Scenario> all_scenarios();
// Those with this name; where there is none, those whose name holds it. Upper and lower case are
// one.
std::vector<Scenario> select_scenarios(std::string_view filter);

// How one run went.
struct Outcome {
  bool passed = false;
  std::string reason;  // why not
  Duration time{};
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t commands = 0;  // the highest index applied
};

// Plays it on a new cluster of its shape. The tester draws from the seed.
Outcome play(const Scenario& scenario, Cluster& cluster, std::uint64_t seed);

}  // namespace quorate::lab
