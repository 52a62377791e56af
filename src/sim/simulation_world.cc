#include "sim/simulation_world.h"

#include <algorithm>
#include <string>
#include <type_traits>

namespace quorate::sim {

namespace {

constexpr std::int64_t kMillion = 1'000'000;

std::uint64_t print_of(const Action& action) {
  return std::visit(
      [](const auto& what) -> std::uint64_t {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, Deliver> || std::is_same_v<What, Duplicate> ||
                      std::is_same_v<What, Drop>) {
          return what.pick.print;
        } else {
          return 0;
        }
      },
      action);
}

}  // namespace

World::World(const Stage::Setup& setup, const Climate& climate, std::uint64_t seed)
    : stage_(setup),
      climate_(climate),
      random_(seed),
      network_(setup.nodes.size(), climate.link),
      machines_(setup.nodes.size()) {
  for (const NodeId node : setup.nodes) {
    Machinery& machine = this->machine(node);
    machine.offset = random_.between(Duration{0}, climate.offset);
    const auto spread = static_cast<std::uint64_t>(climate.drift_ppm);
    machine.ppm = static_cast<std::int64_t>(random_.between(0, 2 * spread)) - climate.drift_ppm;
    settle(node);
  }
}

World::Went World::next(Instant until, Alarm& alarm) {
  if (queue_.empty() || queue_.front().at > until) {
    now_ = std::max(now_, until);
    return Went::kIdle;
  }
  std::ranges::pop_heap(queue_, LaterFirst{});
  const Coming coming = queue_.back();
  queue_.pop_back();
  now_ = std::max(now_, coming.at);
  if (coming.kind == Kind::kAlarm) {
    alarm = coming.alarm;
    return Went::kAlarm;
  }
  happen(coming);
  return Went::kStep;
}

World::Coming World::coming(Kind kind, NodeId node, Instant at) const {
  Coming coming;
  coming.kind = kind;
  coming.node = node;
  coming.at = at;
  coming.epoch = machine(node).epoch;
  return coming;
}

void World::push(Coming coming) {
  coming.order = ++order_;
  queue_.push_back(coming);
  std::ranges::push_heap(queue_, LaterFirst{});
}

void World::call_at(Instant at, const Alarm& alarm) {
  Coming coming;
  coming.at = std::max(at, now_);
  coming.alarm = alarm;
  push(coming);
}

void World::call_on_resume(NodeId node, const Alarm& alarm) {
  Coming coming = this->coming(Kind::kAlarm, node, now_);
  coming.alarm = alarm;
  machine(node).held.push_back(coming);
}

void World::release(std::vector<Coming>& held) {
  std::vector<Coming> freed;
  freed.swap(held);
  for (Coming& coming : freed) {
    if (coming.kind == Kind::kTick && coming.at == machine(coming.node).tick) {
      machine(coming.node).tick = now_;
    }
    coming.at = now_;
    push(coming);
  }
}

void World::happen(const Coming& coming) {
  Machinery& machine = this->machine(coming.node);
  const bool from_outside = coming.kind == Kind::kDeliver || coming.kind == Kind::kDuplicate;
  if (!from_outside && coming.epoch != machine.epoch) {
    return;
  }
  if (machine.paused) {
    machine.held.push_back(coming);
    return;
  }
  switch (coming.kind) {
    case Kind::kDeliver:
    case Kind::kDuplicate:
      deliver(coming);
      break;
    case Kind::kTick:
      tick(coming);
      break;
    case Kind::kWrite:
      if (machine.disk_hung) {
        machine.disk_held.push_back(coming);
        break;
      }
      --machine.writes;
      perform(coming.node, FinishWrite{coming.node});
      break;
    case Kind::kApply:
      --machine.applies;
      perform(coming.node, FinishApply{coming.node});
      break;
    case Kind::kRead: {
      const bool fails = climate_.read_errors > 0 && random_.below(1000) < climate_.read_errors;
      counts_.read_errors += fails ? 1 : 0;
      --machine.reads;
      ++counts_.disk_reads;
      perform(coming.node, FinishRead{coming.node, fails});
      break;
    }
    case Kind::kBroken:
      perform(coming.node, UnreachableAt{coming.node, coming.peer});
      break;
    case Kind::kNotArrived:
      perform(coming.node, SnapshotFailedAt{coming.node, coming.peer});
      break;
    case Kind::kAlarm:
      break;
  }
}

void World::deliver(const Coming& coming) {
  Pick pick{.from = coming.peer, .to = coming.node, .kind = {}, .print = coming.print};
  if (recording_) {
    pick.kind = coming.name;
  }
  if (!network_.open(coming.peer, coming.node) || !stage_.up(coming.node)) {
    if (coming.kind == Kind::kDeliver) {
      ++counts_.lost;
      take({std::nullopt, Drop{std::move(pick)}});
    }
    return;
  }
  if (coming.kind == Kind::kDuplicate) {
    perform(coming.node, Duplicate{std::move(pick)});
  } else {
    perform(coming.node, Deliver{std::move(pick)});
  }
}

void World::tick(const Coming& coming) {
  Machinery& machine = this->machine(coming.node);
  if (machine.tick != coming.at) {
    return;  // it was moved
  }
  machine.tick = kNever;
  if (!stage_.up(coming.node)) {
    return;
  }
  if (stage_.wake_at(coming.node) <= local(coming.node)) {
    perform(coming.node, TickNode{coming.node});
  } else {
    schedule_tick(coming.node);
  }
}

bool World::perform(NodeId node, Action action) {
  if (!take({local(node), std::move(action)})) {
    return false;
  }
  settle(node);
  return true;
}

bool World::take(Step step) {
  if (violated() || !stage_.apply(step)) {
    return false;
  }
  ++counts_.steps;
  hash_.add(static_cast<std::uint64_t>(micros(now_)));
  hash_.add(static_cast<std::uint64_t>(step.action.index()));
  hash_.add(print_of(step.action));
  if (recording_) {
    steps_.push_back(std::move(step));
  }
  return true;
}

void World::settle(NodeId node) {
  touched_.push_back(node);
  send_new();
  if (stage_.up(node)) {
    schedule_disk(node);
    schedule_tick(node);
  }
}

// The fate of each message is drawn when it is sent.
void World::send_new() {
  const std::uint64_t sent = stage_.sent();
  if (sent == sent_seen_) {
    return;
  }
  const auto& flight = stage_.in_flight();
  new_.clear();
  for (std::size_t i = flight.size() - (sent - sent_seen_); i < flight.size(); ++i) {
    const auto& one = flight[i];
    new_.push_back({one.message.from, one.message.to, one.print, message_name(one.message.body)});
  }
  sent_seen_ = sent;
  for (const New& one : new_) {
    ++counts_.messages;
    const Network::Fate fate = network_.send(one.from, one.to, now_, random_);
    if (fate.arrival) {
      counts_.overtaken += fate.overtook ? 1 : 0;
      schedule_arrival(one, fate);
    } else {
      lose(one);
    }
  }
}

void World::lose(const New& one) {
  ++counts_.lost;
  Pick pick{.from = one.from, .to = one.to, .kind = {}, .print = one.print};
  if (recording_) {
    pick.kind = one.name;
  }
  take({std::nullopt, Drop{std::move(pick)}});
  // A transport knows when files did not arrive, and now and then that a connection broke.
  const bool snapshot = one.name == InstallSnapshot::kName;
  if (snapshot || (!network_.open(one.from, one.to) && random_.one_in(8))) {
    const Instant at = now_ + random_.between(Duration{1000}, Duration{50'000});
    Coming notice = coming(snapshot ? Kind::kNotArrived : Kind::kBroken, one.from, at);
    notice.peer = one.to;
    push(notice);
  }
}

void World::schedule_arrival(const New& one, const Network::Fate& fate) {
  Coming arrival = coming(Kind::kDeliver, one.to, *fate.arrival);
  arrival.peer = one.from;
  arrival.print = one.print;
  arrival.name = one.name;
  if (one.name == InstallSnapshot::kName) {
    arrival.at += draw(climate_.transfer, 1);
  } else if (fate.again) {
    ++counts_.duplicated;
    Coming first = arrival;
    first.kind = Kind::kDuplicate;
    push(first);
    arrival.at = *fate.again;
  }
  push(arrival);
}

void World::schedule_disk(NodeId node) {
  Machinery& machine = this->machine(node);
  for (const std::size_t n = stage_.outstanding_writes(node); machine.writes < n;
       ++machine.writes) {
    // One flush serves all that waits for it, so that a slow disk has no backlog.
    machine.disk_free =
        std::max(machine.disk_free, now_ + draw(climate_.write, machine.disk_slowness));
    push(coming(Kind::kWrite, node, machine.disk_free));
  }
  for (const std::size_t n = stage_.outstanding_applies(node); machine.applies < n;
       ++machine.applies) {
    machine.apply_free =
        std::max(machine.apply_free, now_ + draw(climate_.apply, machine.apply_slowness));
    push(coming(Kind::kApply, node, machine.apply_free));
  }
  for (const std::size_t n = stage_.outstanding_reads(node); machine.reads < n; ++machine.reads) {
    push(coming(Kind::kRead, node, now_ + draw(climate_.read, machine.disk_slowness)));
  }
}

void World::schedule_tick(NodeId node) {
  const Instant wake = stage_.wake_at(node);
  if (wake == kNever) {
    return;
  }
  Machinery& machine = this->machine(node);
  const Instant at = std::max(world_time(node, wake), now_ + Duration{1});
  if (at < machine.tick) {
    machine.tick = at;
    push(coming(Kind::kTick, node, at));
  }
}

Duration World::draw(const Latency& latency, std::uint32_t slowness) {
  Duration time = random_.between(latency.shortest, latency.longest);
  if (latency.one_in > 0 && random_.one_in(latency.one_in)) {
    time *= latency.spike;
  }
  return time * slowness;
}

Instant World::local(NodeId node) const {
  const Machinery& machine = this->machine(node);
  const std::int64_t world = micros(now_);
  return instant(world + machine.offset.count() + world * machine.ppm / kMillion);
}

// The first moment at which the node's clock reads at least `local`.
Instant World::world_time(NodeId node, Instant local) const {
  const Machinery& machine = this->machine(node);
  const std::int64_t reads = micros(local) - machine.offset.count();
  if (reads <= 0) {
    return Instant{};
  }
  if (machine.ppm == 0) {
    return instant(reads);
  }
  std::int64_t world = reads / (kMillion + machine.ppm) * kMillion +
                       reads % (kMillion + machine.ppm) * kMillion / (kMillion + machine.ppm);
  while (world + world * machine.ppm / kMillion < reads) {
    ++world;
  }
  return instant(world);
}

void World::crash(NodeId node) {
  const std::size_t outstanding = stage_.outstanding_writes(node);
  const auto kept = static_cast<std::uint32_t>(random_.below(outstanding + 1));
  if (!perform(node, Crash{node, kept})) {
    return;
  }
  counts_.writes_kept += kept;
  counts_.writes_lost += outstanding - kept;
  Machinery& machine = this->machine(node);
  ++machine.epoch;
  machine.tick = kNever;
  machine.writes = machine.applies = machine.reads = 0;
  machine.disk_free = machine.apply_free = now_;
  machine.disk_held.clear();
}

void World::restart(NodeId node) { perform(node, Restart{node}); }

void World::pause(NodeId node) { machine(node).paused = true; }

void World::resume(NodeId node) {
  machine(node).paused = false;
  release(machine(node).held);
}

void World::hang_disk(NodeId node, bool hung) {
  machine(node).disk_hung = hung;
  if (!hung) {
    release(machine(node).disk_held);
  }
}

void World::jump_clock(NodeId node, Duration by) {
  machine(node).offset += by;
  if (stage_.up(node)) {
    schedule_tick(node);
  }
}

void World::heal(const Link& usual, Duration disk) {
  network_.heal(usual);
  climate_.write = {.shortest = disk / 2, .longest = disk};
  climate_.apply = climate_.read = climate_.transfer = climate_.write;
  climate_.read_errors = 0;
  for (const NodeId node : stage_.nodes()) {
    slow_disk(node, 1);
    slow_apply(node, 1);
    hang_disk(node, false);
    resume(node);
  }
}

void World::take_touched(std::vector<NodeId>& into) {
  into.clear();
  into.swap(touched_);
}

}  // namespace quorate::sim
