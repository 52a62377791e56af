// Judge: how a simulated run ends. A core of nodes is healed, the rest is cut off for good, and
// whoever is in the core must soon agree on everything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/simulation_world.h"

namespace quorate::sim {

// Nodes that suffice, whatever configuration anyone believes in: a random minority may be left out.
std::vector<NodeId> choose_core(World& world);

// Inside the core every link is open and quick and every node runs; nothing passes to or from the
// others.
void heal(World& world, const std::vector<NodeId>& core);

// Ten election timeouts, of the longest kind and by the slowest clock.
Duration liveness_bound(const Options& options);

// Nothing when the core has one leader, all of its members in the core hold, have committed and
// have applied the same, and no change is under way. Else what is missing.
std::optional<std::string> what_is_missing(const Stage& stage, const std::vector<NodeId>& core);

}  // namespace quorate::sim
