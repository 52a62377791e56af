#include "sim/workload.h"

#include <algorithm>
#include <charconv>

namespace quorate::sim {

namespace {

enum What : std::uint32_t { kNext, kSend, kArrive };

constexpr std::size_t kClients = 8;
constexpr Duration kProbePatience{200'000};
// A request is an operation and an attempt at it.
constexpr std::uint64_t kAttempts = 1024;

RequestId request(std::size_t operation, std::uint32_t attempt) {
  return RequestId{(operation + 1) * kAttempts + attempt};
}

std::optional<std::size_t> operation_of(std::string_view payload) {
  std::size_t operation = 0;
  if (payload.empty() || payload.front() != 'w' ||
      std::from_chars(payload.data() + 1, payload.data() + payload.size(), operation).ec !=
          std::errc{}) {
    return std::nullopt;
  }
  return operation;
}

}  // namespace

void Workload::start(World& world) {
  const auto& nodes = world.stage().nodes();
  belief_.assign(kClients, nodes.front());
  waiters_.resize(nodes.size());
  applied_.resize(nodes.size());
  was_up_.assign(nodes.size(), true);
  world.call_at(world.now() + plan_.interval, {.duty = kDuty, .what = kNext});
}

void Workload::on_alarm(World& world, const Alarm& alarm) {
  const std::size_t operation = alarm.subject / kAttempts;
  switch (alarm.what) {
    case kNext:
      give_up_late(world);
      if (!stopped_) {
        for (std::uint32_t i = 0; i < plan_.burst; ++i) {
          begin(world);
        }
        Duration wait = world.random().between(Duration{0}, plan_.interval * plan_.burst * 2);
        if (plan_.idle > Duration{0} && world.random().one_in(500)) {
          wait += plan_.idle;
        }
        world.call_at(world.now() + wait, alarm);
      }
      break;
    case kSend:
      if (operations_[operation].state == State::kOpen) {
        send(world, operation);
      }
      break;
    case kArrive:
      arrive(world, operation, static_cast<std::uint32_t>(alarm.subject % kAttempts));
      break;
    default:
      break;
  }
}

void Workload::begin(World& world) {
  Random& random = world.random();
  Operation operation;
  operation.deadline = world.now() + plan_.patience;
  operation.client = static_cast<std::uint8_t>(random.below(kClients));
  operation.read = random.below(1000) < plan_.reads;
  if (operation.read) {
    operation.anywhere = random.below(1000) < plan_.at_any_node;
    operation.lease = plan_.lease > 0 && random.below(1000) < plan_.lease;
  }
  operations_.push_back(operation);
  ++counts_.begun;
  send(world, operations_.size() - 1);
}

void Workload::probe(World& world) {
  if (probe_done_) {
    return;
  }
  if (probe_ && operations_[*probe_].state == State::kOpen) {
    if (operations_[*probe_].deadline > world.now()) {
      return;
    }
    finish(*probe_, State::kUnknown);
    belief_[operations_[*probe_].client] = kNobody;  // it did not answer
  }
  Operation operation;
  operation.deadline = world.now() + kProbePatience;
  operations_.push_back(operation);
  ++counts_.begun;
  probe_ = operations_.size() - 1;
  send(world, *probe_);
}

NodeId Workload::choose_node(World& world, const Operation& operation) {
  NodeId& belief = belief_[operation.client];
  if (belief == kNobody) {
    belief = any_member(world);
  }
  if (operation.attempt == 0 && (operation.anywhere || world.random().one_in(32))) {
    return any_member(world);
  }
  return belief;
}

// A node that takes itself for a member, as a list of addresses would name it; mostly.
NodeId Workload::any_member(World& world) {
  const Stage& stage = world.stage();
  const auto& nodes = stage.nodes();
  NodeId node;
  for (int attempt = 0; attempt < 4; ++attempt) {
    node = nodes[world.random().below(nodes.size())];
    if (stage.up(node) && stage.raft(node).configuration().contains(node)) {
      break;
    }
  }
  return node;
}

void Workload::send(World& world, std::size_t number) {
  Operation& operation = operations_[number];
  operation.node = choose_node(world, operation);
  operation.floor = highest_;
  operation.sent = true;
  ++operation.attempt;
  const std::uint64_t subject = number * kAttempts + operation.attempt % kAttempts;
  world.call_at(world.now() + world.random().between(Duration{50}, Duration{500}),
                {.duty = kDuty, .what = kArrive, .subject = subject});
}

void Workload::arrive(World& world, std::size_t number, std::uint32_t attempt) {
  Operation& operation = operations_[number];
  if (operation.attempt != attempt) {
    return;  // the client has gone on to another node since
  }
  const NodeId node = operation.node;
  if (world.paused(node)) {
    world.call_on_resume(node,
                         {.duty = kDuty, .what = kArrive, .subject = number * kAttempts + attempt});
    return;
  }
  if (!world.stage().up(node)) {
    operation.sent = false;
    belief_[operation.client] = NodeId{};
    retry(world, number, Duration{20'000});
    return;
  }
  const RequestId id = request(number, attempt);
  if (operation.read) {
    world.perform(node, ReadAt{node, id, operation.lease});
  } else {
    world.perform(node, ProposeAt{node, id, payload_of(number)});
  }
}

void Workload::retry(World& world, std::size_t number, Duration longest) {
  const Operation& operation = operations_[number];
  if (operation.state != State::kOpen) {
    return;
  }
  if (operation.attempt + 1 >= kAttempts) {
    finish(number, State::kFailed);
    return;
  }
  world.call_at(world.now() + world.random().between(Duration{500}, longest),
                {.duty = kDuty, .what = kSend, .subject = number * kAttempts});
}

void Workload::on_answer(World& world, const Answered& answered) {
  const std::uint64_t id = answered.answer.id.value();
  if (id < kAttempts || id / kAttempts > operations_.size()) {
    return;  // the operator's
  }
  const std::size_t number = id / kAttempts - 1;
  Operation& operation = operations_[number];
  if (id % kAttempts != operation.attempt) {
    return;  // of an attempt that was given up
  }
  std::vector<Waiter>& waiters = waiters_[answered.node.value() - 1];
  if (const auto* refusal = std::get_if<Refused>(&answered.answer.outcome)) {
    operation.sent = false;
    refused(world, number, *refusal);
  } else if (const auto* appended = std::get_if<Appended>(&answered.answer.outcome)) {
    waiters.push_back({appended->position.index, appended->position.term, number});
  } else if (const auto* ready = std::get_if<ReadReady>(&answered.answer.outcome)) {
    if (ready->index < operation.floor && !operation.lease && !violation_) {
      violation_ = "a read at n" + std::to_string(answered.node.value()) +
                   " was answered for index " + std::to_string(ready->index.value()) +
                   ", and index " + std::to_string(operation.floor.value()) +
                   " was acknowledged before it began";
    }
    waiters.push_back({ready->index, Term{}, number});
  }
}

void Workload::refused(World& world, std::size_t number, const Refused& refused) {
  const Operation& operation = operations_[number];
  ++counts_.refusals;
  if (refused.why == Refusal::kInvalid || refused.why == Refusal::kPoisoned) {
    violation_ =
        std::string{"a client was refused as "} + describe(refused.why) + ": " + refused.detail;
    return;
  }
  if (refused.why == Refusal::kNotLeader || refused.why == Refusal::kShutDown) {
    const bool known = refused.leader != kNobody && refused.leader != operation.node;
    belief_[operation.client] = known ? refused.leader : kNobody;
    retry(world, number, known ? Duration{5000} : Duration{50'000});
    return;
  }
  retry(world, number, Duration{50'000});
}

void Workload::on_touched(World& world, NodeId node) {
  const Stage& stage = world.stage();
  const std::size_t slot = node.value() - 1;
  if (!stage.up(node)) {
    if (was_up_[slot]) {
      was_up_[slot] = false;
      lose_node(world, node);
    }
    return;
  }
  was_up_[slot] = true;
  const Index applied = stage.machine(node).applied.index;
  if (applied != applied_[slot]) {
    applied_[slot] = applied;
    witness(stage, node);
  }
  std::vector<Waiter>& waiters = waiters_[slot];
  for (std::size_t i = 0; i < waiters.size();) {
    if (waiters[i].index > applied) {
      ++i;
      continue;
    }
    const Waiter waiter = waiters[i];
    waiters.erase(waiters.begin() + static_cast<std::ptrdiff_t>(i));
    reached(world, node, waiter);
  }
}

// Rule 10: an entry of another term at its index: certainly failed; a snapshot passed it: unknown.
void Workload::reached(World& world, NodeId node, const Waiter& waiter) {
  Operation& operation = operations_[waiter.operation];
  const bool hears = world.random().below(1000) >= plan_.lost_answers;
  if (waiter.term == Term{}) {
    if (hears) {
      counts_.reads_at_followers +=
          world.stage().at(node).role != Role::kLeader && operation.state == State::kOpen ? 1 : 0;
      finish(waiter.operation, State::kSucceeded);
    }
    return;
  }
  const std::optional<Term> term = world.stage().raft(node).term_at(waiter.index);
  if (!term || !hears) {
    finish(waiter.operation, State::kUnknown);
  } else if (*term != waiter.term) {
    finish(waiter.operation, State::kFailed);
  } else {
    // An answer that comes too late for the client binds the group all the same.
    operation.at = {waiter.index, waiter.term};
    highest_ = std::max(highest_, waiter.index);
    belief_[operation.client] = node;
    finish(waiter.operation, State::kSucceeded);
  }
}

void Workload::finish(std::size_t number, State state) {
  Operation& operation = operations_[number];
  if (operation.state != State::kOpen) {
    return;
  }
  operation.state = state;
  probe_done_ = probe_done_ || (probe_ == number && state == State::kSucceeded);
  switch (state) {
    case State::kSucceeded:
      ++counts_.succeeded;
      ++(operation.read ? counts_.reads_answered : counts_.writes_acknowledged);
      counts_.lease_reads += operation.lease ? 1 : 0;
      break;
    case State::kFailed:
      ++counts_.failed;
      break;
    case State::kUnknown:
      ++counts_.unknown;
      break;
    case State::kOpen:
      break;
  }
}

// The node is down: nobody will be told what becomes of what it had taken on.
void Workload::lose_node(World& world, NodeId node) {
  std::vector<Waiter> lost;
  lost.swap(waiters_[node.value() - 1]);
  for (const Waiter& waiter : lost) {
    if (waiter.term != Term{}) {
      finish(waiter.operation, State::kUnknown);
    }
  }
  applied_[node.value() - 1] = Index{};
  for (std::size_t i = oldest_open_; i < operations_.size(); ++i) {
    Operation& operation = operations_[i];
    if (operation.state == State::kOpen && operation.node == node && operation.sent &&
        operation.read) {
      operation.sent = false;
      ++operation.attempt;  // an answer to the lost attempt counts no more
      belief_[operation.client] = kNobody;
      retry(world, i, Duration{20'000});
    }
  }
}

void Workload::give_up_late(World& world) {
  while (oldest_open_ < operations_.size()) {
    const Operation& operation = operations_[oldest_open_];
    if (operation.state == State::kOpen) {
      if (operation.deadline > world.now()) {
        return;
      }
      belief_[operation.client] = kNobody;  // it did not answer
      finish(oldest_open_, operation.sent && !operation.read ? State::kUnknown : State::kFailed);
    }
    ++oldest_open_;
  }
}

void Workload::close() {
  for (; oldest_open_ < operations_.size(); ++oldest_open_) {
    const Operation& operation = operations_[oldest_open_];
    finish(oldest_open_, operation.sent && !operation.read ? State::kUnknown : State::kFailed);
  }
}

// What is applied is on that node's own disk: the first node that applies an index shows the entry.
void Workload::witness(const Stage& stage, NodeId node) {
  const Disk& disk = stage.disk(node);
  const Index applied = stage.machine(node).applied.index;
  while (witnessed_ < applied) {
    const Index index = witnessed_.next();
    if (index <= disk.base.index || index > disk.last()) {
      return;  // restored from a snapshot; another node has shown these
    }
    witnessed_ = index;
    const Entry& entry = disk.entries[index - disk.base.index - 1];
    if (entry.kind != EntryKind::kCommand) {
      continue;
    }
    const std::optional<std::size_t> number = operation_of(entry.payload.text());
    if (!number || *number >= operations_.size()) {
      continue;
    }
    Operation& operation = operations_[*number];
    if (operation.applied++ == 0) {
      operation.stands = entry.position();
    }
  }
}

void Workload::check_history() {
  for (std::size_t i = 0; i < operations_.size() && !violation_; ++i) {
    const Operation& operation = operations_[i];
    const std::string name = "the write w" + std::to_string(i);
    if (operation.read) {
      continue;
    }
    if (operation.applied > 1) {
      violation_ = name + " was applied " + std::to_string(operation.applied) + " times";
    } else if (operation.at.index != Index{} && operation.stands != operation.at) {
      violation_ = name + " was acknowledged at " + describe(operation.at) + ", and " +
                   (operation.applied == 0 ? "is not in the history"
                                           : "stands at " + describe(operation.stands));
    } else if (operation.state == State::kFailed && operation.applied > 0) {
      violation_ = name + " had certainly failed, and was applied at " + describe(operation.stands);
    }
  }
}

std::string Workload::payload_of(std::size_t operation) const {
  std::string payload = "w" + std::to_string(operation);
  const std::size_t bytes = plan_.payload * (operation % 7) / 6;
  if (payload.size() < bytes) {
    payload.resize(bytes, '.');
  }
  return payload;
}

}  // namespace quorate::sim
