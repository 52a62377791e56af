// Cluster: everything that a lab scenario may do to a group of Raft peers and see of it. The
// scenarios are written once, against this; a cluster in virtual time (virtual_cluster.h), one of
// threads, one of processes and one behind the C ABI can play them.
//
// Calls take no time of the scenario's clock. Peers are numbered from 0. Whatever a scenario must
// not survive (a check that fails, two values applied at one index, the time limit) is thrown as
// `Failed`.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "base/time.h"
#include "quorate/types.h"
#include "sim/lab/applied.h"
#include "sim/lab/command.h"
#include "sim/lab/task.h"

namespace quorate::lab {

class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where the leader has put a command; it is not committed yet.
struct Placed {
  Index index;
  Term term;
};

struct PeerState {
  Term term;
  bool leader = false;
};

// What a cluster is made for.
struct Shape {
  std::size_t peers = 3;
  bool reliable = true;
  // The tester's state machines take a snapshot after every tenth entry, and start from it.
  bool snapshots = false;
};

class Cluster {
 public:
  // A scenario may take this long.
  static constexpr Duration kTimeLimit = std::chrono::seconds{120};

  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;

  [[nodiscard]] virtual std::size_t size() const = 0;

  // ---- Time
  [[nodiscard]] virtual Instant now() const = 0;
  // Resumes the coroutine at that time, on the scenario's own thread.
  virtual void resume_at(Instant at, std::coroutine_handle<> who) = 0;
  // Lets time pass until the task (which was started) is done. Throws what breaks a check that runs
  // all the time.
  virtual void run(const Task<>& scenario) = 0;

  // ---- The peers, each a Raft instance with its persister
  // Proposes; nothing if the peer is down or says that it does not lead.
  virtual std::optional<Placed> start(Peer peer, Command command) = 0;
  // Of a peer that is alive.
  [[nodiscard]] virtual PeerState state(Peer peer) const = 0;
  [[nodiscard]] virtual bool alive(Peer peer) const = 0;
  // Disconnects it and kills it; what its persister holds at this instant is what its next life
  // begins with.
  virtual void crash(Peer peer) = 0;
  // A new life, not connected. A peer that is alive is crashed first.
  virtual void restart(Peer peer) = 0;

  // ---- The network
  [[nodiscard]] virtual bool connected(Peer peer) const = 0;
  virtual void connect(Peer peer) = 0;
  virtual void disconnect(Peer peer) = 0;
  virtual void set_reliable(bool reliable) = 0;
  virtual void set_long_reordering(bool on) = 0;

  // ---- Counters
  [[nodiscard]] virtual std::uint64_t rpc_total() const = 0;  // requests sent, also lost ones
  [[nodiscard]] virtual std::uint64_t rpc_count(Peer to) const = 0;  // handled in this life
  [[nodiscard]] virtual std::uint64_t bytes_total() const = 0;  // requests, and answers delivered
  // What the persister holds beside the snapshot.
  [[nodiscard]] virtual std::size_t state_size(Peer peer) const = 0;

  // ---- What the peers have applied, in all of their lives
  [[nodiscard]] virtual Agreement applied_at(Index index) const = 0;
  [[nodiscard]] virtual Index highest_applied() const = 0;
  // Entries of new leaders (no commands) applied at or before the index; 0 where leaders add none.
  [[nodiscard]] virtual std::uint64_t empty_entries(Index upto) const = 0;
};

}  // namespace quorate::lab
