#include "node/node.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "node/acquaintances.h"
#include "node/group.h"
#include "node/log_lane.h"
#include "node/reader_lane.h"
#include "node/recover.h"
#include "node/snapshot_lane.h"
#include "node/switch.h"
#include "node/tcp_carrier.h"
#include "wal/snapshots.h"

namespace quorate {
namespace {

// Of each group, when it begins: the newest entries, which are asked for most.
constexpr std::uint64_t kTailBytes = 1U << 20U;

Configuration configuration_of(const Members& members) {
  Configuration configuration;
  for (const Member& member : members.all()) {
    configuration.voters.push_back(member.id);
  }
  configuration.context = members.encode();
  return configuration;
}

Result<wal::Directory> take_directory(env::Env& env, const NodeOptions& options) {
  auto directory =
      wal::Directory::open(env.files(), options.directory, options.cluster, options.id);
  if (directory || directory.error().code != ErrorCode::kNotFound || !options.create) {
    return directory;
  }
  const wal::Identity identity{options.cluster, options.id, Incarnation{env.random() | 1U}};
  return wal::Directory::create(env.files(), options.directory, identity,
                                options.log.segment_bytes);
}

// What is rotten was acknowledged, perhaps: this node must not vote, or serve, as if it had it.
// Where nobody can say what it was, no peer can help.
Error rotten(const std::string& what) {
  return corrupt("the log is rotten: " + what +
                 ". Remove this node from its groups, and add it anew under another id with an "
                 "empty directory");
}

const Outcome kTooMuchWaits = refused(Refusal::kBusy, "too many requests wait for this node");

}  // namespace

Options core_options() {
  Options core;
  core.gather = std::chrono::milliseconds{2};
  return core;
}

struct Node::Parts {
  Parts(env::Env& an_env, const NodeOptions& some_options, Machines some_machines,
        Observer* an_observer)
      : env(an_env),
        options(some_options),
        machines(std::move(some_machines)),
        observer(an_observer) {}

  env::Env& env;
  NodeOptions options;
  Machines machines;
  Observer* observer;

  std::unique_ptr<wal::Wal> wal;
  Acquaintances acquaintances;
  std::unique_ptr<wal::Snapshots> snapshots;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<LogLane> log;
  std::unique_ptr<MachineLane> machine;
  std::unique_ptr<ReaderLane> reader;
  std::unique_ptr<SnapshotLane> snapshot;
  std::unique_ptr<Switch> exchange;
  std::unique_ptr<env::Lane> lane;
  std::unique_ptr<Carrier> carrier;
  std::vector<GroupId> groups;
  std::map<GroupId, std::vector<wal::Lost>> lost;  // of the groups that are fenced
  bool carrying = false;

  Result<void> open();
  Result<void> begin_groups();
  Result<std::optional<LogPosition>> fence(GroupId group, std::vector<wal::Lost> lost);
  Result<void> begin_group(GroupId group, wal::Recovered recovered);
  void revive(GroupId group);
  void connect();
  void work();
  void carry();
  Result<std::unique_ptr<Carrier>> carry_over_tcp();
  std::shared_ptr<Group> make_group(GroupId id, Beginning beginning);
  void begin(GroupId group, Configuration members, Done done);
};

Result<void> Node::Parts::open() {
  auto directory = take_directory(env, options);
  if (!directory) {
    return directory.error();
  }
  auto opened = wal::Wal::open(env.files(), std::move(directory.value()), options.log);
  if (!opened) {
    return opened.error();
  }
  if (!opened.value().unknown.empty()) {
    return rotten(wal::describe(opened.value().unknown.front()));
  }
  for (const wal::Lost& what : opened.value().lost) {
    lost[what.group].push_back(what);
  }
  if (opened.value().torn) {
    note(observer, "the log's last write was torn by a crash, and is cut off: " +
                       wal::describe(*opened.value().torn));
  }
  wal = std::move(opened.value().wal);
  groups = std::move(opened.value().groups);
  auto known = Acquaintances::load(env.files(), env::join(wal->directory().path(), kPeersFile));
  if (!known) {
    return known.error();
  }
  acquaintances = std::move(known.value());
  snapshots = std::make_unique<wal::Snapshots>(env.files(), wal->directory().snapshots());
  connect();
  return begin_groups();
}

// The lanes are made in the order in which they speak to each other.
void Node::Parts::connect() {
  loop = std::make_unique<Loop>(env, options.id, options.limits, observer);
  reader = std::make_unique<ReaderLane>(env, *wal, *snapshots, observer);
  snapshot = std::make_unique<SnapshotLane>(env, *snapshots, observer);
  machine = std::make_unique<MachineLane>(env, *snapshots, options.snapshots, observer);
  log = std::make_unique<LogLane>(env, *wal, std::vector<LoopPort*>{loop.get()},
                                  [this] { reader->put({loop.get(), GroupId{}, TendLog{}}); });
  reader->revive_by([this](GroupId group) { revive(group); });
  machine->finish_snapshots_by([this](SnapshotLetter letter) { snapshot->put(std::move(letter)); });
  snapshot->tell_machines_by([this](MachineLetter letter) { machine->put(std::move(letter)); });
  exchange =
      std::make_unique<Switch>(env, Switch::Settings{options.id, options.core.election_timeout},
                               *loop, *reader, *snapshot, observer);
  loop->connect(
      {log.get(), machine.get(), reader.get(), snapshot.get()},
      [this](NodeId to, Channel channel, Bytes body) {
        if (carrier) {
          carrier->send(to, channel, std::move(body));
        }
      },
      [this](const Members& members) {
        for (const Member& member : members.all()) {
          if (carrier && member.id != options.id) {
            carrier->locate(member.id, member.address);
          }
        }
      });
  lane = env.start_lane("loop", [this] { work(); });
  loop->run_on(lane.get());
}

Result<void> Node::Parts::begin_groups() {
  std::map<GroupId, wal::Recovered> held;
  std::map<GroupId, LogPosition> recorded;
  for (const GroupId group : groups) {
    if (const auto fenced = lost.find(group); fenced != lost.end()) {
      auto snapshot = fence(group, std::move(fenced->second));
      if (!snapshot) {
        return snapshot.error();
      }
      if (snapshot.value()) {
        recorded[group] = *snapshot.value();
      }
      continue;
    }
    auto recovered = wal->recover(group, kTailBytes);
    if (!recovered) {
      return recovered.error();
    }
    if (recovered.value().snapshot) {
      recorded[group] = recovered.value().snapshot->last;
    }
    held.emplace(group, std::move(recovered.value()));
  }
  if (const auto swept = snapshots->sweep(recorded); !swept) {
    return swept.error();
  }
  for (auto& [group, recovered] : held) {
    if (auto begun = begin_group(group, std::move(recovered)); !begun) {
      return begun;
    }
  }
  return {};
}

Result<void> Node::Parts::begin_group(GroupId group, wal::Recovered recovered) {
  auto beginning = recover(group, machines(group), std::move(recovered), *snapshots);
  if (!beginning) {
    return beginning.error();
  }
  loop->post(Adopt{make_group(group, std::move(beginning.value()))});
  return {};
}

// Answers with where its snapshot ends.
Result<std::optional<LogPosition>> Node::Parts::fence(GroupId group,
                                                      std::vector<wal::Lost> lost_here) {
  auto outline = wal->outline(group);
  if (!outline) {
    return outline.error();
  }
  const auto& configurations = outline.value().configurations;
  const bool somebody_else = std::ranges::any_of(
      configurations, [](const Configuration& each) { return each.members().size() > 1; });
  if (!somebody_else) {
    return rotten(wal::describe(lost_here.front()) + "; there is no other member to ask for it");
  }
  std::ranges::sort(lost_here, {}, [](const wal::Lost& each) { return each.position.index; });
  loop->post(FenceOff{group, std::move(lost_here), configurations});
  const auto& snapshot = outline.value().snapshot;
  return snapshot ? std::optional{snapshot->last} : std::nullopt;
}

// On the reader's lane.
void Node::Parts::revive(GroupId group) {
  auto recovered = wal->recover(group, kTailBytes);
  const auto begun = recovered ? begin_group(group, std::move(recovered.value()))
                               : Result<void>{recovered.error()};
  if (!begun) {
    note(observer, group, "cannot begin: " + begun.error().message);
  }
}

Result<std::unique_ptr<Carrier>> Node::Parts::carry_over_tcp() {
  TcpCarrier::Settings settings;
  settings.identity = wal->directory().identity();
  settings.listen = options.listen;
  settings.note = [this](const std::string& text) { note(observer, text); };
  settings.remember = [this](std::string text) {
    reader->put({loop.get(), GroupId{}, RememberPeers{std::move(text)}});
  };
  return TcpCarrier::open(env, *lane, std::move(settings), acquaintances, *exchange);
}

std::shared_ptr<Group> Node::Parts::make_group(GroupId id, Beginning beginning) {
  Options core = options.core;
  core.id = options.id;
  core.boot = env.random() | 1U;
  core.seed = env.random();
  auto raft = Raft::create(core, std::move(beginning.core), env.now());
  QUORATE_ASSERT(raft.ok(), raft.error().message);
  beginning.seat.loop = loop.get();
  machine->seat(id, std::move(beginning.seat));
  return std::make_shared<Group>(id, std::move(raft.value()), options.deadline, observer);
}

// The lane's first turn opens the carrier, which belongs to the lane.
void Node::Parts::work() {
  if (!std::exchange(carrying, true)) {
    carry();
  }
  const Instant exchange_wants = exchange->work();
  const Instant loop_wants = loop->work();
  const Instant carrier_wants = carrier ? carrier->turn() : kNever;
  lane->alarm(std::min({exchange_wants, loop_wants, carrier_wants}));
}

// A node that nobody can reach still serves what it holds; it says so.
void Node::Parts::carry() {
  auto made = options.carrier ? options.carrier(*lane, *exchange) : carry_over_tcp();
  if (!made) {
    return note(observer, "no connection to other nodes: " + made.error().message);
  }
  carrier = std::move(made.value());
  for (const auto& [node, address] : options.contacts) {
    if (node != options.id) {
      carrier->locate(node, address);
    }
  }
}

void Node::Parts::begin(GroupId group, Configuration members, Done done) {
  auto beginning = quorate::begin(machines(group), members);
  if (!beginning) {
    return done(refused(Refusal::kInvalid, beginning.error().message));
  }
  const auto held = std::make_shared<Beginning>(std::move(beginning.value()));
  loop->post(Begin{group, std::move(members),
                   [this, group, held] { return make_group(group, std::move(*held)); },
                   std::move(done)});
}

Result<std::unique_ptr<Node>> Node::open(env::Env& env, const NodeOptions& options,
                                         Machines machines, Observer* observer) {
  auto parts = std::make_unique<Parts>(env, options, std::move(machines), observer);
  parts->options.core.id = options.id;
  if (auto valid = parts->options.core.validate(); !valid) {
    return valid.error();
  }
  if (auto opened = parts->open(); !opened) {
    return opened.error();
  }
  parts->lane->wake();
  return std::unique_ptr<Node>{new Node{std::move(parts)}};
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

// All lanes end before any is destroyed: what they still tell each other lies in mailboxes.
Node::~Node() {
  parts_->lane->end();
  parts_->machine->end();
  parts_->snapshot->end();
  parts_->reader->end();
  parts_->log->end();
  parts_->carrier.reset();
}

void Node::create(GroupId group, const Members& members, Done done) {
  Configuration configuration = configuration_of(members);
  if (auto valid = configuration.validate(); !valid) {
    return done(refused(Refusal::kInvalid, valid.error().message));
  }
  if (!configuration.contains(parts_->options.id)) {
    return done(refused(Refusal::kInvalid, "members: this node is not among them"));
  }
  parts_->begin(group, std::move(configuration), std::move(done));
}

void Node::join(GroupId group, Done done) { parts_->begin(group, {}, std::move(done)); }

void Node::propose(GroupId group, Bytes command, Done done) {
  AskPropose ask{group, std::move(command), std::move(done)};
  if (!parts_->loop->ask(ask)) {
    ask.done(kTooMuchWaits);
  }
}

void Node::read(GroupId group, ReadKind kind, Query query) {
  AskRead ask{group, kind, std::move(query)};
  if (!parts_->loop->ask(ask)) {
    ask.query(kTooMuchWaits, nullptr);
  }
}

void Node::change(GroupId group, Configuration target, Done done) {
  parts_->loop->post(AskChange{group, std::move(target), std::move(done)});
}

void Node::transfer(GroupId group, NodeId target, Done done) {
  parts_->loop->post(AskTransfer{group, target, std::move(done)});
}

void Node::status(GroupId group, std::function<void(Result<Status>)> done) {
  parts_->loop->post(AskStatus{group, std::move(done)});
}

void Node::stop(std::function<void()> done) { parts_->loop->post(StopLoop{std::move(done)}); }

const std::vector<GroupId>& Node::groups() const { return parts_->groups; }

std::uint64_t Node::syncs() const { return parts_->log->syncs(); }

}  // namespace quorate
