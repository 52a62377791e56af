// AppliedLogs: what each peer has applied, in all of its lives, and the checks that run all the
// time (lab suite, section 2): the same command everywhere at one index, in order and without a
// gap, snapshots labelled with the index that is inside them.
//
// Each call that takes something in returns what is wrong with it, if anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "quorate/types.h"
#include "sim/lab/command.h"

namespace quorate::lab {

// A peer of a lab cluster: 0, 1, ...
using Peer = std::size_t;

// How many peers have applied an index, and what. No command: an empty entry of a new leader.
struct Agreement {
  std::size_t peers = 0;
  std::optional<Command> command;
};

class AppliedLogs {
 public:
  using Problem = std::optional<std::string>;

  explicit AppliedLogs(std::size_t peers) : peers_(peers) {}

  // The peer begins a new life. Without a snapshot it will apply everything again, from index 1.
  void restarted(Peer peer);
  // No command: an empty entry.
  Problem apply(Peer peer, Index index, std::optional<Command> command);
  // The same for a cluster with snapshots: exactly one after the last.
  Problem apply_next(Peer peer, Index index, std::optional<Command> command);

  // The peer's state up to `index`, all that was applied before it included.
  [[nodiscard]] Bytes snapshot(Peer peer, Index index) const;
  // The peer's state is replaced by a snapshot that is said to end at `label`; nothing: at whatever
  // it holds.
  Problem install(Peer peer, const Bytes& snapshot, std::optional<Index> label);

  [[nodiscard]] Agreement at(Index index) const;
  [[nodiscard]] Index last_applied(Peer peer) const { return peers_[peer].last; }
  [[nodiscard]] Index highest() const { return highest_; }
  [[nodiscard]] std::uint64_t empty_entries(Index upto) const;

 private:
  struct Slot {
    bool filled = false;
    std::optional<Command> command;
    friend bool operator==(const Slot&, const Slot&) = default;
  };
  struct PeerLog {
    std::vector<Slot> slots;  // by index; 0 is never filled
    Index last;
  };
  [[nodiscard]] static const Slot* slot_at(const PeerLog& log, Index index);
  static Slot& slot_for(PeerLog& log, Index index);
  [[nodiscard]] Problem differs(Peer peer, Index index, const Slot& slot) const;

  std::vector<PeerLog> peers_;
  Index highest_;
};

}  // namespace quorate::lab
