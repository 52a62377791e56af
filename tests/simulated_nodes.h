// Three nodes on simulated machines, and words to say what happens to them: the real runtime, log
// and transport in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/node.h"
#include "sim/env/world.h"
#include "sim/runtime/registers.h"
#include "sim/workload.h"

namespace quorate::testing {

using namespace std::chrono_literals;

class SimulatedNodes : public ::testing::Test, private Observer {
 protected:
  static constexpr GroupId kGroup{1};
  static constexpr std::size_t kCount = 3;
  static constexpr Duration kPatience = 20s;

  // What has become of a request.
  using Answer = std::shared_ptr<std::optional<Outcome>>;

  explicit SimulatedNodes(Options core = {}) : core_(core) {
    for (std::size_t i = 0; i < kCount; ++i) {
      members_.set({NodeId{i + 1}, {name_of(i), kPort}, false});
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      add_machine(i);
    }
  }
  ~SimulatedNodes() override { EXPECT_TRUE(world.violations().empty()); }

  simenv::Machine& machine(std::size_t i) { return *world.machines()[i]; }
  bool up(std::size_t i) { return machine(i).program() != nullptr; }
  Node& node(std::size_t i) { return dynamic_cast<OneNode&>(*machine(i).program()).node(); }
  // Whoever leads, once there is one that the others follow.
  std::size_t leader() {
    std::size_t found = kCount;
    EXPECT_TRUE(world.run_until([&] { return (found = led_by()) < kCount; }, kPatience));
    return found;
  }
  std::size_t other_than(std::size_t a) { return (a + 1) % kCount; }
  std::size_t third(std::size_t a, std::size_t b) { return kCount - a - b; }

  Answer put(std::size_t i, const std::string& key, const std::string& value) {
    auto answer = std::make_shared<std::optional<Outcome>>();
    node(i).propose(kGroup, simenv::Registers::command(sim::Act::kPut, key, value),
                    [answer](const Outcome& outcome) { *answer = outcome; });
    return answer;
  }
  // Waits for it; an answer that does not come is unknown.
  Fate fate_of(const Answer& answer) {
    EXPECT_TRUE(world.run_until([&] { return answer->has_value(); }, kPatience));
    return *answer ? (*answer)->fate : Fate::kUnknown;
  }
  // Puts it where somebody leads, again and again until that is done.
  void put_surely(const std::string& key, const std::string& value) {
    for (int left = 50; left > 0; --left) {
      if (fate_of(put(leader(), key, value)) == Fate::kDone) {
        return;
      }
      world.run_for(100ms);
    }
    FAIL() << "nobody takes " << key;
  }
  std::string get(std::size_t i, const std::string& key, ReadKind kind = ReadKind::kLinearizable) {
    for (int left = 50; left > 0; --left) {
      auto got = std::make_shared<std::optional<std::string>>();
      node(i).read(kGroup, kind, [got, key](const Outcome& outcome, StateMachine* machine) {
        *got = machine != nullptr ? dynamic_cast<simenv::Registers&>(*machine).get(key)
                                  : describe(outcome);
      });
      EXPECT_TRUE(world.run_until([&] { return got->has_value(); }, kPatience));
      if (*got && !(*got)->starts_with("refused")) {
        return **got;
      }
      world.run_for(100ms);
    }
    return "no answer";
  }
  // Nothing is being written: a disk that hangs from now on hangs with what is written later.
  void disks_come_to_rest() { world.run_for(300ms); }
  // All lose power at once, and come back.
  void power_cut(simenv::Survival survival) {
    for (std::size_t i = 0; i < kCount; ++i) {
      machine(i).crash(survival);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      machine(i).start();
    }
    world.run_for(10ms);
  }
  bool noted(const std::string& text) const { return notes_.find(text) != std::string::npos; }

  // As the node itself says.
  bool asleep(std::size_t i) {
    auto answer = std::make_shared<std::optional<bool>>();
    node(i).status(kGroup, [answer](const Result<Status>& status) {
      *answer = status && status.value().at.asleep;
    });
    EXPECT_TRUE(world.run_until([&] { return answer->has_value(); }, kPatience));
    return answer->value_or(false);
  }

 private:
  static constexpr std::uint16_t kPort = 7000;

  class OneNode final : public simenv::Program {
   public:
    explicit OneNode(std::unique_ptr<Node> node) : node_(std::move(node)) {}
    Node& node() { return *node_; }

   private:
    std::unique_ptr<Node> node_;
  };

  static std::string name_of(std::size_t i) { return "n" + std::to_string(i + 1); }

  void add_machine(std::size_t i) {
    simenv::Machine& machine = world.add(name_of(i));
    machine.run([this, i](env::Env& env) -> std::unique_ptr<simenv::Program> {
      NodeOptions mine;
      mine.core = core_;
      mine.cluster = ClusterId{1};
      mine.id = NodeId{i + 1};
      mine.directory = "/data";
      mine.create = true;
      mine.listen = {name_of(i), kPort};
      mine.log.segment_bytes = 64U << 10U;
      for (const Member& member : members_.all()) {
        mine.contacts[member.id] = member.address;
      }
      auto node = Node::open(
          env, mine, [&env](GroupId) { return std::make_unique<simenv::Registers>(env.files()); },
          this);
      if (!node) {
        notes_ += node.error().message + "\n";
        return nullptr;
      }
      if (node.value()->groups().empty()) {
        node.value()->create(kGroup, members_, [](const Outcome&) {});
      }
      return std::make_unique<OneNode>(std::move(node.value()));
    });
    machine.start();
  }

  // Who a majority says leads, itself among them.
  std::size_t led_by() {
    const Instant now = world.now();
    if (now < looked_ + 10ms) {
      return led_by_;
    }
    looked_ = now;
    for (std::size_t i = 0; i < kCount; ++i) {
      if (up(i)) {
        node(i).status(kGroup, [this, i](const Result<Status>& status) {
          leads_[i] =
              status && status.value().at.role == Role::kLeader ? status.value().at.term : Term{};
        });
      } else {
        leads_[i] = Term{};
      }
    }
    led_by_ = kCount;
    for (std::size_t i = 0; i < kCount; ++i) {
      if (leads_[i] > Term{} && (led_by_ == kCount || leads_[i] > leads_[led_by_])) {
        led_by_ = i;
      }
    }
    return led_by_;
  }

  void happened(GroupId /*group*/, const Position& /*at*/, Happened /*what*/) override {}
  void note(const std::string& text) override { notes_ += text + "\n"; }

  Options core_;
  Members members_;
  std::string notes_;
  std::vector<Term> leads_ = std::vector<Term>(kCount);
  std::size_t led_by_ = kCount;
  Instant looked_;

 protected:
  simenv::World world{7};  // ends first: its nodes speak to what stands above
};

}  // namespace quorate::testing
