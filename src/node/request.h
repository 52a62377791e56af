// What a caller asks of a group, and what it learns: done, definitely failed, or unknown; never a
// guess (rule 10).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "node/state_machine.h"
#include "quorate/types.h"
#include "raft/output.h"

namespace quorate {

enum class Fate : std::uint8_t {
  kDone,     // it took effect; `result` is the machine's
  kRefused,  // it was not taken, and has no effect; `why` says why
  kFailed,   // another entry was committed in its place: it has no effect
  kUnknown,  // it may take effect, or have done so, or never will
};
const char* describe(Fate fate);

struct Outcome {
  Fate fate = Fate::kUnknown;
  LogPosition position;  // of a proposal that reached the log
  std::string result;
  Refusal why = Refusal::kNotLeader;  // where it was refused
  NodeId leader;                      // who leads instead, if known
  std::string detail;
};
std::string describe(const Outcome& outcome);

Outcome done_at(LogPosition position, std::string result = {});
Outcome refused(Refusal why, std::string detail, NodeId leader = {});
Outcome failed_at(LogPosition position, std::string detail);
Outcome unknown(std::string detail, LogPosition position = {});

// Called exactly once for each request, on a lane of the node: it must not block, and must not
// destroy the node.
using Done = std::function<void(Outcome)>;

enum class ReadKind : std::uint8_t {
  kLinearizable,  // sees every write that was acknowledged before the read began
  kLease,         // the same, from the leader's lease: as fresh as clocks are good
  kLocal,         // what this node has applied, however old
};
// Called on the machine's lane. On success `outcome.fate` is done and `machine` not null.
using Query = std::function<void(const Outcome& outcome, StateMachine* machine)>;

}  // namespace quorate
