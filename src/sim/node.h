// One node of a stage: its core while it is up, and what surrounds it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fingerprint.h"
#include "base/time.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "raft/output.h"
#include "raft/raft.h"

namespace quorate::sim {

// The replicated state machine of the simulation: what was applied, as a running digest, and how
// much.
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
  Machine snapshot_machine;  // the content of the snapshot
  LogPosition base;
  std::vector<Entry> entries;  // after base
  Machine machine;             // what the state machine itself keeps, where it keeps anything

  // Carries one write out; `staged` holds the contents of snapshots whose record it may write.
  // Asserts that the write fits what is here: no gap, no term that falls.
  void write(const Persist& persist, const std::vector<Machine>& staged);
  // Drops the entries up to `upto`, which becomes the base.
  void compact(Index upto);

  [[nodiscard]] Index last() const { return base.index + entries.size(); }
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  [[nodiscard]] bool holds(LogPosition position) const {
    return position.index <= base.index || term_at(position.index) == position.term;
  }
};

// What the core has handed to its state machine: a snapshot to restore, then entries to apply.
struct Batch {
  std::optional<SnapshotMeta> restore;
  std::vector<Entry> entries;
};

struct Node {
  NodeId id;
  std::uint64_t boot = 0;
  Instant clock{};
  Disk disk;

  // ---- Lost in a crash
  std::optional<Raft> raft;
  Instant wake_at = kNever;
  Machine machine;
  std::vector<Persist> writes;  // outstanding, oldest first
  Ticket durable;               // the last write that is done
  std::vector<Deferred> deferred;
  std::vector<Batch> applies;
  std::vector<ReadEntries> reads;
  std::vector<Machine> staged;  // contents of snapshots whose record is not on disk yet
  Configuration configuration;  // as the core had it after its last step
  Index configuration_index;

  [[nodiscard]] bool up() const { return raft.has_value(); }
  void lose_memory();
  // The content of the snapshot that ends at `last`, where this node has it.
  [[nodiscard]] const Machine* files_of(LogPosition last) const;
  void stage_files(const Machine& content);
  [[nodiscard]] std::uint64_t fingerprint() const;
};

}  // namespace quorate::sim
