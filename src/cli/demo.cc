// `quorate demo`: a cluster of three in virtual time, told in five scenes. What is printed are the
// trace lines of the real core, those that matter to the scene.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "sim/faults.h"
#include "sim/simulation_world.h"

namespace quorate::cli {

namespace {

using sim::Alarm;
using sim::World;

sim::Stage::Setup three_nodes() {
  sim::Stage::Setup setup;
  setup.nodes = {NodeId{1}, NodeId{2}, NodeId{3}};
  setup.bootstrap.voters = setup.nodes;
  setup.options.id = NodeId{1};
  setup.options.seed = 3;
  return setup;
}

sim::Climate calm() {
  sim::Climate climate;
  climate.link.shortest = Duration{300};
  climate.link.longest = Duration{700};
  climate.write = {.shortest = Duration{200}, .longest = Duration{400}};
  return climate;
}

class Demo {
 public:
  Demo() : world_(three_nodes(), calm(), 7) {
    world_.stage().trace_to([this](const std::string& line) { show(line); });
  }

  int play() {
    elect();
    const NodeId first = replicate();
    lose(first);
    const NodeId second = go_on();
    heal(first);
    return close(second);
  }

 private:
  // A caption, and which trace lines it is about.
  void scene(const char* caption, std::initializer_list<std::string_view> wanted,
             std::string who = {}) {
    std::printf("%s%s\n", shown_ == 0 ? "" : "\n", caption);
    wanted_ = wanted;
    who_ = std::move(who);
  }

  void show(const std::string& line) {
    if (!line.starts_with(who_)) {
      return;
    }
    for (const std::string_view part : wanted_) {
      if (line.find(part) != std::string::npos) {
        const double now = static_cast<double>(micros(world_.now())) / 1000;
        std::printf("%8.1f ms  %s\n", now, line.c_str());
        ++shown_;
        return;
      }
    }
  }

  void run_for(Duration time) {
    const Instant until = world_.now() + time;
    Alarm alarm;
    while (!world_.violated() && world_.next(until, alarm) != World::Went::kIdle) {
    }
  }

  // Until somebody leads and all that he has is committed.
  NodeId wait_for_leader() {
    for (int i = 0; i < 5000 && !world_.violated(); ++i) {
      run_for(Duration{1000});
      const NodeId leader = sim::leader_of(world_.stage());
      if (leader != kNobody) {
        const Position at = world_.stage().at(leader);
        if (at.committed == at.last.index) {
          wanted_.clear();
          run_for(Duration{5000});  // the others learn of it
          return leader;
        }
      }
    }
    return kNobody;
  }

  void propose(NodeId node, const char* payload) {
    world_.perform(node, sim::ProposeAt{node, RequestId{++requests_}, payload});
  }

  void elect() {
    scene("1. Three nodes start. The first whose timer runs out asks, then campaigns (5.2, 9.6).",
          {"became pre-c", "became c", "became l", " request-vote ->", "]   vote-answer ->"});
    wait_for_leader();
  }

  NodeId replicate() {
    const NodeId leader = sim::leader_of(world_.stage());
    scene(
        "2. A client writes. The leader's disk and its followers work in parallel; two make it a "
        "fact.",
        {"propose", "write", "append ->", "append-accepted ->", "commit index"});
    propose(leader, "x=1");
    run_for(Duration{5000});
    return leader;
  }

  void lose(NodeId leader) {
    scene("3. The leader crashes. Nobody is told; the others notice its silence.",
          {"crashed", "became pre-c", "became c", "became l", "]   vote-answer ->"});
    world_.crash(leader);
    wait_for_leader();
  }

  NodeId go_on() {
    const NodeId leader = sim::leader_of(world_.stage());
    scene("4. Two of three are a majority: writes go on.",
          {"propose", "append-accepted ->", "commit index"});
    propose(leader, "x=2");
    run_for(Duration{5000});
    return leader;
  }

  void heal(NodeId old) {
    scene("5. The old leader comes back, learns that it is one no more, and catches up.",
          {"started", "became f", "rejected ->", "write ticket", "accepted ->", "apply"},
          "[n" + std::to_string(old.value()) + " ");
    world_.restart(old);
    run_for(Duration{400'000});
  }

  int close(NodeId leader) {
    const sim::Stage& stage = world_.stage();
    std::printf("\nAll three agree:\n");
    bool equal = !world_.violated() && leader != kNobody;
    for (const NodeId node : stage.nodes()) {
      equal = equal && stage.machine(node) == stage.machine(leader);
      std::printf("  %-64s state %016llx\n", describe(stage.at(node)).c_str(),
                  static_cast<unsigned long long>(stage.machine(node).digest));
    }
    if (!equal) {
      std::printf("\nThey do not. This is a bug: %s\n", stage.violation().value_or("").c_str());
      return 1;
    }
    std::printf(
        "\nWhat to try next:\n"
        "  build/quorate sim --seed 7           a minute with crashes, partitions and hanging "
        "disks\n"
        "  build/quorate sim --seed 7 --trace   the same, every event\n"
        "  build/quorate sim --help             seeds, sweeps, shrinking, replay\n"
        "  build/quorate --help                 all that this binary does\n");
    return 0;
  }

  World world_;
  std::vector<std::string_view> wanted_;
  std::string who_;  // how a line begins that is shown
  int shown_ = 0;
  std::uint64_t requests_ = 0;
};

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "demo", "Watch a cluster of three elect, replicate, lose its leader and heal");
  command->callback([&exit_code] { exit_code = Demo{}.play(); });
}

}  // namespace quorate::cli
