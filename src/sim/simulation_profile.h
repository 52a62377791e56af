// Profile: what one seed's run is like, drawn before it begins. Which options its nodes have (some
// of them tiny, so that rare branches become common), how quick its wires and disks are, which
// faults it knows, what its clients ask.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>

#include "base/random.h"
#include "sim/faults.h"
#include "sim/simulation_world.h"
#include "sim/stage.h"
#include "sim/workload.h"

namespace quorate::sim {

struct Profile {
  Stage::Setup setup;
  Climate climate;
  FaultPlan faults;
  WorkloadPlan workload;
};

// `nodes` is the number of voters at the start; 0: drawn.
Profile draw_profile(std::uint64_t seed, std::uint32_t nodes, std::uint32_t operations_per_second);

// The longest that a follower waits before it campaigns.
Duration longest_election_timeout(const Options& options);

}  // namespace quorate::sim
