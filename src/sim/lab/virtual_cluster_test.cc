// The virtual cluster behaves as labrpc and the course's config do (lab suite, section 1).
#include "sim/lab/virtual_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/lab/runner.h"
#include "sim/lab/tester.h"

namespace quorate::lab {
namespace {

using ::testing::HasSubstr;

// Runs one scenario body on a cluster, and throws what it throws.
void run(VirtualCluster& cluster, Task<> (*body)(Tester&)) {
  Tester tester{cluster, 1};
  Task<> task = body(tester);
  task.start();
  cluster.run(task);
  task.result();
}

Task<> idle_minute(Tester& t) { co_await t.pause(seconds{60}); }
Task<> idle_second(Tester& t) { co_await t.pause(seconds{1}); }
Task<> three_commands(Tester& t) {
  for (std::uint64_t number = 1; number <= 3; ++number) {
    co_await t.one(number, t.size());
  }
}

struct Traced {
  std::vector<std::string> lines;
  [[nodiscard]] std::size_t count(std::string_view what) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [&](const std::string& line) { return line.find(what) != std::string::npos; }));
  }
  VirtualCluster::Trace sink() {
    return [this](const std::string& line) { lines.push_back(line); };
  }
};

TEST(VirtualCluster, TheSameSeedGivesTheSameRun) {
  for (const Scenario& scenario : select_scenarios("UnreliableChurn2C")) {
    Traced first;
    Traced second;
    Traced other;
    run_once(scenario, {}, 5, first.sink());
    run_once(scenario, {}, 5, second.sink());
    run_once(scenario, {}, 6, other.sink());
    EXPECT_GT(first.lines.size(), 1000U);
    EXPECT_EQ(first.lines, second.lines);
    EXPECT_NE(first.lines, other.lines);
  }
}

TEST(VirtualCluster, AGoodNetworkLosesNothing) {
  Traced trace;
  VirtualCluster cluster{{.peers = 3}, {}, 1, trace.sink()};
  run(cluster, idle_minute);
  EXPECT_GT(cluster.rpc_total(), 1000U);
  EXPECT_EQ(trace.count(" lost: "), 0U);
}

TEST(VirtualCluster, ABadNetworkLosesATenthOfRequestsAndOfAnswers) {
  Traced trace;
  VirtualCluster cluster{{.peers = 3, .reliable = false}, {}, 1, trace.sink()};
  run(cluster, idle_minute);
  const auto sent = static_cast<double>(cluster.rpc_total());
  EXPECT_NEAR(static_cast<double>(trace.count("request lost")) / sent, 0.1, 0.03);
  EXPECT_NEAR(static_cast<double>(trace.count("answer lost")) / sent, 0.09, 0.03);
}

TEST(VirtualCluster, CountsRequestsSentAndRequestsHandled) {
  VirtualCluster cluster{{.peers = 3}, {}, 1};
  run(cluster, idle_second);
  const std::uint64_t handled = cluster.rpc_count(0) + cluster.rpc_count(1) + cluster.rpc_count(2);
  EXPECT_EQ(handled, cluster.rpc_total());
  EXPECT_GT(cluster.bytes_total(), 0U);
  cluster.restart(0);
  EXPECT_EQ(cluster.rpc_count(0), 0U);
}

TEST(VirtualCluster, ADisconnectedPeerHearsNobodyButItsRequestsCount) {
  VirtualCluster cluster{{.peers = 3}, {}, 1};
  for (Peer peer = 0; peer < 3; ++peer) {
    cluster.disconnect(peer);
  }
  run(cluster, idle_second);
  EXPECT_GT(cluster.rpc_total(), 0U);
  EXPECT_EQ(cluster.rpc_count(0) + cluster.rpc_count(1) + cluster.rpc_count(2), 0U);
}

TEST(VirtualCluster, TwoPeersReachEachOtherOnlyWhenBothAreConnected) {
  VirtualCluster cluster{{.peers = 3}, {}, 1};
  cluster.disconnect(0);
  cluster.disconnect(1);
  cluster.connect(0);
  run(cluster, idle_second);
  EXPECT_EQ(cluster.rpc_count(1), 0U);
  EXPECT_GT(cluster.rpc_count(0) + cluster.rpc_count(2), 0U);
}

TEST(VirtualCluster, LongReorderingHoldsTwoAnswersInThreeBack) {
  Traced trace;
  VirtualCluster cluster{{.peers = 3}, {}, 1, trace.sink()};
  cluster.set_long_reordering(true);
  run(cluster, idle_minute);
  const auto answers = static_cast<double>(cluster.rpc_total());
  EXPECT_NEAR(static_cast<double>(trace.count("answer held back")) / answers, 0.667, 0.05);
}

TEST(VirtualCluster, ARestartedPeerHasItsLogAndIsNotConnected) {
  VirtualCluster cluster{{.peers = 3}, {}, 1};
  run(cluster, three_commands);
  const Term before = cluster.state(1).term;
  cluster.restart(1);
  EXPECT_FALSE(cluster.connected(1));
  EXPECT_EQ(cluster.state(1).term, before);
  EXPECT_GT(cluster.state_size(1), 0U);
  cluster.connect(1);
  run(cluster, three_commands);
  EXPECT_EQ(cluster.applied_at(Index{6}).peers, 3U);
}

TEST(VirtualCluster, ADeadPeerTakesNoCommand) {
  VirtualCluster cluster{{.peers = 3}, {}, 1};
  cluster.crash(2);
  EXPECT_FALSE(cluster.alive(2));
  EXPECT_EQ(cluster.start(2, 1), std::nullopt);
}

TEST(VirtualCluster, ATestThatNeverEndsFailsAfter120Seconds) {
  const auto body = [](Tester& t) -> Task<> {
    for (;;) {
      co_await t.pause(seconds{1});
    }
  };
  const Outcome outcome = [&] {
    VirtualCluster cluster{{.peers = 3}, {}, 1};
    return play({"Endless", {.peers = 3}, body}, cluster, 1);
  }();
  EXPECT_FALSE(outcome.passed);
  EXPECT_THAT(outcome.reason, HasSubstr("longer than 120 s"));
}

TEST(VirtualCluster, EmptyEntriesAreNoCommands) {
  VirtualCluster cluster{{.peers = 3}, {.empty_entry = true}, 1};
  run(cluster, three_commands);
  EXPECT_EQ(cluster.empty_entries(Index{4}), 1U);
  EXPECT_EQ(cluster.applied_at(Index{1}).command, std::nullopt);
  EXPECT_EQ(cluster.applied_at(Index{4}).command, Command{3});
}

}  // namespace
}  // namespace quorate::lab
