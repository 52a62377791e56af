// Tester: the vocabulary that lab scenarios are written in. What it does to the peers it hands to
// the cluster; what it adds is the suite's own: one leader, one command agreed upon, a wait with a
// growing delay (lab suite, section 2).
//
// Every check that fails throws Failed, which says what was expected and what was seen.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "sim/lab/cluster.h"

namespace quorate::lab {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The tester's idea of an election timeout: twice it is time enough for an election.
inline constexpr Duration kElectionTimeout = milliseconds{1000};

enum class Retry : bool { kNo, kYes };

// How wait_applied ended.
struct Waited {
  bool term_moved = false;  // some peer is in a later term, so it may never be applied
  std::optional<Command> command;
};

class Tester {
 public:
  Tester(Cluster& cluster, std::uint64_t seed) : cluster_(cluster), random_(seed) {}

  // ---- The peers
  [[nodiscard]] std::size_t size() const { return cluster_.size(); }
  // Peers stand in a ring: the one that comes `steps` after this.
  [[nodiscard]] Peer after(Peer peer, std::size_t steps) const { return (peer + steps) % size(); }
  std::optional<Placed> start(Peer peer, Command command) { return cluster_.start(peer, command); }
  [[nodiscard]] PeerState state(Peer peer) const { return cluster_.state(peer); }
  [[nodiscard]] bool alive(Peer peer) const { return cluster_.alive(peer); }
  [[nodiscard]] bool connected(Peer peer) const { return cluster_.connected(peer); }
  void connect(Peer peer) { cluster_.connect(peer); }
  void disconnect(Peer peer) { cluster_.disconnect(peer); }
  void crash(Peer peer) { cluster_.crash(peer); }
  void restart(Peer peer) { cluster_.restart(peer); }
  void restart_and_connect(Peer peer) {
    restart(peer);
    connect(peer);
  }
  void connect_all();
  void restart_and_connect_all();
  void set_reliable(bool reliable) { cluster_.set_reliable(reliable); }
  void set_long_reordering(bool on) { cluster_.set_long_reordering(on); }
  // Proposes `count` random commands in a row and looks at no answer.
  void start_many(Peer peer, std::size_t count);

  // ---- Chance
  Command random_command() { return Command{random_.next() >> 1U}; }
  Peer random_peer() { return random_.below(size()); }
  // Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool chance(double probability) { return random_.chance(probability); }

  // ---- Time
  struct Pause {
    Cluster& cluster;
    Duration length;
    [[nodiscard]] bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> who) const {
      cluster.resume_at(cluster.now() + length, who);
    }
    void await_resume() const {}
  };
  [[nodiscard]] Pause pause(Duration length) const { return {cluster_, length}; }
  [[nodiscard]] Instant now() const { return cluster_.now(); }

  // ---- Counters
  [[nodiscard]] std::uint64_t rpcs_handled() const;  // by all peers
  [[nodiscard]] std::uint64_t bytes_total() const { return cluster_.bytes_total(); }

  // ---- Leaders and terms
  // The leader of the highest term among those connected. Fails where a term has two, or none comes
  // in 5 s.
  Task<Peer> one_leader();
  // All connected peers are in one term; gives it.
  Term expect_same_term() const;
  void expect_no_leader() const;

  // ---- Agreement
  // Gets the command applied by `want` peers, and gives its index; fails after 2 s, or 10 s with
  // retry (the command may then be in the log twice).
  Task<Index> one(Command command, std::size_t want, Retry retry = Retry::kYes);
  // Waits some 25 s at most until `want` peers have applied the index; given a term, only while
  // nobody is past it.
  Task<Waited> wait_applied(Index index, std::size_t want, std::optional<Term> term);
  [[nodiscard]] Agreement applied_at(Index index) const { return cluster_.applied_at(index); }
  void expect_not_applied(Index index) const;
  // Fails if any peer's persisted state has reached this size.
  void expect_state_below(std::size_t bytes) const;

  // ---- Indexes as the suite counts them: commands alone. They differ from the log's where leaders
  // add empty entries.
  [[nodiscard]] std::uint64_t number_of(Index index) const {
    return index.value() - cluster_.empty_entries(index);
  }
  // Where the command with this number goes, as far as is known.
  [[nodiscard]] Index place_of(std::uint64_t number) const {
    return Index{number + cluster_.empty_entries(cluster_.highest_applied())};
  }
  [[nodiscard]] bool leaders_add_entries() const {
    return cluster_.empty_entries(cluster_.highest_applied()) > 0;
  }

  [[noreturn]] static void fail(const std::string& why) { throw Failed{why}; }
  static void expect(bool holds, const std::string& why) {
    if (!holds) {
      fail(why);
    }
  }

 private:
  // Offers it to the connected peers in turn, starting after `last_asked`, until one takes it.
  std::optional<Index> offer(Command command, Peer& last_asked);

  Cluster& cluster_;
  Random random_;
};

std::string text(Peer peer);
std::string text(Index index);
std::string text(Term term);

}  // namespace quorate::lab
