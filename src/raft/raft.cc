// The face of the core: events are checked and handed to the duties; a flush gathers what they left
// to be done.
#include "raft/raft.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "raft/core.h"

namespace quorate {
namespace {

void propose(Core& core, const Propose& request, Output& output) {
  Leader* leader = core.leader();
  if (leader == nullptr) {
    return refuse(core, output, request.id, Refusal::kNotLeader);
  }
  if (leader->transfer) {
    return refuse(core, output, request.id, Refusal::kTransferring);
  }
  if (leader->uncommitted_bytes > 0 &&
      leader->uncommitted_bytes + request.payload.size() > core.options.max_uncommitted_bytes) {
    return refuse(core, output, request.id, Refusal::kBusy);
  }
  append_as_leader(core, *leader, EntryKind::kCommand, request.payload);
  answer(output, request.id, Appended{core.log.last()});
}

void persisted(Core& core, Ticket ticket, Output& output) {
  const Persistence::Completed completed = core.persistence.complete(ticket);
  if (completed.installed) {
    install_persisted(core, output);
  } else {
    core.log.mark_stable(completed.stable);
  }
  own_vote_durable(core, output);
  if (Leader* leader = core.leader()) {
    count_own_copy(core, *leader, output);
  }
  if (Leader* still = core.leader()) {
    serve_reads(core, *still, output);
  }
}

// Whoever waits is answered; what that would send to others is not sent any more.
void answer_all(Core& core, Refusal why, Output& output) {
  if (Leader* leader = core.leader()) {
    end_transfer(core, *leader, /*handed_over=*/false, why, output);
    refuse_reads(core, *leader, why, output);
  } else if (auto* follower = std::get_if<Follower>(&core.role)) {
    refuse_forwarded(core, *follower, why, output);
  }
  core.stopped = true;
  output.send_now.clear();
  output.send_after_persist.clear();
}

void stop(Core& core, Output& output) { answer_all(core, Refusal::kShutDown, output); }

struct Take {
  Core& core;
  Output& output;

  void operator()(const Tick& /*e*/) const {
    if (Leader* leader = core.leader()) {
      leader_tick(core, *leader, output);
    } else {
      election_tick(core, output);
    }
  }
  void operator()(const Received& e) const { dispatch(core, e.message, output); }
  void operator()(const Unreachable& e) const {
    Leader* leader = core.leader();
    Progress* peer = leader != nullptr ? find_peer(*leader, e.peer) : nullptr;
    if (peer != nullptr && peer->pace() != Pace::kSnapshot) {
      peer->lost();
    }
  }
  void operator()(const SnapshotFailed& e) const {
    Leader* leader = core.leader();
    Progress* peer = leader != nullptr ? find_peer(*leader, e.peer) : nullptr;
    if (peer != nullptr && peer->pace() == Pace::kSnapshot) {
      peer->put_off(core.now, core.options.resend_timeout);
    }
  }
  void operator()(const Propose& e) const {
    wake_for_request();
    propose(core, e, output);
  }
  void operator()(const ChangeMembership& e) const {
    wake_for_request();
    change_membership(core, e, output);
  }
  void operator()(const TransferLeadership& e) const {
    wake_for_request();
    transfer_leadership(core, e, output);
  }
  void operator()(const Read& e) const {
    wake_for_request();
    read(core, e, output);
  }
  void operator()(const Persisted& e) const { persisted(core, e.ticket, output); }
  void operator()(const Applied& e) const { applied_to(core, e.index); }
  void operator()(const EntriesRead& e) const {
    Leader* leader = core.leader();
    if (e.reader == core.self()) {
      entries_read_for_machine(core, e, output);
    } else if (leader != nullptr) {
      entries_read(core, *leader, e, output);
    }
  }
  void operator()(const SnapshotTaken& e) const { snapshot_taken(core, e.index); }
  void operator()(const WakeUp& /*e*/) const {
    if (core.asleep()) {
      wake_up(core, output, Alarm::kLeaderLost);
    }
  }
  void operator()(const Unfence& /*e*/) const { core.fenced = false; }
  void operator()(const Campaign& /*e*/) const {
    if (core.leader() == nullptr) {
      campaign(core, output, /*handover=*/false);
    }
  }
  void operator()(const Stop& /*e*/) const { stop(core, output); }

  void wake_for_request() const {
    if (core.asleep()) {
      wake_up(core, output, Alarm::kSomebody);
    }
  }
};

// After Stop: requests get their answer, and nothing else happens.
struct TakeStopped {
  const Core& core;
  Output& output;

  void operator()(const Propose& e) const { refuse(core, output, e.id, Refusal::kShutDown); }
  void operator()(const ChangeMembership& e) const {
    refuse(core, output, e.id, Refusal::kShutDown);
  }
  void operator()(const TransferLeadership& e) const {
    refuse(core, output, e.id, Refusal::kShutDown);
  }
  void operator()(const Read& e) const { refuse(core, output, e.id, Refusal::kShutDown); }
  void operator()(const auto& /*e*/) const {}
};

[[gnu::cold, gnu::noinline]] Result<void> time_goes_back(Instant from, Instant to) {
  return invalid("now: goes back from " + std::to_string(micros(from)) + " to " +
                 std::to_string(micros(to)) + " us");
}

// What cannot be right is refused before anything changes.
Result<void> receive(Core& core, Instant now, const Message& message, Output& output) {
  Result<void> valid = validate(core, message);
  if (valid) {
    core.now = now;
    dispatch(core, message, output);
  }
  return valid;
}

Result<void> take(Core& core, Instant now, const Event& event, Output& output) {
  Result<void> valid = validate(core, event);
  if (valid) {
    core.now = now;
    std::visit(Take{core, output}, event);
  }
  return valid;
}

[[gnu::cold, gnu::noinline]] Result<void> take_stopped(Core& core, Instant now, const Event& event,
                                                       Output& output) {
  core.now = now;
  std::visit(TakeStopped{core, output}, event);
  return {};
}

Instant wake_at(const Core& core) {
  Instant at = core.applying.retry_at;
  if (const Leader* leader = core.leader()) {
    return std::min(at, leader_wake_at(core, *leader));
  }
  if (const auto* candidate = std::get_if<Candidate>(&core.role)) {
    return std::min(at, candidate->election.deadline);
  }
  const auto& follower = std::get<Follower>(core.role);
  if (!follower.asleep) {
    at = std::min(at, follower.election.deadline);
  }
  for (const ForwardedRead& each : follower.reads) {
    at = std::min(at, each.deadline);
  }
  return at;
}

void flush_leader(Core& core, Output& output) {
  Leader& leader = *core.leader();
  drive_transfer(core, leader, output);
  fall_asleep_if_idle(core, leader, output);
  replicate(core, leader, output);
  serve_reads(core, leader, output);
}

}  // namespace

Raft::Raft(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Raft::Raft(const Raft& other) : core_(std::make_unique<Core>(*other.core_)) {}
Raft::Raft(Raft&& other) noexcept = default;
Raft& Raft::operator=(const Raft& other) {
  if (this != &other) {
    *core_ = *other.core_;
  }
  return *this;
}
Raft& Raft::operator=(Raft&& other) noexcept = default;
Raft::~Raft() = default;

Result<Raft> Raft::create(const Options& options, Restored restored, Instant now) {
  if (auto valid = options.validate(); !valid) {
    return valid.error();
  }
  if (auto valid = restored.validate(); !valid) {
    return valid.error();
  }
  return Raft{std::make_unique<Core>(options, std::move(restored), now)};
}

void Raft::abandon(Refusal why, Output& output) { answer_all(*core_, why, output); }

Result<void> Raft::step(Instant now, const Event& event, Output& output) {
  Core& core = *core_;
  if (now < core.now) {
    return time_goes_back(core.now, now);
  }
  if (core.stopped) {
    return take_stopped(core, now, event, output);
  }
  if (const auto* received = std::get_if<Received>(&event)) {  // as nearly always
    return receive(core, now, received->message, output);
  }
  return take(core, now, event, output);
}

void Raft::flush(Instant now, Output& output) {
  Core& core = *core_;
  if (core.stopped) {
    output.wake_at = kNever;
    return;
  }
  core.now = std::max(core.now, now);
  if (core.leader() != nullptr) {
    flush_leader(core, output);
  } else if (auto* follower = std::get_if<Follower>(&core.role);
             follower != nullptr && !follower->reads.empty()) {
    forward_reads(core, *follower, output);
  }
  core.persistence.issue(core.now, core.hard_state, core.log, output.persist);
  hand_out_committed(core, output);
  core.log.trim();
  output.wake_at = wake_at(core);
}

}  // namespace quorate
