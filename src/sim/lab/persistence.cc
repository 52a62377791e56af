// Part C: crashes, restarts, and bad networks.
#include <array>
#include <set>

#include "sim/lab/scenario.h"

namespace quorate::lab {
namespace {

Task<> persist_1(Tester& t) {
  co_await t.one(11, t.size());
  t.restart_and_connect_all();
  co_await t.one(12, t.size());

  const Peer leader1 = co_await t.one_leader();
  t.restart_and_connect(leader1);
  co_await t.one(13, t.size());

  const Peer leader2 = co_await t.one_leader();
  t.disconnect(leader2);
  const Index fourth = co_await t.one(14, t.size() - 1);
  t.restart_and_connect(leader2);
  co_await t.wait_applied(fourth, t.size(), std::nullopt);

  const Peer leader3 = co_await t.one_leader();
  const Peer follower = t.after(leader3, 1);
  t.disconnect(follower);
  co_await t.one(15, t.size() - 1);
  t.restart_and_connect(follower);
  co_await t.one(16, t.size());
}

// Majorities that share one member each; two of the three have just restarted.
Task<> persist_2(Tester& t) {
  std::uint64_t number = 10;
  for (int round = 0; round < 5; ++round) {
    co_await t.one(++number, t.size());
    const Peer leader = co_await t.one_leader();
    t.disconnect(t.after(leader, 1));
    t.disconnect(t.after(leader, 2));
    co_await t.one(++number, t.size() - 2);

    t.disconnect(leader);
    t.disconnect(t.after(leader, 3));
    t.disconnect(t.after(leader, 4));
    t.restart(t.after(leader, 1));
    t.restart(t.after(leader, 2));
    t.connect(t.after(leader, 1));
    t.connect(t.after(leader, 2));
    co_await t.pause(kElectionTimeout);

    t.restart_and_connect(t.after(leader, 3));
    co_await t.one(++number, t.size() - 2);
    t.connect(t.after(leader, 4));
    t.connect(leader);
  }
  co_await t.one(1000, t.size());
}

// The leader and the one follower that have the second command crash; it must come back with the
// leader.
Task<> persist_3(Tester& t) {
  co_await t.one(101, 3);
  const Peer leader = co_await t.one_leader();
  t.disconnect(t.after(leader, 2));
  co_await t.one(102, 2);

  t.crash(leader);
  t.crash(t.after(leader, 1));
  t.connect(t.after(leader, 2));
  t.restart_and_connect(leader);
  co_await t.one(103, 2);

  t.restart_and_connect(t.after(leader, 1));
  co_await t.one(104, t.size());
}

// How long the Figure 8 tests wait between two blows: mostly shorter than an election, sometimes
// not.
Duration between_blows(Tester& t) {
  constexpr std::uint64_t kLong = 500;
  constexpr std::uint64_t kShort = 13;
  return milliseconds{t.chance(0.1) ? t.below(kLong) : t.below(kShort)};
}

// Proposes at every live peer; the last that accepts is the leader.
std::optional<Peer> propose_everywhere(Tester& t) {
  std::optional<Peer> leader;
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (t.alive(peer) && t.start(peer, t.random_command())) {
      leader = peer;
    }
  }
  return leader;
}

// Figure 8 of the Raft paper: leaders crash right after they were given a command, so that logs end
// in entries of older terms on a majority, which must not count as committed.
Task<> figure_8(Tester& t) {
  co_await t.one(t.random_command(), 1);
  std::size_t up = t.size();
  for (int blow = 0; blow < 1000; ++blow) {
    const std::optional<Peer> leader = propose_everywhere(t);
    co_await t.pause(between_blows(t));
    if (leader) {
      t.crash(*leader);
      --up;
    }
    const Peer lucky = t.random_peer();
    if (up < 3 && !t.alive(lucky)) {
      t.restart_and_connect(lucky);
      ++up;
    }
  }
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (!t.alive(peer)) {
      t.restart_and_connect(peer);
    }
  }
  co_await t.one(t.random_command(), t.size());
}

Task<> agree_on(Tester& t, Command command) { co_await t.one(command, 1); }

Task<> unreliable_agree(Tester& t) {
  Crew crew;
  for (std::uint64_t round = 1; round < 50; ++round) {
    for (std::uint64_t client = 0; client < 4; ++client) {
      crew.start(agree_on(t, 100 * round + client));
    }
    co_await t.one(round, 1);
  }
  t.set_reliable(true);
  co_await crew.all();
  co_await t.one(100, t.size());
}

// Small numbers, as the course's: the same command may come twice.
Command small_command(Tester& t) { return t.below(10000); }

std::optional<Peer> propose_small_everywhere(Tester& t) {
  std::optional<Peer> leader;
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (t.start(peer, small_command(t)) && t.connected(peer)) {
      leader = peer;
    }
  }
  return leader;
}

// The same with partitions for crashes, on a network that loses, delays and reorders to the very
// end.
Task<> figure_8_unreliable(Tester& t) {
  constexpr int kReorderingFrom = 200;
  co_await t.one(small_command(t), 1);
  std::size_t up = t.size();
  for (int blow = 0; blow < 1000; ++blow) {
    if (blow == kReorderingFrom) {
      t.set_long_reordering(true);
    }
    const std::optional<Peer> leader = propose_small_everywhere(t);
    co_await t.pause(between_blows(t));
    if (leader && t.chance(0.5)) {
      t.disconnect(*leader);
      --up;
    }
    const Peer lucky = t.random_peer();
    if (up < 3 && !t.connected(lucky)) {
      t.connect(lucky);
      ++up;
    }
  }
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (!t.connected(peer)) {
      t.connect(peer);
    }
  }
  co_await t.one(small_command(t), t.size());
}

// What the clients of the churn tests share.
struct Churn {
  bool stop = false;
  std::vector<Command> applied;  // seen at their index
};

// Proposes at every live peer, one command after another, and remembers those it sees applied.
Task<> churn_client(Tester& t, Churn& churn, std::uint64_t client) {
  constexpr std::array<std::uint64_t, 5> kLooks = {10, 20, 50, 100, 200};
  while (!churn.stop) {
    const Command command = t.random_command();
    std::optional<Index> index;
    for (Peer peer = 0; peer < t.size(); ++peer) {
      if (!t.alive(peer)) {
        continue;
      }
      if (const auto placed = t.start(peer, command)) {
        index = placed->index;
      }
    }
    if (!index) {
      co_await t.pause(milliseconds{79 + client * 17});
      continue;
    }
    for (const std::uint64_t look : kLooks) {
      const Agreement agreement = t.applied_at(*index);
      if (agreement.peers > 0) {
        if (agreement.command == command) {
          churn.applied.push_back(command);
        }
        break;
      }
      co_await t.pause(milliseconds{look});
    }
  }
}

// One random change to the cluster, or none.
void churn_once(Tester& t) {
  if (t.chance(0.2)) {
    t.disconnect(t.random_peer());
  }
  if (t.chance(0.5)) {
    const Peer peer = t.random_peer();
    if (!t.alive(peer)) {
      t.restart(peer);
    }
    t.connect(peer);
  }
  if (t.chance(0.2)) {
    const Peer peer = t.random_peer();
    if (t.alive(peer)) {
      t.crash(peer);
    }
  }
}

Task<> churn(Tester& t) {
  constexpr int kRounds = 20;
  Churn shared;
  Crew clients;
  for (std::uint64_t client = 0; client < 3; ++client) {
    clients.start(churn_client(t, shared, client));
  }
  for (int round = 0; round < kRounds; ++round) {
    churn_once(t);
    co_await t.pause(kElectionTimeout * 7 / 10);
  }
  co_await t.pause(kElectionTimeout);
  t.set_reliable(true);
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (!t.alive(peer)) {
      t.restart(peer);
    }
    t.connect(peer);
  }
  shared.stop = true;
  co_await clients.all();
  co_await t.pause(kElectionTimeout);

  const Index last = co_await t.one(t.random_command(), t.size());
  std::set<std::uint64_t> log;
  for (Index index{1}; index <= last; index = index.next()) {
    const Waited waited = co_await t.wait_applied(index, t.size(), std::nullopt);
    if (waited.command) {
      log.insert(waited.command->number);
    }
  }
  for (const Command& command : shared.applied) {
    t.expect(log.contains(command.number),
             "command " + describe(command) + " was applied and is not in the log");
  }
}

}  // namespace

std::vector<Scenario> persistence_scenarios() {
  return {
      {"Persist12C", {.peers = 3}, persist_1},
      {"Persist22C", {.peers = 5}, persist_2},
      {"Persist32C", {.peers = 3}, persist_3},
      {"Figure82C", {.peers = 5}, figure_8},
      {"UnreliableAgree2C", {.peers = 5, .reliable = false}, unreliable_agree},
      {"Figure8Unreliable2C", {.peers = 5, .reliable = false}, figure_8_unreliable},
      {"ReliableChurn2C", {.peers = 5}, churn},
      {"UnreliableChurn2C", {.peers = 5, .reliable = false}, churn},
  };
}

}  // namespace quorate::lab
