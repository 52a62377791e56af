#include "sim/simulation_judge.h"

#include <algorithm>

#include "sim/faults.h"
#include "sim/simulation_profile.h"

namespace quorate::sim {

namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool majority(const std::vector<NodeId>& voters, const std::vector<NodeId>& core) {
  const auto in = std::count_if(voters.begin(), voters.end(),
                                [&](NodeId node) { return contains(core, node); });
  return voters.empty() || 2 * static_cast<std::size_t>(in) > voters.size();
}

void add_entries(const std::vector<Entry>& entries, std::vector<Configuration>& into) {
  for (const Entry& entry : entries) {
    if (entry.kind == EntryKind::kConfiguration) {
      Result<Configuration> decoded = Configuration::decode(entry.payload);
      if (decoded.ok()) {
        into.push_back(std::move(decoded.value()));
      }
    }
  }
}

// Every configuration that a node holds or may come to hold: in memory, on disk, or on the way.
std::vector<Configuration> believed(const Stage& stage) {
  std::vector<Configuration> all;
  for (const NodeId node : stage.nodes()) {
    const Disk& disk = stage.disk(node);
    all.push_back(disk.snapshot.configuration);
    add_entries(disk.entries, all);
    if (stage.up(node)) {
      all.push_back(stage.raft(node).configuration());
    }
  }
  for (const InFlight& one : stage.in_flight()) {
    if (const auto* append = std::get_if<Append>(&one.message.body)) {
      add_entries(append->entries, all);
    } else if (const auto* install = std::get_if<InstallSnapshot>(&one.message.body)) {
      all.push_back(install->snapshot.configuration);
    }
  }
  return all;
}

bool removed(const Stage& stage, NodeId node) { return stage.up(node) && stage.at(node).removed; }

}  // namespace

std::vector<NodeId> choose_core(World& world) {
  const Stage& stage = world.stage();
  Random& random = world.random();
  std::vector<NodeId> core = stage.nodes();
  const std::vector<Configuration> configurations = believed(stage);
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::vector<NodeId> smaller = core;
    smaller.erase(smaller.begin() + static_cast<std::ptrdiff_t>(random.below(smaller.size())));
    const bool suffices =
        std::all_of(configurations.begin(), configurations.end(), [&](const Configuration& one) {
          return majority(one.voters, smaller) && majority(one.old_voters, smaller);
        });
    if (suffices) {
      core = smaller;
    }
  }
  return core;
}

void heal(World& world, const std::vector<NodeId>& core) {
  Link quick;
  quick.shortest = Duration{100};
  quick.longest = Duration{300};
  world.heal(quick, Duration{200});
  const Stage& stage = world.stage();
  for (const NodeId from : stage.nodes()) {
    for (const NodeId to : stage.nodes()) {
      if (from != to && (!contains(core, from) || !contains(core, to))) {
        world.network().cut(from, to);
      }
    }
    if (contains(core, from) && !stage.up(from)) {
      world.restart(from);
    } else if (!removed(stage, from) && stage.up(from) && stage.at(from).asleep) {
      world.perform(from, WakeAt{from});  // its leader may be among those left out
    }
  }
}

Duration liveness_bound(const Options& options) {
  return longest_election_timeout(options) * 10 * 11 / 10;
}

std::optional<std::string> what_is_missing(const Stage& stage, const std::vector<NodeId>& core) {
  NodeId leader;
  for (const NodeId node : core) {
    if (stage.up(node) && stage.at(node).role == Role::kLeader &&
        (leader == kNobody || stage.at(node).term > stage.at(leader).term)) {
      leader = node;
    }
  }
  if (leader == kNobody) {
    return "there is no leader";
  }
  const Position led = stage.at(leader);
  if (led.joint) {
    return "the change of membership at " + std::to_string(led.configuration_index.value()) +
           " is not finished";
  }
  if (led.committed != led.last.index) {
    return "the leader has not committed all of its log: " + describe(led);
  }
  for (const NodeId node : stage.raft(leader).configuration().members()) {
    if (!contains(core, node)) {
      continue;
    }
    if (!stage.up(node)) {
      return "n" + std::to_string(node.value()) + " is down";
    }
    const Position at = stage.at(node);
    if (at.term != led.term || at.leader != leader) {
      return "a member does not follow the leader: " + describe(at) + "; " + describe(led);
    }
    if (at.last != led.last || at.committed != led.committed || at.applied != led.applied) {
      return "a member has not caught up: " + describe(at) + "; " + describe(led);
    }
    if (!(stage.machine(node) == stage.machine(leader))) {
      return "the states of n" + std::to_string(node.value()) + " and n" +
             std::to_string(leader.value()) + " differ";
    }
  }
  return std::nullopt;
}

}  // namespace quorate::sim
