#include "sim/faults.h"

#include <algorithm>

namespace quorate::sim {

namespace {

enum What : std::uint32_t { kBegin, kEnd, kToggle, kRestart, kFall, kWake };

constexpr std::array<std::string_view, kFaultCount> kNames{
    "crash",     "crash-loop", "power-cycle", "split",      "isolate-leader", "deaf",
    "mute",      "partial",    "flap",        "slow-links", "lossy",          "pause",
    "slow-disk", "hung-disk",  "slow-apply",  "clock-jump", "campaign"};

Alarm alarm(What what, std::size_t slot = 0) {
  return {.duty = Faults::kDuty, .what = what, .subject = slot};
}

}  // namespace

std::string_view name_of(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

NodeId leader_of(const Stage& stage) {
  NodeId leader;
  Term term;
  for (const NodeId node : stage.nodes()) {
    if (!stage.up(node)) {
      continue;
    }
    const Position at = stage.at(node);
    if (at.role == Role::kLeader && at.term > term) {
      leader = node;
      term = at.term;
    }
  }
  return leader;
}

void Faults::start(World& world) {
  if (plan_.known.any()) {
    // The first election happens in peace.
    world.call_at(world.now() + Duration{1'000'000}, alarm(kBegin));
  }
}

void Faults::on_alarm(World& world, const Alarm& alarm) {
  if (stopped_) {
    return;
  }
  const std::size_t slot = alarm.subject;
  switch (alarm.what) {
    case kBegin:
      begin(world);
      break;
    case kEnd:
      end(world, slot);
      break;
    case kToggle:
      flap(world, slot);
      break;
    case kRestart:
      restart_next(world, slot);
      break;
    case kFall:
      fall(world, slot);
      break;
    case kWake:
      wake_sleepers(world);
      break;
    default:
      break;
  }
}

void Faults::begin(World& world) {
  Random& random = world.random();
  world.call_at(world.now() + random.between(Duration{100'000}, plan_.gap), alarm(kBegin));
  Holding holding;
  do {
    holding.fault = static_cast<Fault>(random.below(kFaultCount));
  } while (!plan_.known.test(static_cast<std::size_t>(holding.fault)));
  Duration lasts = random.between(plan_.shortest, plan_.longest);
  if (random.one_in(2)) {
    lasts /= 8;
  }
  holding.until = world.now() + lasts;
  if (!choose(world, holding)) {
    return;
  }
  ++begun_[static_cast<std::size_t>(holding.fault)];
  strike(world, holding);
  // Whoever slept is woken when its leader's node is lost (rule 14).
  world.call_at(world.now() + random.between(Duration{200'000}, Duration{600'000}), alarm(kWake));
}

// One node; the leader half of the time.
NodeId Faults::victim(World& world) {
  Random& random = world.random();
  const NodeId leader = leader_of(world.stage());
  if (leader != kNobody && random.one_in(2)) {
    return leader;
  }
  const auto& nodes = world.stage().nodes();
  return nodes[random.below(nodes.size())];
}

// Who and what it strikes. False where there is nothing to strike.
bool Faults::choose(World& world, Holding& holding) {
  switch (holding.fault) {
    case Fault::kPowerCycle:
      holding.nodes = world.stage().nodes();
      return true;
    case Fault::kIsolateLeader: {
      const NodeId leader = leader_of(world.stage());
      holding.nodes = {leader};
      choose_links(world, holding);
      return leader != kNobody;
    }
    case Fault::kSplit:
    case Fault::kPartial:
    case Fault::kFlap:
    case Fault::kSlowLinks:
    case Fault::kLossy:
      choose_links(world, holding);
      return !holding.links.empty();
    default: {
      const NodeId node = victim(world);
      holding.nodes = {node};
      if (holding.fault == Fault::kDeaf || holding.fault == Fault::kMute) {
        choose_links(world, holding);
      }
      return world.serving(node);
    }
  }
}

void Faults::choose_links(World& world, Holding& holding) {
  Random& random = world.random();
  const auto& nodes = world.stage().nodes();
  const std::uint64_t half = random.next();
  const std::uint64_t share = random.between(1, 6);
  const bool flaps_one_node = random.one_in(2);
  const NodeId one = nodes[random.below(nodes.size())];
  for (const NodeId from : nodes) {
    for (const NodeId to : nodes) {
      if (from == to) {
        continue;
      }
      bool struck = false;
      switch (holding.fault) {
        case Fault::kSplit:
          struck = ((half >> (from.value() & 63U)) & 1U) != ((half >> (to.value() & 63U)) & 1U);
          break;
        case Fault::kIsolateLeader:
          struck = from == holding.nodes[0] || to == holding.nodes[0];
          break;
        case Fault::kDeaf:
          struck = to == holding.nodes[0];
          break;
        case Fault::kMute:
          struck = from == holding.nodes[0];
          break;
        case Fault::kFlap:
          struck = flaps_one_node ? (from == one || to == one) : random.one_in(share);
          break;
        default:
          struck = random.one_in(share);
          break;
      }
      if (struck) {
        holding.links.emplace_back(from, to);
      }
    }
  }
}

void Faults::cut(World& world, Holding& holding) {
  if (!holding.cut) {
    holding.cut = true;
    for (const auto& [from, to] : holding.links) {
      world.network().cut(from, to);
    }
  }
}

void Faults::mend(World& world, Holding& holding) {
  if (holding.cut) {
    holding.cut = false;
    for (const auto& [from, to] : holding.links) {
      world.network().mend(from, to);
    }
  }
}

void Faults::strike(World& world, Holding& holding) {  // lint: dispatch table
  Random& random = world.random();
  const NodeId node = holding.nodes.empty() ? kNobody : holding.nodes[0];
  switch (holding.fault) {
    case Fault::kCrash:
    case Fault::kCrashLoop:
    case Fault::kPowerCycle:
      holding.repeats =
          holding.fault == Fault::kCrashLoop ? static_cast<std::uint32_t>(random.between(2, 5)) : 0;
      begin_crash(world, holding);
      return;
    case Fault::kSplit:
    case Fault::kIsolateLeader:
    case Fault::kDeaf:
    case Fault::kMute:
    case Fault::kPartial:
      cut(world, holding);
      break;
    case Fault::kFlap:
      world.call_at(world.now(), alarm(kToggle, keep(holding)));
      return;
    case Fault::kSlowLinks: {
      const Duration delay = random.between(Duration{10'000}, Duration{400'000});
      for (const auto& [from, to] : holding.links) {
        Link& link = world.network().link(from, to);
        link.shortest = delay / 2;
        link.longest = delay;
      }
      break;
    }
    case Fault::kLossy: {
      const auto loss = static_cast<std::uint32_t>(random.between(10, 400));
      for (const auto& [from, to] : holding.links) {
        Link& link = world.network().link(from, to);
        link.loss = loss;
        link.duplication = 150;
        link.reordering = 500;
      }
      break;
    }
    case Fault::kPause:
      world.pause(node);
      break;
    case Fault::kSlowDisk:
      world.slow_disk(node, static_cast<std::uint32_t>(random.between(5, 100)));
      break;
    case Fault::kHungDisk:
      world.hang_disk(node, true);
      break;
    case Fault::kSlowApply:
      world.slow_apply(node, static_cast<std::uint32_t>(random.between(5, 200)));
      break;
    case Fault::kClockJump:
      world.jump_clock(node, random.between(Duration{1000}, plan_.leap));
      return;
    case Fault::kCampaign:
      world.perform(node, CampaignAt{node});
      return;
    case Fault::kCount:
      return;
  }
  world.call_at(holding.until, alarm(kEnd, keep(holding)));
}

std::size_t Faults::keep(Holding holding) {
  if (free_.empty()) {
    holding_.push_back(std::move(holding));
    return holding_.size() - 1;
  }
  const std::size_t slot = free_.back();
  free_.pop_back();
  holding_[slot] = std::move(holding);
  return slot;
}

void Faults::flap(World& world, std::size_t slot) {
  Holding& holding = holding_[slot];
  if (world.now() >= holding.until) {
    end(world, slot);
    return;
  }
  if (holding.cut) {
    mend(world, holding);
  } else {
    cut(world, holding);
  }
  // Between half and two election timeouts, roughly.
  const Duration wait = world.random().between(Duration{100'000}, Duration{600'000});
  world.call_at(world.now() + wait, alarm(kToggle, slot));
}

// Nodes come back one after the other; in a loop each falls again soon.
void Faults::restart_next(World& world, std::size_t slot) {
  Holding& holding = holding_[slot];
  Random& random = world.random();
  const NodeId node = holding.nodes.back();
  world.restart(node);
  if (holding.repeats > 0) {
    --holding.repeats;
    const Duration up = random.one_in(3) ? Duration{0} : Duration{400'000};
    world.call_at(world.now() + random.between(Duration{0}, up), alarm(kFall, slot));
    return;
  }
  holding.nodes.pop_back();
  if (holding.nodes.empty()) {
    end(world, slot);
    return;
  }
  world.call_at(world.now() + random.between(Duration{0}, Duration{300'000}),
                alarm(kRestart, slot));
}

// Half of them fall with writes on their way: the disk stops a little before the rest does.
void Faults::begin_crash(World& world, const Holding& holding) {
  Random& random = world.random();
  Duration grace{0};
  if (random.one_in(2)) {
    grace = random.between(Duration{1000}, Duration{100'000});
    for (const NodeId node : holding.nodes) {
      world.hang_disk(node, true);
    }
  }
  world.call_at(world.now() + grace, alarm(kFall, keep(holding)));
}

void Faults::fall(World& world, std::size_t slot) {
  const Holding& holding = holding_[slot];
  for (const NodeId node : holding.nodes) {
    world.crash(node);
    world.hang_disk(node, false);
  }
  const Duration down = world.random().between(Duration{1000}, Duration{300'000});
  world.call_at(std::max(holding.until, world.now() + down), alarm(kRestart, slot));
}

void Faults::end(World& world, std::size_t slot) {
  Holding& holding = holding_[slot];
  const NodeId node = holding.nodes.empty() ? kNobody : holding.nodes[0];
  mend(world, holding);
  switch (holding.fault) {
    case Fault::kSlowLinks:
    case Fault::kLossy:
      for (const auto& [from, to] : holding.links) {
        Link& link = world.network().link(from, to);
        Link usual = plan_.usual;
        usual.cuts = link.cuts;
        usual.last_arrival = link.last_arrival;
        link = usual;
      }
      break;
    case Fault::kPause:
      world.resume(node);
      break;
    case Fault::kSlowDisk:
      world.slow_disk(node, 1);
      break;
    case Fault::kHungDisk:
      world.hang_disk(node, false);
      break;
    case Fault::kSlowApply:
      world.slow_apply(node, 1);
      break;
    default:
      break;
  }
  holding_[slot] = {};
  free_.push_back(slot);
}

void Faults::wake_sleepers(World& world) {
  const Stage& stage = world.stage();
  for (const NodeId node : stage.nodes()) {
    if (!world.serving(node)) {
      continue;
    }
    const Position at = stage.at(node);
    if (!at.asleep || at.leader == node || at.leader == kNobody) {
      continue;
    }
    if (!world.serving(at.leader) || !world.network().open(at.leader, node)) {
      world.perform(node, WakeAt{node});
    }
  }
}

}  // namespace quorate::sim
