// Server: one life of one lab peer. The real core, driven in virtual time: its disk is durable at
// once, its state machine is the tester's (AppliedLogs), and what it wants to send lies in the
// outbox.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "raft/raft.h"
#include "sim/lab/applied.h"
#include "sim/lab/cluster.h"
#include "sim/lab/disk.h"

namespace quorate::lab {

// Peers count from 0, nodes from 1.
inline NodeId node_of(Peer peer) { return NodeId{peer + 1}; }
inline Peer peer_of(NodeId node) { return node.value() - 1; }

// What belongs to the peer in all of its lives.
struct Belongings {
  Disk disk;
  AppliedLogs* logs = nullptr;
  bool snapshots = false;                         // one is taken after every tenth entry
  std::function<void(const std::string&)> trace;  // may be empty
};

class Server {
 public:
  // Begins a life from what the disk holds. Throws Failed where the core cannot use that.
  Server(Peer peer, const Options& options, Belongings& belongings, Instant now);

  // The next four only change memory; `settle` has it written, sent and applied, and what comes of
  // that as well. A burst of them shares one settling, as it would in a runtime's inbox.
  std::optional<Placed> propose(Instant now, Command command);
  void tick(Instant now) { step(now, Tick{}); }
  void unreachable(Instant now, Peer peer) { step(now, Unreachable{node_of(peer)}); }
  // `files`: the content of the snapshot, beside an InstallSnapshot.
  void receive(Instant now, const Message& message, const Bytes& files);
  void settle(Instant now);

  // Messages that may leave, in order; the caller takes them out.
  [[nodiscard]] std::vector<Message>& outbox() { return outbox_; }
  [[nodiscard]] Instant wake_at() const { return wake_at_; }
  [[nodiscard]] PeerState state() const;
  [[nodiscard]] const Bytes& snapshot_content(const SnapshotMeta& meta) const;

 private:
  void step(Instant now, const Event& event);
  void write();
  void restore(const SnapshotMeta& meta);
  void apply(const std::vector<Entry>& entries);
  void read(const ReadEntries& wanted);
  void check(const Position& before) const;
  void trace_settled(Instant now, const Position& before);
  [[nodiscard]] std::string name() const { return "peer " + std::to_string(peer_); }

  Peer peer_;
  Belongings& own_;
  Raft raft_;
  Output output_;
  std::vector<Message> outbox_;
  std::vector<Event> completions_;  // of what the last output asked for
  StagedSnapshots staged_;
  std::vector<std::pair<Position, Event>> traced_;  // since the last settling, where traced
  std::uint64_t proposals_ = 0;
  Instant wake_at_ = kNever;
};

}  // namespace quorate::lab
