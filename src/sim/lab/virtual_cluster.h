// VirtualCluster: a lab cluster in virtual time. Real cores; a network that behaves as the course's
// labrpc does; one seed, and the same seed gives the same run.
//
// labrpc knows calls, not messages: a request from i to j passes if the end i->j is enabled and j
// is alive, is handled, and its reply passes under rules of its own. Here a core's request is the
// call, and the answer that the other core gives is the reply. A notice is a call whose reply is
// empty.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "raft/options.h"
#include "sim/lab/applied.h"
#include "sim/lab/cluster.h"
#include "sim/lab/server.h"
#include "sim/lab/timeline.h"

namespace quorate::lab {

// How the cores of the suite are set: the course's times (heartbeat 100 ms, election 300 to 600
// ms).
struct Settings {
  bool pre_vote = false;
  bool empty_entry = false;
  bool check_quorum = true;
  // Both by measurement (docs/lab-suite.md): the network of Figure8Unreliable2C delays two answers
  // in three.
  Duration resend_timeout = std::chrono::milliseconds{150};
  // Whether a core is told of a call that failed, when its caller learns of it.
  bool report_failed_calls = true;

  [[nodiscard]] Options options() const;
};

class VirtualCluster : public Cluster {
 public:
  using Trace = std::function<void(const std::string&)>;

  // All peers are started and connected.
  VirtualCluster(const Shape& shape, const Settings& settings, std::uint64_t seed,
                 Trace trace = {});

  [[nodiscard]] std::size_t size() const override { return peers_.size(); }
  [[nodiscard]] Instant now() const override { return timeline_.now(); }
  void resume_at(Instant at, std::coroutine_handle<> who) override;
  void run(const Task<>& scenario) override;

  std::optional<Placed> start(Peer peer, Command command) override;
  [[nodiscard]] PeerState state(Peer peer) const override { return peers_[peer].server->state(); }
  [[nodiscard]] bool alive(Peer peer) const override { return peers_[peer].server != nullptr; }
  void crash(Peer peer) override;
  void restart(Peer peer) override;

  [[nodiscard]] bool connected(Peer peer) const override { return peers_[peer].connected; }
  void connect(Peer peer) override;
  void disconnect(Peer peer) override;
  void set_reliable(bool reliable) override;
  void set_long_reordering(bool on) override;

  [[nodiscard]] std::uint64_t rpc_total() const override { return rpc_total_; }
  [[nodiscard]] std::uint64_t rpc_count(Peer to) const override { return peers_[to].handled; }
  [[nodiscard]] std::uint64_t bytes_total() const override { return bytes_total_; }
  [[nodiscard]] std::size_t state_size(Peer peer) const override;

  [[nodiscard]] Agreement applied_at(Index index) const override { return logs_.at(index); }
  [[nodiscard]] Index highest_applied() const override { return logs_.highest(); }
  [[nodiscard]] std::uint64_t empty_entries(Index upto) const override;

 private:
  // A request that was sent, as its caller's end remembers it.
  struct Call {
    std::uint64_t id = 0;
    Peer from = 0;
    Peer to = 0;
    std::uint64_t from_life = 0;
    std::uint64_t to_life = 0;
    bool reliable = true;  // as the network was when the call was made
    bool reordering = false;
    bool notice = false;
  };
  struct PeerSlot {
    explicit PeerSlot(Belongings belongings) : own(std::move(belongings)) {}

    Belongings own;  // the server refers to it
    std::unique_ptr<Server> server;
    std::uint64_t life = 0;
    bool connected = false;
    std::vector<bool> reaches;    // by peer: the end towards it is enabled
    std::uint64_t handled = 0;    // requests, in this life
    std::deque<Call> unanswered;  // requests it has taken in, oldest first
    bool settling = false;        // will settle at this instant
    Instant timer = kNever;       // the earliest wake-up that is on the timeline
  };

  [[nodiscard]] bool lives(Peer peer, std::uint64_t life) const;
  void settle_soon(Peer peer);
  void settle(Peer peer, std::optional<std::uint64_t> handling = std::nullopt);
  void arm(Peer peer);
  void wake(Peer peer);
  // The way of a call.
  void send_request(Peer from, Message message);
  void arrive(const Call& call, const Message& message, const Bytes& files);
  void send_answer(Peer from, Message message, std::optional<std::uint64_t> handling);
  void reply_arrives(const Call& call, const Message& message);
  void call_failed(const Call& call);

  Duration hop() { return random_.between(kHopMin, kHopMax); }
  Duration up_to(std::uint64_t ms) { return std::chrono::milliseconds{random_.below(ms + 1)}; }
  void note(const std::string& what) const;
  void note_message(const char* what, const Message& message) const;

  // Nothing is instant: a thread has to be woken at each end. Requests sent at once may overtake
  // each other.
  static constexpr Duration kHopMin{20};
  static constexpr Duration kHopMax{300};

  Settings settings_;
  Random random_;
  Timeline timeline_;
  AppliedLogs logs_;
  std::deque<PeerSlot> peers_;
  bool reliable_;
  bool long_reordering_ = false;
  std::uint64_t calls_ = 0;
  std::uint64_t rpc_total_ = 0;
  std::uint64_t bytes_total_ = 0;
  Trace trace_;
};

}  // namespace quorate::lab
