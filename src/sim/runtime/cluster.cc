#include "sim/runtime/cluster.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "sim/runtime/lying_env.h"
#include "wal/segment.h"

namespace quorate::simenv {
namespace {

constexpr GroupId kGroup{1};
constexpr std::uint16_t kPort = 7000;
// A client that heard nothing for so long does not know.
constexpr Duration kClientPatience = std::chrono::seconds{3};
constexpr Duration kConvergence = std::chrono::seconds{20};

std::string name_of_node(NodeId id) { return "n" + std::to_string(id.value()); }

// What happens on any node is counted, and what it says is kept for the report.
class Diary final : public Observer {
 public:
  void happened(GroupId /*group*/, const Position& /*at*/, Happened what) override {
    elections += what == Happened::kBecameLeader ? 1 : 0;
    installs += what == Happened::kSnapshotInstalled ? 1 : 0;
  }
  void note(const std::string& text) override {
    if (text.find("a bug") != std::string::npos && bug.empty()) {
      bug = text;
    }
    repairs += text.find("is whole again") != std::string::npos ? 1 : 0;
  }
  std::size_t elections = 0;
  std::size_t installs = 0;
  std::size_t repairs = 0;
  std::string bug;
};

class NodeProgram final : public Program {
 public:
  static std::unique_ptr<Program> start(env::Env& real, const NodeOptions& options,
                                        const Members& members, const ClusterSetup& setup,
                                        Diary& diary, std::string& refusal) {
    auto lying = setup.syncs_are_lies ? std::make_unique<LyingEnv>(real) : nullptr;
    env::Env& env = lying ? static_cast<env::Env&>(*lying) : real;
    const bool keeps = setup.machines_keep_themselves;
    const Registers::Keeping keeping{keeps ? "/registers" : "", 20};
    auto node = Node::open(
        env, options,
        [&env, keeping](GroupId) { return std::make_unique<Registers>(env.files(), keeping); },
        &diary);
    if (!node) {
      refusal = node.error().message;
      return nullptr;
    }
    if (node.value()->groups().empty()) {
      node.value()->create(kGroup, members, [](const Outcome&) {});
    }
    return std::make_unique<NodeProgram>(std::move(node.value()), std::move(lying));
  }
  NodeProgram(std::unique_ptr<Node> node, std::unique_ptr<LyingEnv> lying)
      : lying_(std::move(lying)), node_(std::move(node)) {}
  Node& node() { return *node_; }

 private:
  std::unique_ptr<LyingEnv> lying_;
  std::unique_ptr<Node> node_;
};

class Run {
 public:
  explicit Run(const ClusterSetup& setup)
      : setup_(setup), random_(setup.seed * 2 + 1), world_(setup.seed), clients_(setup.clients) {
    for (std::size_t i = 1; i <= setup.nodes; ++i) {
      const NodeId id{i};
      members_.set({id, {name_of_node(id), kPort}, false});
      refusals_.emplace_back();
    }
    for (const Member& member : members_.all()) {
      add_machine(member.id);
    }
  }

  ClusterReport judge() {
    for (std::size_t client = 0; client < clients_.size(); ++client) {
      think(client);
    }
    if (setup_.faults) {
      trouble();
    }
    const bool ended = world_.run_until(
        [this] { return issued_ >= setup_.operations && waiting_ == 0; }, std::chrono::hours{2});
    heal();
    check_violations();
    if (!ended) {
      wrong("the clients did not come to an end" + describe_nodes());
    }
    if (report_.wrong.empty()) {
      converge();
    }
    if (report_.wrong.empty() && setup_.rot_everywhere_at_the_end) {
      world_.run_for(std::chrono::seconds{1});  // all is written, and closed up
      for (const auto& machine : world_.machines()) {
        machine->crash(Survival::kAny);
        rot(machine->disk(), true);
      }
      heal();
      converge();
    }
    check();
    report_.hash = world_.hash();
    report_.elections = diary_.elections;
    report_.snapshots_installed = diary_.installs;
    report_.repairs = diary_.repairs;
    report_.simulated = world_.now() - Instant{};
    return report_;
  }

 private:
  struct Client {
    std::uint64_t turn = 0;  // grows with each request, so that a late answer is known as such
  };

  void add_machine(NodeId id) {
    Machine& machine = world_.add(name_of_node(id));
    machine.run([this, id](env::Env& env) {
      NodeOptions options;
      options.cluster = ClusterId{1};
      options.id = id;
      options.directory = "/data";
      options.create = true;
      options.listen = {name_of_node(id), kPort};
      options.log.segment_bytes = setup_.segment_bytes;
      options.snapshots.after_bytes = setup_.snapshot_after_bytes;
      options.core.compaction_tail = 20;
      for (const Member& member : members_.all()) {
        options.contacts[member.id] = member.address;
      }
      return NodeProgram::start(env, options, members_, setup_, diary_, refusals_[id.value() - 1]);
    });
    machine.start();
  }

  Machine& machine(std::size_t i) { return *world_.machines()[i]; }
  Node* node(std::size_t i) {
    auto* program = dynamic_cast<NodeProgram*>(machine(i).program());
    return program != nullptr ? &program->node() : nullptr;
  }
  void wrong(const std::string& what) {
    if (report_.wrong.empty()) {
      report_.wrong = what;
    }
  }

  // ---- Clients

  void think(std::size_t client) {
    const auto pause = static_cast<std::uint64_t>(setup_.pause.count());
    world_.after(Duration{static_cast<std::int64_t>(random_.below(2 * pause) + 1)},
                 [this, client] { ask(client); });
  }

  void ask(std::size_t client) {
    if (issued_ >= setup_.operations) {
      return;
    }
    Node* node = this->node(random_.below(setup_.nodes));
    if (node == nullptr) {
      return think(client);
    }
    const std::size_t number = history_.size();
    ++issued_;
    ++waiting_;
    const std::uint64_t turn = ++clients_[client].turn;
    sim::Operation operation;
    operation.client = client;
    operation.act = static_cast<sim::Act>(random_.below(4));
    operation.key = "k" + std::to_string(random_.below(setup_.keys));
    operation.argument = std::to_string(number) + ";";
    if (operation.act == sim::Act::kPut) {
      operation.argument.append(setup_.padding, '.');
    }
    operation.call = world_.now();
    history_.push_back(operation);
    kept_.push_back(true);
    world_.after(kClientPatience, [this, client, turn, number] {
      if (clients_[client].turn == turn) {
        ended(client, number, quorate::Fate::kUnknown, {});
      }
    });
    send(*node, client, turn, number, operation);
  }

  void send(Node& node, std::size_t client, std::uint64_t turn, std::size_t number,
            const sim::Operation& operation) {
    const auto answered = [this, client, turn, number](const Outcome& outcome, std::string result) {
      if (clients_[client].turn == turn) {
        ended(client, number, outcome.fate, std::move(result));
      }
    };
    if (operation.act == sim::Act::kGet) {
      node.read(kGroup, ReadKind::kLinearizable,
                [answered, key = operation.key](const Outcome& outcome, StateMachine* machine) {
                  answered(outcome, machine != nullptr ? dynamic_cast<Registers&>(*machine).get(key)
                                                       : std::string{});
                });
      return;
    }
    node.propose(kGroup, Registers::command(operation.act, operation.key, operation.argument),
                 [answered](const Outcome& outcome) { answered(outcome, outcome.result); });
  }

  void ended(std::size_t client, std::size_t number, quorate::Fate fate, std::string result) {
    ++clients_[client].turn;
    --waiting_;
    sim::Operation& operation = history_[number];
    switch (fate) {
      case quorate::Fate::kDone:
        ++report_.done;
        operation.back = world_.now();
        operation.result = std::move(result);
        break;
      case quorate::Fate::kRefused:
      case quorate::Fate::kFailed:
        ++report_.refused;
        --issued_;  // it had no effect: another takes its place
        kept_[number] = false;
        break;
      case quorate::Fate::kUnknown:
        ++report_.unknown;
        kept_[number] = operation.act != sim::Act::kGet;
        break;
    }
    think(client);
  }

  // ---- Faults

  void trouble() {
    world_.after(Duration{static_cast<std::int64_t>(200'000 + random_.below(1'500'000))}, [this] {
      if (!healed_) {
        strike();
        trouble();
      }
    });
  }

  void strike() {
    const std::size_t victim = random_.below(setup_.nodes);
    Machine& machine = this->machine(victim);
    const auto length = Duration{static_cast<std::int64_t>(100'000 + random_.below(2'000'000))};
    switch (random_.below(8)) {
      case 0:
        ++report_.crashes;
        machine.crash(Survival::kAny);
        if (setup_.rot && victim == setup_.seed % setup_.nodes) {
          rot(machine.disk(), false);
        }
        restart_later(machine, length);
        break;
      case 1:
        ++report_.kills;
        machine.kill();
        restart_later(machine, length);
        break;
      case 2:
        ++report_.pauses;
        machine.pause();
        world_.after(length, [&machine] { machine.resume(); });
        break;
      case 3:
        ++report_.partitions;
        world_.network().isolate(machine);
        world_.after(length, [this] { world_.network().heal(); });
        break;
      case 4: {
        ++report_.partitions;
        Machine& other = this->machine((victim + 1) % setup_.nodes);
        world_.network().cut(machine, other);  // one way
        world_.after(length, [this] { world_.network().heal(); });
        break;
      }
      case 5:
        world_.network().black_hole(machine, this->machine((victim + 1) % setup_.nodes));
        break;
      case 6:
        machine.hang_disk(true);
        world_.after(length, [&machine] { machine.hang_disk(false); });
        break;
      case 7:
        machine.jump_clock(length * 100);
        if (setup_.rot && victim == setup_.seed % setup_.nodes) {
          rot(machine.disk(), false);  // found when somebody asks for it, or at the next start
        }
        break;
    }
  }

  // A bit of every segment, perhaps but the newest.
  void rot(SimulatedDisk& disk, bool newest) {
    std::vector<std::string> segments;
    for (const std::string& path : disk.paths()) {
      if (path.find("/log/") != std::string::npos &&
          path.find(wal::kSparePrefix) == std::string::npos) {
        segments.push_back(path);
      }
    }
    for (std::size_t i = 0; i + (newest ? 0 : 1) < segments.size(); ++i) {
      const bool hit = disk.rot(segments[i], random_.below(setup_.segment_bytes), Rot::kBit);
      report_.rotten_bits += hit ? 1 : 0;
    }
  }

  void restart_later(Machine& machine, Duration length) {
    world_.after(length, [&machine] {
      if (machine.down()) {
        machine.start();
      }
    });
  }

  void heal() {
    healed_ = true;
    world_.network().heal();
    for (const auto& machine : world_.machines()) {
      machine->hang_disk(false);
      machine->resume();
      if (machine->down()) {
        machine->start();
      }
    }
  }

  // ---- The judge

  // All nodes come to hold the same, and take a write again.
  void converge() {
    bool written = false;
    std::vector<std::uint64_t> hashes(setup_.nodes);
    std::vector<Index> applied(setup_.nodes);
    const std::function<void()> look = [&] {
      for (std::size_t i = 0; i < setup_.nodes; ++i) {
        Node* one = node(i);
        if (one == nullptr) {
          hashes[i] = i + 1;
          continue;
        }
        if (!written) {
          one->propose(kGroup, Registers::command(sim::Act::kPut, "last", "word"),
                       [&written](const Outcome& o) { written |= o.fate == quorate::Fate::kDone; });
        }
        one->read(kGroup, ReadKind::kLocal, [&hashes, i](const Outcome&, StateMachine* machine) {
          hashes[i] = machine != nullptr ? machine->hash() : i + 1;
        });
      }
    };
    const auto agreed = [&] {
      return written &&
             std::ranges::all_of(hashes, [&](std::uint64_t h) { return h == hashes[0]; });
    };
    const Instant end = world_.now() + kConvergence;
    while (!agreed() && world_.now() < end && world_.violations().empty()) {
      look();
      world_.run_for(std::chrono::milliseconds{200});
    }
    if (!agreed()) {
      wrong(std::string{written ? "the nodes do not come to hold the same"
                                : "no write succeeds though all is healed"} +
            describe_nodes());
    }
    // Nothing may be left that refers to this frame.
    written = true;
    world_.run_for(std::chrono::seconds{10});
  }

  std::string describe_nodes() {
    std::string text;
    for (std::size_t i = 0; i < setup_.nodes; ++i) {
      text += "\n  " + machine(i).name() + (machine(i).up() ? " up " : " down ") + refusals_[i];
      if (Node* one = node(i)) {
        one->status(kGroup, [&text](const Result<Status>& status) {
          text += status ? describe(status.value()) : status.error().message;
        });
        world_.run_for(std::chrono::milliseconds{10});
      }
    }
    return text;
  }

  void check_violations() {
    for (const Violation& violation : world_.violations()) {
      wrong(violation.machine + " " + violation.lane + ": " + violation.what);
    }
  }

  void check() {
    check_violations();
    if (!diary_.bug.empty()) {
      wrong(diary_.bug);
    }
    std::vector<sim::Operation> history;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (kept_[i]) {
        history.push_back(history_[i]);
      }
    }
    const auto verdict = sim::check_linearizable(history);
    report_.search_steps = verdict.steps;
    if (verdict.verdict == sim::Linearizability::Verdict::kNo) {
      wrong("not linearizable, key " + verdict.key + ": " + verdict.why);
    } else if (verdict.verdict == sim::Linearizability::Verdict::kOpen) {
      wrong("the search for an order was given up, key " + verdict.key);
    }
  }

  ClusterSetup setup_;
  Random random_;
  Members members_;
  Diary diary_;
  std::vector<std::string> refusals_;  // why a node would not start, by node
  ClusterReport report_;
  std::vector<sim::Operation> history_;
  std::vector<bool> kept_;
  std::size_t issued_ = 0;
  std::size_t waiting_ = 0;
  bool healed_ = false;
  World world_;
  std::vector<Client> clients_;
};

}  // namespace

ClusterReport run_cluster(const ClusterSetup& setup) { return Run{setup}.judge(); }

}  // namespace quorate::simenv
