#include "sim/simulation_operator.h"

#include <algorithm>

#include "sim/faults.h"

namespace quorate::sim {

namespace {

enum What : std::uint32_t { kChange, kTransfer, kLook };

void drop(std::vector<NodeId>& from, NodeId node) { std::erase(from, node); }

void put(std::vector<NodeId>& into, NodeId node) {
  const auto at = std::ranges::lower_bound(into, node);
  if (at == into.end() || *at != node) {
    into.insert(at, node);
  }
}

NodeId any(const std::vector<NodeId>& of, Random& random) { return of[random.below(of.size())]; }

}  // namespace

OperatorPlan draw_operator(Random& random) {
  OperatorPlan plan;
  if (!random.one_in(3)) {
    plan.between_changes = Duration{static_cast<Duration::rep>(random.between(1, 8)) * 1'000'000};
  }
  if (!random.one_in(3)) {
    plan.between_transfers = Duration{static_cast<Duration::rep>(random.between(1, 8)) * 1'000'000};
  }
  plan.snapshot_after = random.one_in(2) ? random.between(10, 100) : random.between(100, 2000);
  plan.switch_off = random.one_in(2);
  return plan;
}

void Operator::start(World& world) {
  const Stage& stage = world.stage();
  snapshot_.resize(stage.nodes().size());
  member_.assign(stage.nodes().size(), false);
  for (const NodeId node : stage.setup().bootstrap.members()) {
    member_[node.value() - 1] = true;
  }
  if (plan_.between_changes > Duration{0}) {
    world.call_at(world.now() + plan_.between_changes, {.duty = kDuty, .what = kChange});
  }
  if (plan_.between_transfers > Duration{0}) {
    world.call_at(world.now() + plan_.between_transfers, {.duty = kDuty, .what = kTransfer});
  }
  world.call_at(world.now() + Duration{500'000}, {.duty = kDuty, .what = kLook});
}

void Operator::on_alarm(World& world, const Alarm& alarm) {
  if (stopped_) {
    return;
  }
  Duration wait{500'000};
  if (alarm.what == kChange) {
    change(world);
    wait = plan_.between_changes;
  } else if (alarm.what == kTransfer) {
    transfer(world);
    wait = plan_.between_transfers;
  } else {
    look(world);
  }
  world.call_at(world.now() + world.random().between(wait / 2, wait * 2), alarm);
}

void Operator::change(World& world) {
  const NodeId leader = leader_of(world.stage());
  if (leader == kNobody || !world.serving(leader)) {
    return;
  }
  const Configuration& now = world.stage().raft(leader).configuration();
  if (now.joint() && !world.random().one_in(8)) {
    return;  // it would be refused, which is tried now and then
  }
  Configuration target = wanted(world, leader, now.joint() ? now.final_form() : now);
  for (const NodeId node : target.members()) {
    member_[node.value() - 1] = true;
  }
  ++changes_;
  world.perform(leader, ChangeAt{leader, next_request(), std::move(target)});
}

// A node that was never in the group; nobody when all were.
NodeId Operator::fresh(const Stage& stage, const Configuration& now) {
  for (const NodeId node : stage.nodes()) {
    if (!member_[node.value() - 1] && stage.up(node) && !now.contains(node)) {
      return node;
    }
  }
  return kNobody;
}

Configuration Operator::wanted(World& world, NodeId leader, Configuration now) {
  Random& random = world.random();
  const NodeId fresh = this->fresh(world.stage(), now);
  const bool may_lose_one = now.voters.size() > 3;
  const std::uint64_t kind = random.below(7);
  if (kind == 0 && fresh != kNobody) {
    put(now.learners, fresh);
  } else if (kind <= 2 && !now.learners.empty()) {
    // All learners become voters, in one change.
    for (const NodeId node : now.learners) {
      put(now.voters, node);
    }
    now.learners.clear();
  } else if (kind == 3 && fresh != kNobody) {
    // A machine is replaced by a new one, which takes a fresh id.
    const NodeId old = random.one_in(3) ? leader : any(now.voters, random);
    drop(now.voters, old);
    put(now.voters, fresh);
  } else if (kind == 4 && may_lose_one) {
    const NodeId old = random.one_in(2) ? leader : any(now.voters, random);
    drop(now.voters, old);
    if (random.one_in(2)) {
      put(now.learners, old);  // kept, without a vote
    }
  } else if (kind == 5 && may_lose_one) {
    // A voter and a learner change places, or the leader gives its vote up.
    const NodeId old = random.one_in(2) ? leader : any(now.voters, random);
    drop(now.voters, old);
    if (!now.learners.empty()) {
      const NodeId rising = any(now.learners, random);
      drop(now.learners, rising);
      put(now.voters, rising);
    }
    put(now.learners, old);
  } else if (!now.learners.empty() && random.one_in(2)) {
    const NodeId rising = any(now.learners, random);
    drop(now.learners, rising);
    put(now.voters, rising);
  }
  return now;
}

void Operator::transfer(World& world) {
  const NodeId leader = leader_of(world.stage());
  if (leader == kNobody || !world.serving(leader)) {
    return;
  }
  const NodeId target = any(world.stage().raft(leader).configuration().voters, world.random());
  if (target == leader && !world.random().one_in(8)) {
    return;
  }
  ++transfers_;
  world.perform(leader, TransferAt{leader, next_request(), target});
}

// Counts who sleeps, and switches off who was removed.
void Operator::look(World& world) {
  for (const NodeId node : world.stage().nodes()) {
    if (!world.serving(node)) {
      continue;
    }
    const Position at = world.stage().at(node);
    sleeps_ += at.asleep ? 1 : 0;
    if (at.removed && plan_.switch_off) {
      world.perform(node, StopAt{node});
      world.crash(node);
    }
  }
}

void Operator::on_touched(World& world, NodeId node) {
  const Stage& stage = world.stage();
  if (!stage.up(node)) {
    snapshot_[node.value() - 1] = Index{};
    return;
  }
  const Index applied = stage.machine(node).applied.index;
  const Index last = std::max(stage.disk(node).snapshot.last.index, snapshot_[node.value() - 1]);
  if (applied >= last + plan_.snapshot_after) {
    snapshot_[node.value() - 1] = applied;
    world.perform(node, SnapshotAt{node});
  }
}

}  // namespace quorate::sim
