// Cluster: nodes of the real runtime on machines of the simulated world, clients that write down
// what they saw, faults, and a judge. Everything from one seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "node/node.h"
#include "sim/env/world.h"
#include "sim/linearizable.h"
#include "sim/runtime/registers.h"

namespace quorate::simenv {

struct ClusterSetup {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;
  std::size_t clients = 8;
  std::size_t keys = 10;
  std::size_t operations = 1000;  // of all clients together
  Duration pause{20'000};         // of a client between two, about
  bool faults = true;
  bool machines_keep_themselves = false;  // in a file, some way behind the log
  bool syncs_are_lies = false;            // to show that the judge sees it
  // While one of the nodes (always the same, so that a whole copy is left) is down, bits of its log
  // rot. Not in its newest segment: the log's last write cannot be told from a torn one.
  bool rot = false;
  // At the end all nodes go down at once, a bit of each segment of each of them rots, and they must
  // come back.
  bool rot_everywhere_at_the_end = false;
  std::uint64_t snapshot_after_bytes = 20'000;
  std::uint32_t segment_bytes = 256U << 10U;  // small, so that segments end often
  std::size_t padding = 0;                    // of what is put, in bytes
};

// What a run was like: a victory over nothing is none.
struct ClusterReport {
  std::string wrong;  // empty: all is well
  std::uint64_t hash = 0;
  std::size_t done = 0;
  std::size_t unknown = 0;
  std::size_t refused = 0;
  std::size_t crashes = 0;
  std::size_t kills = 0;
  std::size_t pauses = 0;
  std::size_t partitions = 0;
  std::size_t elections = 0;
  std::size_t snapshots_installed = 0;
  std::size_t rotten_bits = 0;
  std::size_t repairs = 0;  // of groups whose log had lost something
  std::uint64_t search_steps = 0;
  Duration simulated{0};
};

// One run: clients and faults, then everything is healed, then it must agree and go on.
ClusterReport run_cluster(const ClusterSetup& setup);

}  // namespace quorate::simenv
