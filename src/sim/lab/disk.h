// Disk: what a lab peer's persister holds. Each write is whole and durable at once (the course's
// Save); what it holds when the peer is crashed is what the next life begins with.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "raft/options.h"
#include "raft/output.h"
#include "wire/state.h"

namespace quorate::lab {

// The contents of snapshots that are durable but not recorded yet, by the index they end at.
using StagedSnapshots = std::map<Index, Bytes>;

class Disk {
 public:
  // Of a new member: the snapshot's place holds the members that the group begins with.
  explicit Disk(Configuration bootstrap);

  void write(const Persist& persist, const StagedSnapshots& staged);
  // At most `max_bytes` of entries, at least one.
  [[nodiscard]] Result<std::vector<Entry>> read(Index first, Index last_wanted,
                                                std::uint64_t max_bytes) const;
  // What a new life finds; its state machine begins with the snapshot.
  [[nodiscard]] Result<Restored> restore() const;

  [[nodiscard]] const SnapshotMeta& snapshot() const { return state_.snapshot; }
  // Empty where there is none.
  [[nodiscard]] const Bytes& snapshot_content() const { return snapshot_content_; }
  // Everything but the snapshot's content, encoded.
  [[nodiscard]] std::size_t state_size() const;

 private:
  void record_snapshot(const SnapshotMeta& meta, const StagedSnapshots& staged);
  void append(const std::vector<Entry>& entries);
  void compact(Index upto);

  [[nodiscard]] Index last() const { return state_.base.index + state_.entries.size(); }

  wire::State state_;
  Bytes snapshot_content_;
};

}  // namespace quorate::lab
