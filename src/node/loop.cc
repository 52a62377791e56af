#include "node/loop.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "node/log_lane.h"
#include "node/machine_lane.h"
#include "node/reader_lane.h"
#include "node/snapshot_lane.h"

namespace quorate {
Loop::Loop(env::Env& env, NodeId self, Limits limits, Observer* observer)
    : env_(env), limits_(limits), observer_(observer), repairs_(self) {}

void Loop::connect(Lanes lanes, Send send, MembersChanged members_changed) {
  lanes_ = lanes;
  send_ = std::move(send);
  members_changed_ = std::move(members_changed);
}

// ---- From any lane

void Loop::post(LoopLetter letter) {
  if (mailbox_.put(std::move(letter))) {
    lane_->wake();
  }
}

void Loop::post_all(std::vector<LoopLetter>& letters) {
  if (mailbox_.put_all(letters)) {
    lane_->wake();
  }
}

// ---- A turn

Instant Loop::work() {
  mailbox_.take(letters_);
  now_ = env_.now();  // not before anything that a letter tells of
  for (LoopLetter& letter : letters_) {
    open(letter);
  }
  letters_.clear();
  ring();
  if (stopping_ && !stopped_) {
    drive_stop();
  }
  take_turns();
  const Instant repairs_want = repair();
  let_out();
  return std::min(next_turn(), repairs_want);
}

void Loop::open(LoopLetter& letter) {
  std::visit([this](auto& each) { handle(each); }, letter);
}

// Whose alarm is due gets a turn.
void Loop::ring() {
  while (!alarms_.empty() && alarms_.top().at <= now_) {
    const Alarm alarm = alarms_.top();
    alarms_.pop();
    Group* group = find(alarm.group);
    if (group != nullptr && group->armed == alarm.at) {
      group->armed = kNever;
      touch(*group);
    }
  }
}

void Loop::take_turns() {
  Turn turn{now_, output_, outbox_, writes_, machine_, reads_, snapshots_};
  // Nothing that a turn does touches another group.
  for (Group* group : touched_) {
    group->touched = false;
    const Index before = group->members_as_of();
    const bool poisoned = group->poisoned();
    group->turn(turn);
    if (group->poisoned() && !poisoned) {
      note(observer_, group->id(),
           "a bug; this node takes no part in it any more: " + group->report());
    }
    if (group->members_as_of() != before) {
      members_changed_(group->members());
    }
    set_alarm(*group);
  }
  touched_.clear();
}

void Loop::set_alarm(Group& group) {
  const Instant wanted = group.wake_at();
  if (wanted == kNever || group.poisoned()) {
    return;
  }
  const auto grain = limits_.grain.count();
  const Instant at =
      instant((std::max(micros(wanted), micros(now_) + 1) + grain - 1) / grain * grain);
  if (at < group.armed) {
    group.armed = at;
    alarms_.push({at, group.id()});
  }
}

// Messages that may leave go first: the disk and the machine take longer.
void Loop::let_out() {
  outbox_.flush(send_);
  const auto from_here = [this](auto& letters) {
    for (auto& letter : letters) {
      letter.from = this;
    }
  };
  from_here(writes_);
  from_here(mends_);
  from_here(reads_);
  from_here(snapshots_);
  if (!writes_.empty()) {
    lanes_.log->put_all(writes_);
  }
  if (!machine_.empty()) {
    lanes_.machine->put_all(machine_);
  }
  if (!mends_.empty()) {
    lanes_.log->mend_all(mends_);
  }
  if (!reads_.empty()) {
    lanes_.reader->put_all(reads_);
  }
  if (!snapshots_.empty()) {
    lanes_.snapshots->put_all(snapshots_);
  }
}

Instant Loop::next_turn() const {
  const Instant next = alarms_.empty() ? kNever : alarms_.top().at;
  return stopping_ && !stopped_ ? std::min(next, stop_by_) : next;
}

void Loop::touch(Group& group) {
  if (!std::exchange(group.touched, true)) {
    touched_.push_back(&group);
  }
}

Group* Loop::find(GroupId group) {
  const auto at = groups_.find(group);
  return at != groups_.end() ? at->second.get() : nullptr;
}

// ---- What comes from other nodes

void Loop::receive(GroupId id, Message message) {
  Group* group = find(id);
  if (group == nullptr || stopped_) {
    return;
  }
  group->take(Received{std::move(message)});
  if (!group->touched) {
    touch(*group);
    lane_->wake();
  }
}

// What was on its way to it may be lost.
void Loop::peer_lost(NodeId peer) {
  for (Group* group : in_order_) {
    if (group->raft().at().role == Role::kLeader && group->raft().configuration().contains(peer)) {
      group->take(Unreachable{peer});
      group->take(SnapshotFailed{peer});
      touch(*group);
    }
  }
  lane_->wake();
}

// Rule 14: losing the leader's node wakes its groups.
void Loop::peer_silent(NodeId peer) {
  for (Group* group : in_order_) {
    const Position at = group->raft().at();
    if (at.asleep && at.leader == peer) {
      group->take(WakeUp{});
      touch(*group);
    }
  }
  lane_->wake();
}

// ---- Letters

// Why a request cannot even be asked.
std::optional<Outcome> Loop::turned_away(GroupId group) const {
  if (stopping_) {
    return refused(Refusal::kShutDown, "the node is stopping");
  }
  if (disk_.state == DiskIs::State::kFull) {
    return refused(Refusal::kBusy, disk_.why);
  }
  if (groups_.contains(group)) {
    return std::nullopt;
  }
  if (repairs_.fenced(group)) {
    return refused(Refusal::kNotReady, describe(group) + ": " + repairs_.describe(group));
  }
  if (reviving_.contains(group)) {
    return refused(Refusal::kNotReady, describe(group) + " is beginning");
  }
  return refused(Refusal::kInvalid, describe(group) + " is not on this node");
}

void Loop::handle(AskPropose& ask) {
  if (const auto away = turned_away(ask.group)) {
    return ask.done(*away);
  }
  Group& group = *find(ask.group);
  group.propose(std::move(ask.payload), std::move(ask.done));
  touch(group);
}

void Loop::handle(AskRead& ask) {
  if (const auto away = turned_away(ask.group);
      away && (away->why != Refusal::kBusy || find(ask.group) == nullptr)) {
    return ask.query(*away, nullptr);
  }
  Group& group = *find(ask.group);
  if (ask.kind == ReadKind::kLocal) {
    machine_.push_back({ask.group, RunQuery{std::move(ask.query), done_at({})}});
    return;
  }
  group.read(ask.kind, std::move(ask.query));
  touch(group);
}

void Loop::handle(AskChange& ask) {
  if (const auto away = turned_away(ask.group)) {
    return ask.done(*away);
  }
  Group& group = *find(ask.group);
  group.change(std::move(ask.target), std::move(ask.done));
  touch(group);
}

void Loop::handle(AskTransfer& ask) {
  if (const auto away = turned_away(ask.group)) {
    return ask.done(*away);
  }
  Group& group = *find(ask.group);
  group.transfer(ask.target, std::move(ask.done));
  touch(group);
}

void Loop::handle(AskStatus& ask) {
  Group* group = find(ask.group);
  if (group == nullptr) {
    ask.done(Error{ErrorCode::kNotFound, describe(ask.group) + " is not on this node"});
    return;
  }
  ask.done(group->raft().status());
}

void Loop::handle(Tell& tell) {
  Group* group = find(tell.group);
  if (group != nullptr && !stopped_) {
    group->take(std::move(tell.event));
    touch(*group);
  } else if (const auto* received = std::get_if<Received>(&tell.event)) {
    if (const auto* install = std::get_if<InstallSnapshot>(&received->message.body)) {
      repairs_.arrived(tell.group, install->snapshot, orders_);
    }
  }
}

void Loop::handle(Adopt& adopt) { this->adopt(std::move(adopt.group)); }

void Loop::adopt(std::shared_ptr<Group> group) {
  Group& adopted = *group;
  const bool is_new = groups_.emplace(adopted.id(), std::move(group)).second;
  QUORATE_ASSERT(is_new);
  in_order_.push_back(&adopted);
  reviving_.erase(adopted.id());
  now_ = env_.now();  // its core may have been made during this turn
  members_changed_(adopted.members());
  touch(adopted);
}

// No core has a write of this number: theirs begin at 1.
constexpr Ticket kBeginning{};

void Loop::handle(Begin& begin) {
  if (stopping_) {
    return begin.done(refused(Refusal::kShutDown, "the node is stopping"));
  }
  if (groups_.contains(begin.group) || beginning_.contains(begin.group) ||
      repairs_.fenced(begin.group) || reviving_.contains(begin.group)) {
    return begin.done(
        refused(Refusal::kInvalid, describe(begin.group) + " is on this node already"));
  }
  SnapshotMeta before_all;
  before_all.configuration = begin.members;
  Persist record;
  record.ticket = kBeginning;
  record.snapshot = std::move(before_all);
  writes_.push_back({this, begin.group, std::move(record)});
  beginning_.emplace(begin.group, std::move(begin));
}

void Loop::handle(Written& written) {
  if (stopped_) {
    return;
  }
  if (written.ticket == kBeginning) {
    auto begun = beginning_.extract(written.group);
    QUORATE_ASSERT(!begun.empty());
    adopt(begun.mapped().begin());
    return begun.mapped().done(done_at({}));
  }
  Group* group = find(written.group);
  QUORATE_ASSERT(group != nullptr);
  group->take(Persisted{written.ticket});
  touch(*group);
}

void Loop::handle(DiskIs& disk) {
  disk_ = std::move(disk);
  switch (disk_.state) {
    case DiskIs::State::kWell:
      note(observer_, "the disk has room again");
      break;
    case DiskIs::State::kFull:
      note(observer_, "the disk is full, proposals are refused: " + disk_.why);
      break;
    case DiskIs::State::kBroken:
      note(observer_, "the disk has failed, this node stops: " + disk_.why);
      break;
  }
  if (disk_.state == DiskIs::State::kBroken) {
    stopping_ = true;
    stop_all("the disk of this node has failed: " + disk_.why);
  }
}

void Loop::handle(MachineFailed& failed) {
  note(observer_, failed.group, "the state machine has failed: " + failed.why);
  Group* group = find(failed.group);
  if (group != nullptr) {
    group->take(Stop{});
    touch(*group);
    group->abandon(failed.why);
  }
}

void Loop::handle(Post& post) { send_(post.to, post.channel, std::move(post.body)); }

// ---- Fenced groups

void Loop::handle(FenceOff& fence) {
  for (const Configuration& configuration : fence.configurations) {
    locate(configuration);
  }
  repairs_.fence(fence.group, fence.lost, fence.configurations);
  note(observer_, fence.group, repairs_.describe(fence.group));
}

void Loop::handle(RotFound& rot) {
  Group* group = find(rot.lost.group);
  if (group != nullptr && !group->poisoned()) {
    repairs_.fetch(rot.lost, group->raft().configuration());
    note(observer_, rot.lost.group, wal::describe(rot.lost) + "; it is fetched from other members");
  }
}

void Loop::locate(const Configuration& configuration) {
  if (const auto members = Members::decode(configuration.context)) {
    members_changed_(members.value());
  }
}

void Loop::handle(Mended& mended) {
  repairs_.changed(mended.group, mended.change, mended.done, orders_);
}

void Loop::found(const EntryFound& found) {
  repairs_.found(found, orders_);
  lane_->wake();
}

void Loop::missing(NodeId from, const EntryMissing& missing) {
  repairs_.missing(from, missing);
  lane_->wake();
}

// What is in memory and not on the disk yet counts as held: it may be, soon. A node that takes no
// part in the group cannot tell.
void Loop::handle(Judge& judge) {
  EntryMissing& missing = judge.missing;
  if (Group* group = find(missing.group)) {
    const LogPosition& asked = missing.position;
    const Position at = group->raft().at();
    if (group->poisoned() || group->raft().term_at(asked.index) == asked.term) {
      missing.why = EntryMissing::Why::kNotNow;
    } else if (asked.index > at.last.index || asked.index > at.base) {
      missing.why = EntryMissing::Why::kLacking;
    } else {
      missing.why = EntryMissing::Why::kCompacted;
    }
  } else if (!repairs_.fenced(missing.group)) {
    missing.why = EntryMissing::Why::kNotNow;
  }
  send_(judge.to, Channel::kBulk, encode(missing));
}

Instant Loop::repair() {
  const bool was_repairing = std::exchange(repairing_, !repairs_.idle());
  if (stopped_ || (!repairing_ && !was_repairing)) {
    return kNever;
  }
  const Instant next = repairs_.work(now_, orders_);
  for (const auto& [group, text] : orders_.say) {
    note(observer_, group, text);
  }
  for (const Configuration& configuration : orders_.found) {
    locate(configuration);
  }
  for (const auto& [to, ask] : orders_.ask) {
    send_(to, Channel::kBulk, encode(ask));
  }
  for (const auto& [to, ask] : orders_.ask_offer) {
    send_(to, Channel::kBulk, encode(ask));
  }
  for (auto& [group, entry] : orders_.rewrite) {
    mends_.push_back({nullptr, group, std::move(entry)});
  }
  for (const auto& [group, first] : orders_.cut) {
    mends_.push_back({nullptr, group, first});
  }
  for (const auto& [group, snapshot] : orders_.replace) {
    mends_.push_back({nullptr, group, snapshot});
  }
  for (const GroupId group : orders_.whole) {
    reviving_.insert(group);
    reads_.push_back({nullptr, group, Revive{}});
  }
  orders_ = {};
  return next;
}

// ---- The end

void Loop::handle(StopLoop& stop) {
  if (stopped_) {
    return stop.done();
  }
  when_stopped_.push_back(std::move(stop.done));
  if (std::exchange(stopping_, true)) {
    return;
  }
  stop_by_ = now_ + limits_.handover;
  for (Group* group : in_order_) {
    const Status status = group->raft().status();
    const PeerStatus* best = nullptr;
    for (const PeerStatus& peer : status.peers) {
      if (peer.voter && (best == nullptr || peer.match > best->match)) {
        best = &peer;
      }
    }
    if (best != nullptr) {
      group->transfer(best->id, [](const Outcome&) {});
      touch(*group);
    }
  }
}

// Stopped when nobody here leads others any more, or it took too long.
void Loop::drive_stop() {
  const bool leads = std::ranges::any_of(in_order_, [](const Group* group) {
    const Raft& raft = group->raft();
    return raft.at().role == Role::kLeader && raft.configuration().voters.size() > 1;
  });
  if (!leads || stop_by_ <= now_) {
    stop_all("the node was stopped");
  }
}

void Loop::stop_all(const std::string& why) {
  if (std::exchange(stopped_, true)) {
    return;
  }
  for (Group* group : in_order_) {
    group->take(Stop{});
    touch(*group);
  }
  take_turns();
  for (Group* group : in_order_) {
    group->abandon(why);
  }
  for (auto& [id, begin] : beginning_) {
    begin.done(unknown(why));
  }
  beginning_.clear();
  for (const auto& done : when_stopped_) {
    done();
  }
  when_stopped_.clear();
}

}  // namespace quorate
