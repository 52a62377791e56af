// The rules of the design that the runtime must keep, each by its name, on simulated machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "env/mailbox.h"
#include "node/bundle.h"
#include "simulated_nodes.h"

namespace quorate {
namespace {

using simenv::Survival;
using namespace std::chrono_literals;

class NodeRules : public quorate::testing::SimulatedNodes {};

Options that_sleep() {
  Options core;
  core.quiesce_after = 500ms;
  return core;
}

class NodesThatSleep : public quorate::testing::SimulatedNodes {
 protected:
  NodesThatSleep() : SimulatedNodes(that_sleep()) {}
};

TEST_F(NodeRules, Rule01WhatWasAcknowledgedSurvivesThatAllLosePowerAtOnce) {
  for (int round = 0; round < 5; ++round) {
    const std::string value = std::to_string(round);
    put_surely("a", value);
    power_cut(Survival::kNone);
    EXPECT_EQ(get(leader(), "a"), value);
  }
}

// Append acknowledgements wait for durability: with both followers' disks hung, nothing commits.
TEST_F(NodeRules, Rule01NothingCommitsOnWhatIsNotDurable) {
  put_surely("a", "1");
  disks_come_to_rest();
  const std::size_t first = leader();
  const std::size_t second = other_than(first);
  machine(second).hang_disk(true);
  machine(third(first, second)).hang_disk(true);
  const Answer answer = put(first, "a", "2");
  world.run_for(500ms);
  EXPECT_FALSE(answer->has_value()) << describe(**answer);
  machine(second).hang_disk(false);
  EXPECT_EQ(fate_of(answer), Fate::kDone);
}

// The leader's own copy counts only once it is durable; and two followers suffice.
TEST_F(NodeRules, Rule03TheLeadersCopyCountsWhenItsWriteIsDone) {
  put_surely("a", "1");
  disks_come_to_rest();
  const std::size_t first = leader();
  const std::size_t second = other_than(first);
  machine(first).hang_disk(true);
  machine(second).hang_disk(true);
  const Answer answer = put(first, "a", "2");
  world.run_for(500ms);
  EXPECT_FALSE(answer->has_value()) << describe(**answer);
  machine(first).hang_disk(false);
  EXPECT_EQ(fate_of(answer), Fate::kDone);
}

TEST_F(NodeRules, Rule05AReadAtAFollowerSeesWhatWasDoneBeforeItWasAsked) {
  for (int i = 0; i < 20; ++i) {
    put_surely("a", std::to_string(i));
    EXPECT_EQ(get(other_than(leader()), "a"), std::to_string(i));
  }
}

// Before a read is answered, its index is applied here: also where much is still to be applied.
TEST_F(NodeRules, Rule05AReadWaitsUntilItsIndexIsApplied) {
  put_surely("a", "1");
  disks_come_to_rest();
  const std::size_t first = leader();
  const std::size_t behind = other_than(first);
  machine(behind).hang_disk(true);  // what is not stable there is not applied
  put_surely("a", "2");
  auto got = std::make_shared<std::optional<std::string>>();
  node(behind).read(
      kGroup, ReadKind::kLinearizable, [got](const Outcome& outcome, StateMachine* machine) {
        *got = machine != nullptr ? dynamic_cast<simenv::Registers&>(*machine).get("a")
                                  : describe(outcome);
      });
  world.run_for(300ms);
  EXPECT_FALSE(got->has_value()) << **got;
  machine(behind).hang_disk(false);
  ASSERT_TRUE(world.run_until([&] { return got->has_value(); }, kPatience));
  EXPECT_EQ(**got, "2");
}

// An entry of another term applied at its index: definitely failed.
TEST_F(NodeRules, Rule10WhatAnotherLeaderReplacedHasDefinitelyFailed) {
  put_surely("a", "1");
  const std::size_t first = leader();
  world.network().isolate(machine(first));
  const Answer answer = put(first, "a", "lost");
  ASSERT_TRUE(world.run_until(
      [&] {
        const std::size_t now = leader();
        return now != first;
      },
      kPatience));
  put_surely("a", "2");
  world.network().heal();
  EXPECT_EQ(fate_of(answer), Fate::kFailed);
  EXPECT_EQ(get(first, "a"), "2");
}

// A node that ends cannot know.
TEST_F(NodeRules, Rule10WhatWaitsWhenTheDiskFailsIsUnknown) {
  put_surely("a", "1");
  const std::size_t first = leader();
  world.network().isolate(machine(first));
  const Answer answer = put(first, "a", "2");
  machine(first).disk().inject({.call = simenv::Call::kSync, .path = ".log"});
  ASSERT_TRUE(world.run_until([&] { return answer->has_value(); }, 1s)) << "said at once";
  EXPECT_EQ((*answer)->fate, Fate::kUnknown);
  EXPECT_THAT((*answer)->detail, ::testing::HasSubstr("the disk of this node has failed"));
}

TEST_F(NodeRules, Rule11AFailedSyncAcknowledgesNothingAndTheOthersGoOn) {
  put_surely("a", "1");
  const std::size_t first = leader();
  machine(first).disk().inject({.call = simenv::Call::kSync, .path = ".log"});
  const Answer answer = put(first, "a", "2");
  EXPECT_NE(fate_of(answer), Fate::kDone);
  world.run_for(2s);
  const Answer later = put(first, "a", "3");
  EXPECT_NE(fate_of(later), Fate::kDone) << "it would sync now, and is not asked again";
  machine(first).crash(Survival::kNone);
  put_surely("a", "4");
  machine(first).start();
  world.run_for(1s);
  EXPECT_EQ(get(first, "a"), "4");
}

// A failed allocation answers "full", and recovers.
TEST_F(NodeRules, Rule11AFullDiskAcknowledgesNothingAndGoesOnWhenThereIsRoom) {
  put_surely("a", "1");
  for (std::size_t i = 0; i < kCount; ++i) {
    machine(i).disk().set_quota(machine(i).disk().used_bytes());
  }
  Fate last = Fate::kDone;
  int done = 0;
  for (; last == Fate::kDone && done < 1000; ++done) {
    last = fate_of(put(leader(), "k" + std::to_string(done), std::string(2000, 'x')));
  }
  EXPECT_NE(last, Fate::kDone);
  EXPECT_TRUE(noted("the disk is full"));
  for (std::size_t i = 0; i < kCount; ++i) {
    machine(i).disk().set_quota(0);
  }
  put_surely("a", "2");
  power_cut(Survival::kNone);
  EXPECT_EQ(get(leader(), "a"), "2");
  EXPECT_EQ(get(leader(), "k" + std::to_string(done - 2)), std::string(2000, 'x'));
}

// A node whose disk was wiped is not taken for who it was.
TEST_F(NodeRules, Rule13ANodeWithAnotherDiskIsNotSpokenTo) {
  put_surely("a", "1");
  world.run_for(1s);
  const std::size_t wiped = other_than(leader());
  machine(wiped).crash(Survival::kNone);
  machine(wiped).wipe();
  machine(wiped).start();
  world.run_for(5s);
  EXPECT_TRUE(noted("its disk is not the one that took part"));
  EXPECT_EQ(get(leader(), "a"), "1");
  auto got = std::make_shared<std::string>();
  node(wiped).read(kGroup, ReadKind::kLocal, [got](const Outcome&, StateMachine* machine) {
    *got = machine != nullptr ? dynamic_cast<simenv::Registers&>(*machine).get("a") : "";
  });
  world.run_for(1s);
  EXPECT_EQ(*got, "") << "nobody has told it anything";
}

// Losing the leader's node wakes its groups.
TEST_F(NodesThatSleep, Rule14AreWokenWhenTheirLeadersNodeIsLost) {
  put_surely("a", "1");
  const std::size_t first = leader();
  world.run_for(30s);
  ASSERT_TRUE(asleep(other_than(first)));
  machine(first).crash(Survival::kNone);
  std::size_t next = first;
  ASSERT_TRUE(world.run_until(
      [&] {
        next = leader();
        return next != first;
      },
      5s));
  EXPECT_EQ(get(next, "a"), "1");
}

// ---- 15. Our own bugs

// Brings whatever a test says, in anybody's name.
class LyingCarrier final : public Carrier {
 public:
  LyingCarrier(env::Lane& lane, CarrierEvents& events) : lane_(lane), events_(events) {}

  void say(NodeId from, const Message& message) {
    Bundle bundle;
    bundle.add(GroupId{1}, message);
    if (mailbox_.put({from, bundle.take()})) {
      lane_.wake();
    }
  }
  void locate(NodeId /*node*/, const env::Address& /*address*/) override {}
  void send(NodeId /*to*/, Channel /*channel*/, Bytes /*body*/) override {}
  Instant turn() override {
    std::vector<std::pair<NodeId, Bytes>> said;
    mailbox_.take(said);
    for (const auto& [from, body] : said) {
      events_.received(from, body);
    }
    return kNever;
  }
  [[nodiscard]] env::Address address() const override { return {}; }

 private:
  env::Lane& lane_;
  CarrierEvents& events_;
  env::Mailbox<std::pair<NodeId, Bytes>> mailbox_;
};

// One node, in a group with two others that never were, and in a group of its own.
class NodeAmongLiars : public ::testing::Test, private Observer {
 protected:
  NodeAmongLiars() {
    simenv::Machine& machine = world_.add("n1");
    machine.run([this](env::Env& env) -> std::unique_ptr<simenv::Program> {
      auto made = Node::open(
          env, options(),
          [&env](GroupId) { return std::make_unique<simenv::Registers>(env.files()); }, this);
      EXPECT_TRUE(made.ok());
      node_ = made.value().get();
      for (const std::uint64_t count : {3U, 1U}) {
        Members members;
        for (std::uint64_t id = 1; id <= count; ++id) {
          members.set({NodeId{id}, {"n" + std::to_string(id), 7000}, false});
        }
        node_->create(GroupId{count == 1 ? 2U : 1U}, members, [](const Outcome&) {});
      }
      return std::make_unique<Program>(std::move(made.value()));
    });
    machine.start();
    world_.run_for(3s);
  }
  Outcome put(GroupId group) {
    std::optional<Outcome> answer;
    node_->propose(group, simenv::Registers::command(sim::Act::kPut, "a", "1"),
                   [&answer](const Outcome& outcome) { answer = outcome; });
    EXPECT_TRUE(world_.run_until([&] { return answer.has_value(); }, 20s));
    return answer.value_or(Outcome{});
  }
  // That it leads, in that term.
  void say(NodeId from, std::uint64_t term) {
    liar_->say(from, {from, NodeId{1}, Term{term}, Heartbeat{}});
    world_.run_for(100ms);
  }

  void say_as(NodeId from, NodeId in_the_name_of, std::uint64_t term) {
    liar_->say(from, {in_the_name_of, NodeId{1}, Term{term}, Heartbeat{}});
    world_.run_for(100ms);
  }

  std::string notes_;

 private:
  struct Program final : simenv::Program {
    explicit Program(std::unique_ptr<Node> node) : node(std::move(node)) {}
    std::unique_ptr<Node> node;
  };
  NodeOptions options() {
    NodeOptions options;
    options.cluster = ClusterId{1};
    options.id = NodeId{1};
    options.directory = "/data";
    options.create = true;
    options.log.segment_bytes = 64U << 10U;
    options.carrier = [this](env::Lane& lane, CarrierEvents& events) {
      auto carrier = std::make_unique<LyingCarrier>(lane, events);
      liar_ = carrier.get();
      return Result<std::unique_ptr<Carrier>>{std::move(carrier)};
    };
    return options;
  }
  void happened(GroupId /*group*/, const Position& /*at*/, Happened /*what*/) override {}
  void note(const std::string& text) override { notes_ += text + "\n"; }

  LyingCarrier* liar_ = nullptr;
  Node* node_ = nullptr;
  simenv::World world_{3};
};

// An assertion is caught at the loop's boundary; the group is poisoned, answers everything with
// that, and says what its last events were. The node's other groups go on.
TEST_F(NodeAmongLiars, Rule15AnAssertionPoisonsTheGroupAndNoOther) {
  say(NodeId{2}, 50);
  EXPECT_EQ(notes_.find("a bug"), std::string::npos) << notes_;
  say(NodeId{3}, 50);
  EXPECT_THAT(notes_, ::testing::HasSubstr("a bug; this node takes no part in it any more"));
  EXPECT_THAT(notes_, ::testing::HasSubstr("two leaders in one term: 2 and 3"));
  EXPECT_EQ(put(GroupId{1}).why, Refusal::kPoisoned);
  EXPECT_EQ(put(GroupId{2}).fate, Fate::kDone);
}

// What a node says in another's name is not listened to.
TEST_F(NodeAmongLiars, Rule13NobodySpeaksInAnothersName) {
  say(NodeId{2}, 50);
  say_as(NodeId{3}, NodeId{2}, 60);
  EXPECT_THAT(notes_, ::testing::HasSubstr("says what cannot be, and is not listened to"));
  EXPECT_EQ(notes_.find("a bug"), std::string::npos) << notes_;
}

}  // namespace
}  // namespace quorate
