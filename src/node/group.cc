#include "node/group.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quorate {
namespace {

constexpr Duration kBetweenPromotions = std::chrono::milliseconds{500};

Outcome refused(const Refused& refusal) {
  return refused(refusal.why, refusal.detail, refusal.leader);
}

}  // namespace

Group::Group(GroupId id, Raft raft, Duration deadline, Observer* observer)
    : id_(id), core_(std::move(raft)), deadline_(deadline), observer_(observer) {
  const Position at = core_.raft().at();
  handed_ = at.applied;
  wake_at_ = Instant::min();  // its first turn asks the core
  note_configuration();
}

void Group::propose(Bytes payload, Done done) {
  events_.push_back({Propose{{}, std::move(payload)}, std::move(done), {}});
}

void Group::change(Configuration target, Done done) {
  events_.push_back({ChangeMembership{{}, std::move(target)}, std::move(done), {}});
}

void Group::transfer(NodeId target, Done done) {
  events_.push_back({TransferLeadership{{}, target}, std::move(done), {}});
}

void Group::read(ReadKind kind, Query query) {
  QUORATE_ASSERT(kind != ReadKind::kLocal);  // asks the machine alone
  const auto mode = kind == ReadKind::kLease ? ReadMode::kLease : ReadMode::kLinearizable;
  events_.push_back({Read{{}, mode}, {}, std::move(query)});
}

void Group::turn(Turn& turn) {
  const bool due = wake_at_ <= turn.now;
  std::vector<Pending> events = std::exchange(events_, {});
  if (due) {
    events.push_back({Tick{}, {}, {}});
  }
  turn.output.clear();
  for (Pending& pending : events) {
    step(pending, turn);
  }
  waiters_.expire(turn.now);
  promote_learners(turn);
  core_.flush(turn.now, turn.output);
  carry_out(turn);
  if (core_.poisoned() && !waiters_.empty()) {
    waiters_.abandon("this node found a bug in itself and takes no part in the group any more");
  }
  events.clear();
  if (events_.empty() && wake_at() != kNever) {
    events_ = std::move(events);  // its memory serves the next turn; a sleeper keeps none
  }
}

// Requests are named here, in the order in which they are taken in.
RequestId Group::name(Event& event) {
  const RequestId id{++requests_};
  std::visit(
      [id](auto& e) {
        if constexpr (requires { e.id = id; }) {
          e.id = id;
        }
      },
      event);
  return id;
}

void Group::step(Pending& pending, Turn& turn) {
  if (const auto* persisted = std::get_if<Persisted>(&pending.event)) {
    durable(persisted->ticket, turn);
  }
  const bool request = pending.done || pending.query;
  const RequestId id = request ? name(pending.event) : RequestId{};
  const Result<void> result = core_.step(turn.now, std::move(pending.event), turn.output);
  settle(pending, id, turn);
  if (result) {
    return;
  }
  if (request) {
    Answer answer{id, Refused{Refusal::kInvalid, {}, result.error().message}};
    settle(answer, pending.done, pending.query, turn);
  } else {
    note(observer_, id_, "dropped what cannot be right: " + result.error().message);
  }
}

// What the core has answered so far. `current` is the request of this very step; one that is not
// answered in its own step is kept.
void Group::settle(Pending& pending, RequestId current, Turn& turn) {
  bool answered = false;
  for (Answer& answer : turn.output.answers) {
    if (answer.id == current) {
      answered = true;
      settle(answer, pending.done, pending.query, turn);
    } else if (const auto open = open_.find(answer.id); open != open_.end()) {
      settle(answer, open->second.done, open->second.query, turn);
      open_.erase(open);
    }
  }
  turn.output.answers.clear();
  if (current != RequestId{} && !answered) {
    open_.emplace(current, Open{std::move(pending.done), std::move(pending.query)});
  }
}

void Group::settle(Answer& answer, Done& done, Query& query, Turn& turn) {
  if (const auto* appended = std::get_if<Appended>(&answer.outcome)) {
    waiters_.wait(appended->position, turn.now + deadline_, std::move(done));
  } else if (const auto* ready = std::get_if<ReadReady>(&answer.outcome)) {
    serve(std::move(query), ready->index, turn);
  } else if (const auto* refusal = std::get_if<Refused>(&answer.outcome)) {
    if (done) {
      done(refused(*refusal));
    }
    if (query) {
      turn.machine.push_back({id_, RunQuery{std::move(query), refused(*refusal)}});
    }
  } else if (done) {
    done(done_at({}));  // handed over
  }
}

void Group::serve(Query query, Index index, Turn& turn) {
  if (index > handed_) {
    ready_reads_.emplace(index, std::move(query));
    return;
  }
  turn.machine.push_back({id_, RunQuery{std::move(query), done_at({index, Term{}})}});
}

void Group::serve_ready(Turn& turn) {
  while (!ready_reads_.empty() && ready_reads_.begin()->first <= handed_) {
    auto node = ready_reads_.extract(ready_reads_.begin());
    serve(std::move(node.mapped()), node.key(), turn);
  }
}

void Group::carry_out(Turn& turn) {
  Output& output = turn.output;
  Pending nobody{Tick{}, {}, {}};
  settle(nobody, RequestId{}, turn);
  persist(turn);
  for (Message& message : output.send_now) {
    send(message, turn);
  }
  for (Deferred& deferred : output.send_after_persist) {
    deferred_.push_back(std::move(deferred));
  }
  hand_out(turn);
  for (const ReadEntries& read : output.reads) {
    turn.reader.push_back({nullptr, id_, ReadForPeer{read}});
  }
  wake_at_ = output.wake_at;
  if (core_.raft().configuration_index() != members_as_of_) {
    note_configuration();
  }
  observe(turn);
}

void Group::persist(Turn& turn) {
  Persist& wanted = turn.output.persist;
  if (wanted.ticket == Ticket{}) {
    return;
  }
  const auto& record = wanted.install ? wanted.install : wanted.snapshot;
  if (record) {
    snapshot_writes_.push_back({wanted.ticket, record->last});
  }
  turn.writes.push_back({nullptr, id_, std::exchange(wanted, Persist{})});
}

// What waited for this write may leave, and leaves before the core says more.
void Group::durable(Ticket ticket, Turn& turn) {
  durable_ = std::max(durable_, ticket);
  while (!deferred_.empty() && deferred_.front().after <= durable_) {
    send(deferred_.front().message, turn);
    deferred_.pop_front();
  }
  while (!snapshot_writes_.empty() && snapshot_writes_.front().ticket <= durable_) {
    SnapshotLetter& letter = turn.snapshots.emplace_back();
    letter.group = id_;
    letter.what.emplace<KeepOnly>(snapshot_writes_.front().last);
    snapshot_writes_.erase(snapshot_writes_.begin());
  }
}

void Group::send(Message& message, Turn& turn) {
  if (std::holds_alternative<InstallSnapshot>(message.body)) {
    turn.reader.push_back({nullptr, id_, MakeOffer{std::move(message)}});
    return;
  }
  turn.outbox.add(id_, message);
  turn.output.give_back(std::move(message));
}

void Group::hand_out(Turn& turn) {
  Output& output = turn.output;
  if (output.restore) {
    handed_ = output.restore->last.index;
    waiters_.passed_by_snapshot(handed_);
    turn.machine.push_back({id_, Restore{std::move(*output.restore)}});
  }
  if (!output.committed.empty()) {
    ApplyBatch batch;
    waiters_.applying(output.committed, batch.due);
    handed_ = output.committed.back().index;
    batch.entries = std::move(output.committed);
    turn.machine.push_back({id_, std::move(batch)});
  }
  serve_ready(turn);
}

// A learner that is to become a voter does when it lacks little (dissertation 4.2.1): asked for at
// the leader, and simply tried again when it is refused.
void Group::promote_learners(Turn& turn) {
  const Configuration& now = core_.raft().configuration();
  if (now.learners.empty() || now.joint() || turn.now < next_promotion_ ||
      core_.raft().at().role != Role::kLeader) {
    return;
  }
  const Status status = core_.raft().status();
  Configuration target = now;
  for (const PeerStatus& peer : status.peers) {
    const Member* member = members_.find(peer.id);
    const bool wanted = member != nullptr && member->promote && !peer.voter;
    if (wanted && peer.pace == Pace::kReplicate && peer.match >= status.at.committed) {
      std::erase(target.learners, peer.id);
      target.voters.push_back(peer.id);
    }
  }
  if (target.voters.size() == now.voters.size()) {
    return;
  }
  std::ranges::sort(target.voters);
  next_promotion_ = turn.now + kBetweenPromotions;
  Pending request{ChangeMembership{{}, std::move(target)}, [](const Outcome&) {}, {}};
  step(request, turn);
}

void Group::note_configuration() {
  members_as_of_ = core_.raft().configuration_index();
  auto members = Members::decode(core_.raft().configuration().context);
  if (members) {
    members_ = std::move(members.value());
  } else {
    note(observer_, id_, "no addresses in the configuration: " + members.error().message);
  }
}

void Group::observe(Turn& turn) {
  if (observer_ != nullptr && !turn.output.happened.empty()) {
    const Position at = core_.raft().at();
    for (const Happened what : turn.output.happened) {
      observer_->happened(id_, at, what);
    }
  }
}

Instant Group::wake_at() const { return std::min(wake_at_, waiters_.deadline()); }

void Group::abandon(const std::string& why) {
  waiters_.abandon(why);
  for (auto& [id, open] : open_) {
    if (open.done) {
      open.done(unknown(why));
    }
    if (open.query) {
      open.query(unknown(why), nullptr);
    }
  }
  open_.clear();
  for (auto& [index, query] : ready_reads_) {
    query(unknown(why), nullptr);
  }
  ready_reads_.clear();
}

}  // namespace quorate
