// Part B: commands are agreed upon, in order, in spite of partitions, and without waste.
#include <algorithm>

#include "sim/lab/scenario.h"

namespace quorate::lab {
namespace {

Task<> basic_agree(Tester& t) {
  for (std::uint64_t number = 1; number <= 3; ++number) {
    t.expect_not_applied(t.place_of(number));
    const Index index = co_await t.one(number * 100, t.size(), Retry::kNo);
    t.expect(t.number_of(index) == number,
             "command " + std::to_string(number) + " got " + text(index));
  }
}

// Each command crosses to each peer about once.
Task<> rpc_bytes(Tester& t) {
  constexpr std::uint32_t kCommandSize = 5000;
  constexpr std::uint64_t kCommands = 10;
  co_await t.one(99, t.size(), Retry::kNo);
  const std::uint64_t before = t.bytes_total();
  for (std::uint64_t number = 2; number < kCommands + 2; ++number) {
    const Command command{t.random_command().number, kCommandSize};
    const Index index = co_await t.one(command, t.size(), Retry::kNo);
    t.expect(t.number_of(index) == number,
             "command " + std::to_string(number) + " got " + text(index));
  }
  const std::uint64_t sent = t.bytes_total() - before;
  const std::uint64_t allowed = t.size() * kCommands * kCommandSize + 50000;
  t.expect(sent <= allowed, "too many bytes: " + std::to_string(sent) + ", at most " +
                                std::to_string(allowed) + " allowed");
}

Task<> follower_failure(Tester& t) {
  co_await t.one(101, t.size(), Retry::kNo);
  const Peer leader1 = co_await t.one_leader();
  t.disconnect(t.after(leader1, 1));
  co_await t.one(102, t.size() - 1, Retry::kNo);
  co_await t.pause(kElectionTimeout);
  co_await t.one(103, t.size() - 1, Retry::kNo);

  const Peer leader2 = co_await t.one_leader();
  t.disconnect(t.after(leader2, 1));
  t.disconnect(t.after(leader2, 2));
  const auto placed = t.start(leader2, 104);
  t.expect(placed.has_value(), "the leader refused a command");
  t.expect(t.number_of(placed->index) == 4, "command 4 got " + text(placed->index));
  co_await t.pause(2 * kElectionTimeout);
  t.expect_not_applied(placed->index);
}

Task<> leader_failure(Tester& t) {
  co_await t.one(101, t.size(), Retry::kNo);
  const Peer leader1 = co_await t.one_leader();
  t.disconnect(leader1);
  co_await t.one(102, t.size() - 1, Retry::kNo);
  co_await t.pause(kElectionTimeout);
  co_await t.one(103, t.size() - 1, Retry::kNo);

  const Peer leader2 = co_await t.one_leader();
  t.disconnect(leader2);
  for (Peer peer = 0; peer < t.size(); ++peer) {
    t.start(peer, 104);
  }
  const Index fourth = t.place_of(4);
  co_await t.pause(2 * kElectionTimeout);
  t.expect_not_applied(fourth);
}

Task<> fail_agree(Tester& t) {
  co_await t.one(101, t.size(), Retry::kNo);
  const Peer leader = co_await t.one_leader();
  const Peer follower = t.after(leader, 1);
  t.disconnect(follower);
  co_await t.one(102, t.size() - 1, Retry::kNo);
  co_await t.one(103, t.size() - 1, Retry::kNo);
  co_await t.pause(kElectionTimeout);
  co_await t.one(104, t.size() - 1, Retry::kNo);
  co_await t.one(105, t.size() - 1, Retry::kNo);

  // It returns, and takes part again.
  t.connect(follower);
  co_await t.one(106, t.size());
  co_await t.pause(kElectionTimeout);
  co_await t.one(107, t.size());
}

Task<> fail_no_agree(Tester& t) {
  co_await t.one(10, t.size(), Retry::kNo);
  const Peer leader1 = co_await t.one_leader();
  for (std::size_t steps = 1; steps <= 3; ++steps) {
    t.disconnect(t.after(leader1, steps));
  }
  const auto lost = t.start(leader1, 20);
  t.expect(lost.has_value(), "the leader refused a command");
  t.expect(t.number_of(lost->index) == 2, "command 2 got " + text(lost->index));
  co_await t.pause(2 * kElectionTimeout);
  t.expect_not_applied(lost->index);

  for (std::size_t steps = 1; steps <= 3; ++steps) {
    t.connect(t.after(leader1, steps));
  }
  // The three may have elected a leader among themselves, and forgotten the second command.
  const Peer leader2 = co_await t.one_leader();
  const auto next = t.start(leader2, 30);
  t.expect(next.has_value(), "the second leader refused a command");
  const std::uint64_t number = t.number_of(next->index);
  t.expect(number >= 2, "command 2 or 3 got " + text(next->index));
  // Empty entries that nobody has applied yet are not known to the tester.
  t.expect(number <= 3 || t.leaders_add_entries(), "command 2 or 3 got " + text(next->index));
  co_await t.one(1000, t.size());
}

// One try of ConcurrentStarts: nothing where the term moved under it.
Task<bool> concurrent_starts_in_one_term(Tester& t, Peer leader) {
  constexpr std::uint64_t kClients = 5;
  const auto first = t.start(leader, 1);
  if (!first) {
    co_return false;
  }
  std::vector<Index> indexes;
  for (std::uint64_t client = 0; client < kClients; ++client) {
    const auto placed = t.start(leader, 100 + client);
    if (placed && placed->term == first->term) {
      indexes.push_back(placed->index);
    }
  }
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (t.state(peer).term != first->term) {
      co_return false;
    }
  }
  std::vector<Command> applied;
  for (const Index index : indexes) {
    const Waited waited = co_await t.wait_applied(index, t.size(), first->term);
    if (waited.term_moved) {
      co_return false;
    }
    applied.push_back(waited.command.value_or(Command{0}));
  }
  for (std::uint64_t client = 0; client < kClients; ++client) {
    t.expect(std::ranges::find(applied, Command{100 + client}) != applied.end(),
             "command " + std::to_string(100 + client) + " was accepted and is not in the log");
  }
  co_return true;
}

Task<> concurrent_starts(Tester& t) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0) {
      co_await t.pause(seconds{3});
    }
    const Peer leader = co_await t.one_leader();
    const bool done = co_await concurrent_starts_in_one_term(t, leader);
    if (done) {
      co_return;
    }
  }
  t.fail("the term changed too often");
}

Task<> rejoin(Tester& t) {
  co_await t.one(101, t.size());
  const Peer leader1 = co_await t.one_leader();
  t.disconnect(leader1);
  // Commands that only the old leader has.
  t.start(leader1, 102);
  t.start(leader1, 103);
  t.start(leader1, 104);
  co_await t.one(103, 2);

  const Peer leader2 = co_await t.one_leader();
  t.disconnect(leader2);
  t.connect(leader1);
  co_await t.one(104, 2);

  t.connect(leader2);
  co_await t.one(105, t.size());
}

Task<> agree_often(Tester& t, int times, std::size_t want) {
  for (int i = 0; i < times; ++i) {
    co_await t.one(t.random_command(), want);
  }
}

// Long conflicting suffixes are overcome quickly.
Task<> backup(Tester& t) {
  co_await t.one(t.random_command(), t.size());
  const Peer leader1 = co_await t.one_leader();
  const Peer friend1 = t.after(leader1, 1);
  for (std::size_t steps = 2; steps <= 4; ++steps) {
    t.disconnect(t.after(leader1, steps));
  }
  t.start_many(leader1, 50);
  co_await t.pause(kElectionTimeout / 2);
  t.disconnect(leader1);
  t.disconnect(friend1);

  for (std::size_t steps = 2; steps <= 4; ++steps) {
    t.connect(t.after(leader1, steps));
  }
  co_await agree_often(t, 50, 3);

  const Peer leader2 = co_await t.one_leader();
  Peer other = t.after(leader1, 2);
  if (other == leader2) {
    other = t.after(leader2, 1);
  }
  t.disconnect(other);
  t.start_many(leader2, 50);
  co_await t.pause(kElectionTimeout / 2);

  // The first leader, its friend, and the one that has the committed commands.
  for (Peer peer = 0; peer < t.size(); ++peer) {
    t.disconnect(peer);
  }
  t.connect(leader1);
  t.connect(friend1);
  t.connect(other);
  co_await agree_often(t, 50, 3);

  t.connect_all();
  co_await t.one(t.random_command(), t.size());
}

// Eleven commands in a row within one term: false where the term moved. Few messages: 14 a peer.
Task<bool> count_commands(Tester& t, Peer leader) {
  constexpr std::uint64_t kCounted = 10;
  const std::uint64_t before = t.rpcs_handled();
  const auto first = t.start(leader, 1);
  if (!first) {
    co_return false;
  }
  std::vector<Command> commands;
  for (std::uint64_t i = 1; i <= kCounted + 1; ++i) {
    commands.emplace_back(t.below(std::uint64_t{1} << 31U));
    const auto placed = t.start(leader, commands.back());
    if (!placed || placed->term != first->term) {
      co_return false;
    }
    t.expect(placed->index == first->index + i,
             "a command got " + text(placed->index) + " and not " + text(first->index + i));
  }
  for (std::uint64_t i = 1; i <= kCounted; ++i) {
    const Waited waited = co_await t.wait_applied(first->index + i, t.size(), first->term);
    if (waited.term_moved) {
      co_return false;
    }
    t.expect(waited.command == commands[i - 1], "wrong value at " + text(first->index + i));
  }
  for (Peer peer = 0; peer < t.size(); ++peer) {
    if (t.state(peer).term != first->term) {
      co_return false;
    }
  }
  const std::uint64_t used = t.rpcs_handled() - before;
  const std::uint64_t allowed = (kCounted + 1 + 3) * 3;
  t.expect(used <= allowed, "too many messages for " + std::to_string(kCounted) + " commands: " +
                                std::to_string(used) + ", at most " + std::to_string(allowed));
  co_return true;
}

Task<> count(Tester& t) {
  co_await t.one_leader();
  const std::uint64_t election = t.rpcs_handled();
  t.expect(election >= 1 && election <= 30,
           "an election took " + std::to_string(election) + " messages, not 1 to 30");

  bool done = false;
  for (int attempt = 0; attempt < 5 && !done; ++attempt) {
    if (attempt > 0) {
      co_await t.pause(seconds{3});
    }
    const Peer leader = co_await t.one_leader();
    done = co_await count_commands(t, leader);
  }
  t.expect(done, "the term changed too often");

  const std::uint64_t before = t.rpcs_handled();
  co_await t.pause(kElectionTimeout);
  const std::uint64_t idle = t.rpcs_handled() - before;
  t.expect(idle <= 60, "an idle second took " + std::to_string(idle) + " messages, more than 60");
}

}  // namespace

std::vector<Scenario> agreement_scenarios() {
  return {
      {"BasicAgree2B", {.peers = 3}, basic_agree},
      {"RPCBytes2B", {.peers = 3}, rpc_bytes},
      {"FollowerFailure2B", {.peers = 3}, follower_failure},
      {"LeaderFailure2B", {.peers = 3}, leader_failure},
      {"FailAgree2B", {.peers = 3}, fail_agree},
      {"FailNoAgree2B", {.peers = 5}, fail_no_agree},
      {"ConcurrentStarts2B", {.peers = 3}, concurrent_starts},
      {"Rejoin2B", {.peers = 3}, rejoin},
      {"Backup2B", {.peers = 5}, backup},
      {"Count2B", {.peers = 3}, count},
  };
}

}  // namespace quorate::lab
