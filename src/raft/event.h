// Everything that can happen to a core: a closed list of values. A run is a list of these.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/configuration.h"
#include "model/message.h"
#include "quorate/types.h"

namespace quorate {

// ---- From the outside world

// Time has passed; nothing else.
struct Tick {};
struct Received {
  Message message;
};
// A message to this peer is known to be lost (a connection broke). What is in flight to it is sent
// again by a probe.
struct Unreachable {
  NodeId peer;
};
// The files of a snapshot did not reach the peer: the transport gave up, or the peer restarted
// meanwhile.
struct SnapshotFailed {
  NodeId peer;
};

// ---- Requests. Each gets exactly one Answer with its id.

struct Propose {
  RequestId id;
  Bytes payload;
};
// Any change in one call: the wanted voters, learners and context. `old_voters` must be empty.
struct ChangeMembership {
  RequestId id;
  Configuration target;
};
struct TransferLeadership {
  RequestId id;
  NodeId target;
};
enum class ReadMode : std::uint8_t { kLinearizable, kLease };
struct Read {
  RequestId id;
  ReadMode mode = ReadMode::kLinearizable;
};

// ---- Completions of what an Output asked for

// The write with this ticket, and so every earlier one, is durable.
struct Persisted {
  Ticket ticket;
};
// The state machine has applied (or restored) everything up to `index`.
struct Applied {
  Index index;
};
// The answer to ReadEntries: the entries from `first` on, at least one, or why not. Each
// ReadEntries needs one that is accepted: where `step` refuses the entries as wrong, answer again
// with the error.
struct EntriesRead {
  NodeId reader;
  Index first;
  Result<std::vector<Entry>> entries;
};
// The application's state at `index`, which it has applied, is durable in a snapshot; the log may
// shrink.
struct SnapshotTaken {
  Index index;
};

// ---- Decisions of whoever drives the core

// Wakes a sleeping group: its leader's node was lost.
struct WakeUp {};
// Rot is repaired; the node votes and campaigns again.
struct Unfence {};
// Campaigns now, as if the election timeout had passed.
struct Campaign {};
// Every request, pending or to come, is answered with kShutDown; nothing is sent any more.
struct Stop {};

using Event = std::variant<Tick, Received, Unreachable, SnapshotFailed, Propose, ChangeMembership,
                           TransferLeadership, Read, Persisted, Applied, EntriesRead, SnapshotTaken,
                           WakeUp, Unfence, Campaign, Stop>;

std::string describe(const Event& event);

}  // namespace quorate
