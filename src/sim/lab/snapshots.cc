// Part D: the state machines take snapshots, the log stays short, and who lags is sent a snapshot.
#include "sim/lab/scenario.h"

namespace quorate::lab {
namespace {

// A snapshot is taken at every tenth entry, so this many commands come around one of them.
constexpr std::uint64_t kInterval = 10;
constexpr std::size_t kMaxState = 2000;

enum class Trouble : std::uint8_t { kNone, kDisconnect, kCrash };

// 5 to 14: perhaps enough to get a snapshot.
std::uint64_t some_commands(Tester& t) { return kInterval / 2 + t.below(kInterval); }

// Thirty rounds of commands; in each, unless there is no trouble, one peer misses them and returns.
Task<> snapshots(Tester& t, Trouble trouble) {
  constexpr int kRounds = 30;
  co_await t.one(t.random_command(), t.size());
  Peer leader = co_await t.one_leader();
  for (int round = 0; round < kRounds; ++round) {
    const bool leader_misses = round % 3 == 1;
    const Peer victim = leader_misses ? leader : t.after(leader, 1);
    const Peer sender = leader_misses ? t.after(leader, 1) : leader;
    const std::size_t present = trouble == Trouble::kNone ? t.size() : t.size() - 1;
    if (trouble == Trouble::kDisconnect) {
      t.disconnect(victim);
    }
    if (trouble == Trouble::kCrash) {
      t.crash(victim);
    }
    if (trouble != Trouble::kNone) {
      co_await t.one(t.random_command(), present);
    }
    t.start_many(sender, some_commands(t));
    co_await t.one(t.random_command(), present);
    t.expect_state_below(kMaxState);
    if (trouble == Trouble::kNone) {
      continue;
    }
    if (trouble == Trouble::kCrash) {
      t.restart(victim);
    }
    t.connect(victim);
    co_await t.one(t.random_command(), t.size());
    leader = co_await t.one_leader();
  }
}

Task<> snapshot_basic(Tester& t) { return snapshots(t, Trouble::kNone); }
Task<> snapshot_install(Tester& t) { return snapshots(t, Trouble::kDisconnect); }
Task<> snapshot_install_crash(Tester& t) { return snapshots(t, Trouble::kCrash); }

// Everybody restarts at once; indexes go on where they were.
Task<> snapshot_all_crash(Tester& t) {
  constexpr int kRounds = 5;
  co_await t.one(t.random_command(), t.size());
  for (int round = 0; round < kRounds; ++round) {
    for (std::uint64_t i = some_commands(t); i > 0; --i) {
      co_await t.one(t.random_command(), t.size());
    }
    const Index before = co_await t.one(t.random_command(), t.size());
    for (Peer peer = 0; peer < t.size(); ++peer) {
      t.crash(peer);
    }
    t.restart_and_connect_all();
    const Index after = co_await t.one(t.random_command(), t.size());
    t.expect(after > before, "after a restart of all, a command got " + text(after) +
                                 "; the one before it had " + text(before));
  }
}

// State that is saved again after a restart must not lose the snapshot that was there.
Task<> snapshot_init(Tester& t) {
  co_await t.one(t.random_command(), t.size());
  for (std::uint64_t i = 0; i < kInterval + 1; ++i) {
    co_await t.one(t.random_command(), t.size());
  }
  for (int restart = 0; restart < 2; ++restart) {
    for (Peer peer = 0; peer < t.size(); ++peer) {
      t.crash(peer);
    }
    t.restart_and_connect_all();
    co_await t.one(t.random_command(), t.size());
  }
}

}  // namespace

std::vector<Scenario> snapshot_scenarios() {
  constexpr Shape kGood = {.peers = 3, .reliable = true, .snapshots = true};
  constexpr Shape kBad = {.peers = 3, .reliable = false, .snapshots = true};
  return {
      {"SnapshotBasic2D", kGood, snapshot_basic},
      {"SnapshotInstall2D", kGood, snapshot_install},
      {"SnapshotInstallUnreliable2D", kBad, snapshot_install},
      {"SnapshotInstallCrash2D", kGood, snapshot_install_crash},
      {"SnapshotInstallUnCrash2D", kBad, snapshot_install_crash},
      {"SnapshotAllCrash2D", kGood, snapshot_all_crash},
      {"SnapshotInit3D", kBad, snapshot_init},
  };
}

}  // namespace quorate::lab
