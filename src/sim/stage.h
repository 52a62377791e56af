// Stage: a cluster of real cores that moves one Step at a time, and only when told. No scheduler, no randomness, no
// clock of its own: the transcript runner, the explorer and the simulator each bring theirs. A copy is an independent
// cluster in the same state.
//
// Each node is a Raft, a disk (what is durable, and the writes that are not yet), a state machine (a digest of all
// that was applied) and a clock. After every step the node's own invariants (raft/invariants.h) and the cluster's
// (checker.h) are checked; a breach is kept as the stage's violation, and the stage does not move any more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fingerprint.h"
#include "model/message.h"
#include "raft/raft.h"
#include "sim/checker.h"
#include "sim/step.h"

namespace quorate::sim {

// The replicated state machine of the simulation: what was applied, as a running digest, and how much.
struct Machine {
  LogPosition applied;
  std::uint64_t digest = 0;
  std::string last_command;
  void apply(const Entry& entry);
  friend bool operator==(const Machine&, const Machine&) = default;
};

// What survives a crash.
struct Disk {
  HardState hard_state;
  SnapshotMeta snapshot;
  Machine snapshot_machine;       // the content of the snapshot
  LogPosition base;
  std::vector<Entry> entries;     // after base
  void write(const Persist& persist, const std::map<Index, Machine>& staged);
};

struct InFlight {
  Message message;
  std::uint64_t print = 0;        // fingerprint of from, to, term and body
  Instant sent;                   // by the sender's clock
  std::optional<Machine> files;   // of an InstallSnapshot
};

// An answer that a core gave, with where and when, for whoever plays the clients.
struct Answered {
  NodeId node;
  Answer answer;
};

class Stage {
 public:
  struct Setup {
    std::vector<NodeId> nodes;            // all that will ever exist
    Configuration bootstrap;              // the members; a node outside it starts empty and waits to be added
    Options options;                      // id, boot and seed are set per node (seed + id, boot counts restarts)
    bool instant_disk = false;            // every write is durable at once, every batch applied at once
    bool instant_apply = true;            // every batch is applied at once (as soon as it is handed out)
  };
  explicit Stage(Setup setup);
  Stage(const Stage&) = default;
  Stage& operator=(const Stage&) = default;

  // Carries the step out. False if it means nothing now (no such message, node is down): then nothing changed.
  bool apply(const Step& step);

  // A sink for trace lines, one an event (raft/trace.h). Not copied into the fingerprint; may be empty.
  void trace_to(std::function<void(const std::string&)> sink);

  [[nodiscard]] const std::optional<std::string>& violation() const;
  [[nodiscard]] const std::deque<InFlight>& in_flight() const;
  [[nodiscard]] bool up(NodeId node) const;
  [[nodiscard]] const Raft& raft(NodeId node) const;   // of a node that is up
  [[nodiscard]] Position at(NodeId node) const;
  [[nodiscard]] const Disk& disk(NodeId node) const;
  [[nodiscard]] const Machine& machine(NodeId node) const;
  [[nodiscard]] std::size_t outstanding_writes(NodeId node) const;
  [[nodiscard]] std::size_t outstanding_applies(NodeId node) const;
  [[nodiscard]] std::size_t outstanding_reads(NodeId node) const;
  [[nodiscard]] Instant clock(NodeId node) const;
  [[nodiscard]] Instant wake_at(NodeId node) const;    // kNever when down
  [[nodiscard]] const std::vector<NodeId>& nodes() const;
  [[nodiscard]] const Checker& checker() const;

  // Answers since the last call, and messages sent since the last call (indexes into in_flight are not stable).
  std::vector<Answered> take_answers();
  // Number of messages sent so far; in_flight() keeps sending order, so what was sent since is at its end.
  [[nodiscard]] std::uint64_t sent() const;

  // All that decides the future, clocks as distances; the order of messages in flight left out (they are a set).
  [[nodiscard]] std::uint64_t fingerprint() const;

 private:
  // (the implementer's)
};

}  // namespace quorate::sim
