// Recover: from what disk and machine hold of a group to what its core begins with.
#pragma once

#include <memory>

#include "base/result.h"
#include "node/machine_lane.h"
#include "node/state_machine.h"
#include "raft/options.h"
#include "wal/snapshots.h"
#include "wal/wal.h"

namespace quorate {

struct Beginning {
  Restored core;
  MachineLane::Seat seat;
};

// Opens the machine, and restores it from the newest snapshot where it does not hold as much.
Result<Beginning> recover(GroupId group, std::unique_ptr<StateMachine> machine,
                          wal::Recovered recovered, wal::Snapshots& snapshots);
// For a group that is new here: the machine must hold nothing.
Result<Beginning> begin(std::unique_ptr<StateMachine> machine, Configuration members);

}  // namespace quorate
