// The runtime on real threads, with real files: three nodes of one process, and a network between
// them that does as it is told.
#include "node/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <thread>
#include <vector>

#include "env/posix/env.h"
#include "in_process.h"
#include "sim/runtime/registers.h"

namespace quorate {
namespace {

using simenv::Registers;

constexpr GroupId kGroup{1};
const std::vector<NodeId> kThree = {NodeId{1}, NodeId{2}, NodeId{3}};

// Prints nothing unless a test fails and asks.
class Diary final : public Observer {
 public:
  void happened(GroupId group, const Position& at, Happened what) override {
    note("group " + std::to_string(group.value()) + " " + describe(at) + ": " + describe(what));
  }
  void note(const std::string& text) override {
    const std::lock_guard hold{mutex_};
    text_ += text + "\n";
  }
  std::string text() {
    const std::lock_guard hold{mutex_};
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

// In whichever file of the folder holds `what`, a byte in the middle of it changes.
bool flip_a_byte_of(const std::filesystem::path& folder, const std::string& what) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    if (const auto at = bytes.find(what); at != std::string::npos) {
      file.clear();
      file.seekp(static_cast<std::streamoff>(at + what.size() / 2));
      file.put('!');
      return file.good();
    }
  }
  return false;
}

class NodeTest : public ::testing::Test {
 protected:
  NodeTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 (std::string{"quorate-node-"} + info->name() + "-" + std::to_string(getpid()));
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~NodeTest() override {
    nodes_.clear();
    std::filesystem::remove_all(directory_);
    if (HasFailure()) {
      std::fputs(diary_.text().c_str(), stderr);
    }
  }

  NodeOptions options_of(NodeId id) {
    NodeOptions options;
    options.cluster = ClusterId{7};
    options.id = id;
    options.directory = (directory_ / std::to_string(id.value())).string();
    options.create = true;
    options.log.segment_bytes = 1U << 20U;
    options.carrier = network_.carrier_of(id);
    options.snapshots.after_bytes = snapshot_after_;
    options.core.compaction_tail = 10;
    return options;
  }
  void start(NodeId id) {
    auto node = Node::open(
        env_, options_of(id), [this](GroupId) { return std::make_unique<Registers>(env_.files()); },
        &diary_);
    ASSERT_TRUE(node.ok()) << node.error().message;
    nodes_[id] = std::move(node.value());
  }
  void crash(NodeId id) { nodes_.erase(id); }
  void begin_cluster() {
    Members members;
    for (const NodeId id : kThree) {
      members.set({id, {"test", static_cast<std::uint16_t>(id.value())}, false});
    }
    for (const NodeId id : kThree) {
      start(id);
      const Outcome created = wait([&](Done done) { nodes_[id]->create(kGroup, members, done); });
      ASSERT_EQ(created.fate, Fate::kDone) << describe(created);
    }
  }

  // Calls `ask` with a callback and waits for it.
  template <class Ask>
  Outcome wait(Ask ask) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    ask([promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return future.get();
  }
  // Asks one node after the other until somebody does it.
  Outcome put(const std::string& key, const std::string& value) {
    return propose(Registers::command(sim::Act::kPut, key, value));
  }
  Outcome propose(const Bytes& command) {
    for (std::size_t tries = 0;; ++tries) {
      const NodeId id = kThree[tries % kThree.size()];
      if (!nodes_.contains(id)) {
        continue;
      }
      const Outcome outcome =
          wait([&](Done done) { nodes_[id]->propose(kGroup, command, std::move(done)); });
      if (outcome.fate != Fate::kRefused) {
        return outcome;
      }
      std::this_thread::yield();
    }
  }
  std::pair<Outcome, std::string> get(NodeId id, ReadKind kind, const std::string& key) {
    auto promise = std::make_shared<std::promise<std::pair<Outcome, std::string>>>();
    auto future = promise->get_future();
    nodes_[id]->read(kGroup, kind, [promise, key](const Outcome& outcome, StateMachine* machine) {
      promise->set_value({outcome, machine != nullptr ? dynamic_cast<Registers*>(machine)->get(key)
                                                      : std::string{}});
    });
    return future.get();
  }
  // A linearizable read there, as soon as it can be had.
  std::string read(NodeId id, const std::string& key) {
    for (;;) {
      const auto [outcome, value] = get(id, ReadKind::kLinearizable, key);
      if (outcome.fate == Fate::kDone) {
        return value;
      }
      std::this_thread::yield();
    }
  }
  NodeId leader() {
    for (std::size_t i = 0;; ++i) {
      const NodeId id = kThree[i % kThree.size()];
      if (!nodes_.contains(id)) {
        continue;
      }
      std::promise<bool> leads;
      nodes_[id]->status(kGroup, [&leads](const Result<Status>& status) {
        leads.set_value(status && status.value().at.role == Role::kLeader);
      });
      if (leads.get_future().get()) {
        return id;
      }
      std::this_thread::yield();
    }
  }

  std::filesystem::path directory_;
  env::PosixEnv env_;
  Diary diary_;
  quorate::testing::InProcessNetwork network_;
  std::uint64_t snapshot_after_ = 0;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
};

TEST_F(NodeTest, ThreeNodesAgreeOnWhatIsPut) {
  begin_cluster();
  EXPECT_EQ(put("a", "1").fate, Fate::kDone);
  for (const NodeId id : kThree) {
    EXPECT_EQ(read(id, "a"), "1");
  }
}

TEST_F(NodeTest, ASwapAnswersWithWhatItReplaced) {
  begin_cluster();
  put("a", "1");
  EXPECT_EQ(propose(Registers::command(sim::Act::kSwap, "a", "2")).result, "1");
}

TEST_F(NodeTest, WhatWasAcknowledgedIsThereAfterAllNodesCrashed) {
  begin_cluster();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(put("k" + std::to_string(i), std::to_string(i)).fate, Fate::kDone);
  }
  nodes_.clear();
  for (const NodeId id : kThree) {
    start(id);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(read(NodeId{2}, "k" + std::to_string(i)), std::to_string(i));
  }
}

TEST_F(NodeTest, ALeaderThatCrashesIsReplacedAndComesBackAsAFollower) {
  begin_cluster();
  put("a", "1");
  const NodeId first = leader();
  crash(first);
  EXPECT_EQ(put("a", "2").fate, Fate::kDone);
  start(first);
  EXPECT_EQ(read(first, "a"), "2");
}

TEST_F(NodeTest, AFollowerThatMissedALotIsSentASnapshot) {
  snapshot_after_ = 20'000;
  begin_cluster();
  put("a", "1");
  const NodeId away = leader() == NodeId{1} ? NodeId{2} : NodeId{1};
  crash(away);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(put("k" + std::to_string(i % 50), std::string(100, 'x')).fate, Fate::kDone);
  }
  put("a", "2");
  start(away);
  EXPECT_EQ(read(away, "a"), "2");
  EXPECT_EQ(read(away, "k49"), std::string(100, 'x'));
  EXPECT_THAT(diary_.text(), ::testing::HasSubstr(describe(Happened::kSnapshotInstalled)));
}

TEST_F(NodeTest, AStoppedNodeHandsLeadershipOverAndAnswersEverybody) {
  begin_cluster();
  put("a", "1");
  const NodeId first = leader();
  std::promise<void> stopped;
  nodes_[first]->stop([&stopped] { stopped.set_value(); });
  stopped.get_future().get();
  EXPECT_EQ(wait([&](Done done) {
              nodes_[first]->propose(kGroup, Registers::command(sim::Act::kPut, "a", "2"), done);
            }).why,
            Refusal::kShutDown);
  crash(first);
  EXPECT_EQ(put("a", "3").fate, Fate::kDone);
}

TEST_F(NodeTest, ALinearizableReadAtAFollowerSeesTheNewestWrite) {
  begin_cluster();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(put("a", std::to_string(i)).fate, Fate::kDone);
    EXPECT_EQ(read(kThree[static_cast<std::size_t>(i) % 3], "a"), std::to_string(i));
  }
}

TEST_F(NodeTest, AGroupThatIsNotHereIsAnAnswer) {
  begin_cluster();
  const Outcome outcome = wait([&](Done done) {
    nodes_[NodeId{1}]->propose(GroupId{99}, Registers::command(sim::Act::kPut, "a", "2"), done);
  });
  EXPECT_EQ(outcome.fate, Fate::kRefused);
  EXPECT_THAT(outcome.detail, ::testing::HasSubstr("group 99"));
}

// Rule 12.
TEST_F(NodeTest, ARottenRecordComesBackFromAnotherMember) {
  begin_cluster();
  put("a", std::string(1000, 'R'));
  put("b", "after it");
  EXPECT_EQ(read(NodeId{1}, "b"), "after it");
  nodes_.clear();
  ASSERT_TRUE(flip_a_byte_of(directory_ / "1" / "log", std::string(1000, 'R')));
  for (const NodeId id : kThree) {
    start(id);
  }
  EXPECT_EQ(read(NodeId{1}, "a"), std::string(1000, 'R'));
  EXPECT_THAT(diary_.text(), ::testing::HasSubstr("group 1: its log is whole again"));
}

// Rule 11: what was durable and is broken is never taken for a torn tail.
TEST_F(NodeTest, ARottenRecordThatNobodyElseHoldsKeepsANodeFromStarting) {
  start(NodeId{1});
  Members alone;
  alone.set({NodeId{1}, {"test", 1}, false});
  wait([&](Done done) { nodes_[NodeId{1}]->create(kGroup, alone, std::move(done)); });
  const Bytes command = Registers::command(sim::Act::kPut, "a", std::string(1000, 'R'));
  for (int writes = 0; writes < 2; ++writes) {
    Outcome outcome;
    while (outcome.fate != Fate::kDone) {
      outcome = wait([&](Done d) { nodes_[NodeId{1}]->propose(kGroup, command, std::move(d)); });
    }
  }
  nodes_.clear();
  ASSERT_TRUE(flip_a_byte_of(directory_ / "1" / "log", std::string(1000, 'R')));
  const auto node = Node::open(
      env_, options_of(NodeId{1}),
      [this](GroupId) { return std::make_unique<Registers>(env_.files()); }, &diary_);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(node.error().message, ::testing::HasSubstr("segment"));
}

TEST_F(NodeTest, AnEmptyDirectoryStartsNothingByItself) {
  NodeOptions options = options_of(NodeId{1});
  options.create = false;
  const auto node = Node::open(
      env_, options, [this](GroupId) { return std::make_unique<Registers>(env_.files()); },
      &diary_);
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace quorate
