#include "sim/stage.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "model/text.h"
#include "raft/invariants.h"
#include "sim/prints.h"

namespace quorate::sim {
namespace {

// A core that asks to be woken again and again without its clock moving has lost its way.
constexpr int kMostTicksWithoutProgress = 100;
// The same for work that never ends within one step.
constexpr int kMostCompletionsInAStep = 100'000;

std::vector<Entry> entries_on(const Disk& disk, const ReadEntries& read) {
  std::vector<Entry> entries;
  std::uint64_t bytes = 0;
  const Index last = std::min(read.last, disk.last());
  for (Index index = read.first; index > disk.base.index && index <= last; index = index.next()) {
    const Entry& entry = disk.entries[index - disk.base.index.next()];
    bytes += entry.cost();
    if (!entries.empty() && bytes > read.max_bytes) {
      break;
    }
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace

// ---- Messages in flight

std::optional<std::size_t> Flight::find(const Pick& pick) const {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const InFlight& candidate = *messages_[i];
    const Message& message = candidate.message;
    const bool link = (pick.from == kNobody || pick.from == message.from) &&
                      (pick.to == kNobody || pick.to == message.to);
    const bool content =
        pick.print == 0 || pick.print == candidate.print || pick.print == candidate.name;
    if (link && content && (pick.kind.empty() || pick.kind == message_name(message.body))) {
      return i;
    }
  }
  return std::nullopt;
}

void Flight::add(InFlight message) {
  messages_.push_back(std::make_shared<const InFlight>(std::move(message)));
}

void Flight::remove(std::size_t i) {
  messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i));
}

// ---- A stage

Stage::Stage(Setup setup) : setup_(std::make_shared<const Setup>(std::move(setup))) {
  std::ranges::for_each(setup_->nodes, [this](NodeId id) {
    Node node;
    node.id = id;
    if (setup_->bootstrap.contains(id)) {
      node.disk.snapshot.configuration = setup_->bootstrap;
    }
    nodes_.emplace_back(std::in_place, std::move(node));
  });
  for (const NodeId id : setup_->nodes) {
    start(*change(id), false);
  }
}

bool Stage::apply(const Step& step) {
  if (violation_) {
    return false;
  }
  try {
    return std::visit([&](const auto& action) { return carry_out(step.at, action); }, step.action);
  } catch (const AssertionFailed& bug) {
    broken(to_text(step) + ": " + bug.what());
    return true;
  }
}

void Stage::trace_to(Sink sink, TraceFormat format) {
  tracer_ = sink ? std::make_shared<const Tracer>(Tracer{std::move(sink), format}) : nullptr;
}

std::size_t Stage::position(NodeId id) const {
  const auto& ids = setup_->nodes;
  return static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
}

const Node& Stage::node(NodeId id) const {
  QUORATE_ASSERT(position(id) < nodes_.size(), "there is no node " + std::to_string(id.value()));
  return *nodes_[position(id)];
}

const Raft& Stage::raft(NodeId id) const {
  const Node& here = node(id);
  QUORATE_ASSERT(here.up(), "node " + std::to_string(id.value()) + " is down");
  return *here.raft;
}

Node* Stage::change(NodeId id) {
  const std::size_t i = position(id);
  return i < nodes_.size() ? &nodes_[i].change() : nullptr;
}

Node* Stage::change_up(At at, NodeId id) {
  const std::size_t i = position(id);
  if (i == nodes_.size() || !nodes_[i]->up()) {
    return nullptr;
  }
  Node& here = nodes_[i].change();
  here.clock = std::max(here.clock, at.value_or(here.clock));
  return &here;
}

std::vector<Answered> Stage::take_answers() { return std::exchange(answers_, {}); }

std::uint64_t Stage::fingerprint() const {
  Fingerprint all;
  for (const auto& node : nodes_) {
    all.add(node.print([](const Node& value) { return value.fingerprint(); }));
  }
  std::uint64_t messages = 0;  // a sum: they are a set
  for (const InFlight& message : flight_) {
    Fingerprint one;
    one.add(message.print);
    messages += one.value();
  }
  all.add(messages);
  checker_.fingerprint(all, nodes_);
  return all.value();
}

// ---- What can happen: the network

bool Stage::receive(At at, std::shared_ptr<const InFlight> message) {
  Node* node = change_up(at, message->message.to);
  if (node == nullptr) {
    return false;
  }
  if (message->files) {
    node->stage_files(*message->files);
  }
  take(*node, Received{message->message});
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const Deliver& action) {
  const auto i = flight_.find(action.pick);
  if (!i || position(flight_[*i].message.to) == nodes_.size() || !up(flight_[*i].message.to)) {
    return false;
  }
  const auto message = flight_.share(*i);
  flight_.remove(*i);
  return receive(at, message);
}

bool Stage::carry_out(At at, const Duplicate& action) {
  const auto i = flight_.find(action.pick);
  return i && receive(at, flight_.share(*i));
}

bool Stage::carry_out(At /*at*/, const Drop& action) {
  const auto i = flight_.find(action.pick);
  if (!i) {
    return false;
  }
  if (tracer_) {
    const Message& message = flight_[*i].message;
    note(node(message.from), "lost: " + describe(message));
  }
  flight_.remove(*i);
  return true;
}

// ---- What can happen: time

bool Stage::carry_out(At at, const TickNode& action) {
  Node* node = change_up(at, action.node);
  if (node == nullptr || (!at && node->wake_at == kNever)) {
    return false;
  }
  if (!at) {
    node->clock = std::max(node->clock, node->wake_at);
  }
  take(*node, Tick{});
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const Advance& action) {
  bool any = false;
  for (const NodeId id : setup_->nodes) {
    if (action.node != kNobody && action.node != id) {
      continue;
    }
    if (Node* node = change_up(at, id)) {
      advance(*node, node->clock + action.by);
      any = true;
    }
  }
  return any;
}

void Stage::advance(Node& node, Instant until) {
  int idle = 0;
  while (!violation_ && node.up() && node.wake_at <= until) {
    idle = node.wake_at <= node.clock ? idle + 1 : 0;
    if (idle > kMostTicksWithoutProgress) {
      broken(text_of(node.id) + " wants to be woken at once, again and again");
      return;
    }
    node.clock = std::max(node.clock, node.wake_at);
    take(node, Tick{});
    settle(node);
  }
  node.clock = std::max(node.clock, until);
}

// ---- What can happen: completions

bool Stage::carry_out(At at, const FinishWrite& action) {
  Node* node = change_up(at, action.node);
  if (node == nullptr || !finish_write(*node)) {
    return false;
  }
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const FinishApply& action) {
  Node* node = change_up(at, action.node);
  if (node == nullptr || !finish_apply(*node)) {
    return false;
  }
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const FinishRead& action) {
  Node* node = change_up(at, action.node);
  if (node == nullptr || !finish_read(*node, action.fails)) {
    return false;
  }
  settle(*node);
  return true;
}

bool Stage::finish_write(Node& node) {
  if (node.writes.empty()) {
    return false;
  }
  const Persist write = std::move(node.writes.front());
  node.writes.erase(node.writes.begin());
  node.disk.write(write, node.staged);
  node.durable = write.ticket;
  if (write.install || write.compact) {
    forget_compacted();
  }
  take(node, Persisted{write.ticket});
  return true;
}

bool Stage::finish_apply(Node& node) {
  if (node.applies.empty()) {
    return false;
  }
  const Batch batch = std::move(node.applies.front());
  node.applies.erase(node.applies.begin());
  apply_batch(node, batch);
  if (!violation_) {
    take(node, Applied{node.machine.applied.index});
  }
  return true;
}

void Stage::apply_batch(Node& node, const Batch& batch) {
  if (batch.restore) {
    node.machine = node.disk.snapshot_machine;
    std::erase_if(node.staged, [&](const Machine& staged) {
      return staged.applied.index <= node.machine.applied.index;
    });
    broken(checker_.applied(node));
  }
  for (const Entry& entry : batch.entries) {
    node.machine.apply(entry);
    broken(checker_.applied(node));
  }
  if (setup_->durable_machine) {
    node.disk.machine = node.machine;
  }
}

bool Stage::finish_read(Node& node, bool fails) {
  if (node.reads.empty()) {
    return false;
  }
  const ReadEntries read = node.reads.front();
  node.reads.erase(node.reads.begin());
  Result<std::vector<Entry>> result = entries_on(node.disk, read);
  if (fails) {
    result = Error{ErrorCode::kIo, "the disk could not be read"};
  } else if (result.value().empty()) {
    result = Error{ErrorCode::kNotFound, "the entries were compacted away"};
  }
  take(node, EntriesRead{read.reader, read.first, std::move(result)});
  return true;
}

void Stage::settle(Node& node) {
  for (int i = 0; i < kMostCompletionsInAStep && !violation_ && node.up(); ++i) {
    const bool write = setup_->instant_disk && finish_write(node);
    const bool apply = !write && setup_->instant_apply && !violation_ && finish_apply(node);
    const bool read = !write && !apply && setup_->instant_disk && finish_read(node, false);
    if (!write && !apply && !read) {
      return;
    }
  }
}

void Stage::forget_compacted() {
  Index lowest{~std::uint64_t{0}};
  for (const auto& node : nodes_) {
    lowest = std::min(lowest, node->disk.base.index);
  }
  checker_.forget(lowest);
}

// ---- What can happen: crashes and restarts

bool Stage::carry_out(At /*at*/, const Crash& action) {
  Node* node = change_up({}, action.node);
  if (node == nullptr) {
    return false;
  }
  const std::size_t kept = std::min<std::size_t>(action.writes_kept, node->writes.size());
  for (std::size_t i = 0; i < kept; ++i) {
    node->disk.write(node->writes[i], node->staged);
  }
  if (tracer_) {
    note(*node, "crashed; " + std::to_string(kept) + " of " + std::to_string(node->writes.size()) +
                    " outstanding writes reached the disk");
  }
  if (setup_->forgets_votes) {
    node->disk.hard_state.vote = kNobody;
  }
  node->lose_memory();
  checker_.crashed(node->id);
  return true;
}

bool Stage::carry_out(At at, const Restart& action) {
  if (position(action.node) == nodes_.size() || up(action.node)) {
    return false;
  }
  Node& node = *change(action.node);
  node.clock = std::max(node.clock, at.value_or(node.clock));
  start(node, action.fenced);
  checker_.restarted();
  return true;
}

void Stage::start(Node& node, bool fenced) {
  ++node.boot;
  Options options = setup_->options;
  options.id = node.id;
  options.boot = node.boot;
  options.seed = setup_->options.seed + node.id.value() + (node.boot - 1) * 1'000'003;
  const Disk& disk = node.disk;
  const bool kept =
      setup_->durable_machine && disk.machine.applied.index > disk.snapshot.last.index;
  node.machine = kept ? disk.machine : disk.snapshot_machine;
  auto restored = Restored::from_entries(disk.hard_state, disk.snapshot, disk.base, disk.entries,
                                         node.machine.applied.index);
  if (!restored) {
    broken(text_of(node.id) + " cannot be restored: " + restored.error().message);
    return;
  }
  restored.value().fenced = fenced;
  auto raft = Raft::create(options, std::move(restored).value(), node.clock);
  if (!raft) {
    broken(text_of(node.id) + " cannot start: " + raft.error().message);
    return;
  }
  node.raft.emplace(std::move(raft).value());
  const Position before = node.raft->at();
  scratch_.output.clear();
  node.raft->flush(node.clock, scratch_.output);
  if (node.boot > 1) {
    note(node, "restarted, " + describe(before));
  }
  obey(node, before, nullptr);
  settle(node);
}

// ---- What can happen: requests

bool Stage::request(At at, NodeId id, RequestId request, const Event& event) {
  Node* node = change_up(at, id);
  if (node == nullptr) {
    return false;
  }
  if (const auto* read = std::get_if<Read>(&event)) {
    const bool lease = read->mode == ReadMode::kLease && setup_->options.lease_reads;
    checker_.asked_to_read(id, request, lease);
  } else {
    checker_.asked(id, request);
  }
  take(*node, event);
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const ProposeAt& action) {
  return request(at, action.node, action.id,
                 Propose{action.id, Bytes::copy_of(std::string_view{action.payload})});
}
bool Stage::carry_out(At at, const ReadAt& action) {
  const ReadMode mode = action.lease ? ReadMode::kLease : ReadMode::kLinearizable;
  return request(at, action.node, action.id, Read{action.id, mode});
}
bool Stage::carry_out(At at, const ChangeAt& action) {
  return request(at, action.node, action.id, ChangeMembership{action.id, action.target});
}
bool Stage::carry_out(At at, const TransferAt& action) {
  return request(at, action.node, action.id, TransferLeadership{action.id, action.target});
}

bool Stage::carry_out(At at, const SnapshotAt& action) {
  Node* node = change_up(at, action.node);
  if (node == nullptr) {
    return false;
  }
  const Position now = node->raft->at();
  if (now.restoring || node->machine.applied.index <= now.snapshot ||
      node->machine.applied.index > now.applied) {
    return false;
  }
  node->stage_files(node->machine);
  checker_.took_snapshot();
  take(*node, SnapshotTaken{node->machine.applied.index});
  settle(*node);
  return true;
}

bool Stage::event(At at, NodeId id, const Event& event) {
  Node* node = change_up(at, id);
  if (node == nullptr) {
    return false;
  }
  take(*node, event);
  settle(*node);
  return true;
}

bool Stage::carry_out(At at, const CampaignAt& action) {
  return event(at, action.node, Campaign{});
}
bool Stage::carry_out(At at, const UnreachableAt& action) {
  return event(at, action.node, Unreachable{action.peer});
}
bool Stage::carry_out(At at, const WakeAt& action) { return event(at, action.node, WakeUp{}); }
bool Stage::carry_out(At at, const SnapshotFailedAt& action) {
  return event(at, action.node, SnapshotFailed{action.peer});
}
bool Stage::carry_out(At at, const UnfenceAt& action) { return event(at, action.node, Unfence{}); }
bool Stage::carry_out(At at, const StopAt& action) {
  if (!event(at, action.node, Stop{})) {
    return false;
  }
  broken(checker_.stopped(action.node));
  return true;
}

// ---- One event, and what the core asks for

void Stage::take(Node& node, const Event& event) {
  if (violation_) {
    return;
  }
  const Position before = node.raft->at();
  Output& output = scratch_.output;
  output.clear();
  try {
    const auto result = node.raft->step(node.clock, event, output);
    node.raft->flush(node.clock, output);
    if (!result) {
      refused(node, event, result.error());
    }
  } catch (const AssertionFailed& bug) {
    note(node, describe(event));
    broken(text_of(node.id) + " found a bug in itself: " + bug.what());
    return;
  }
  obey(node, before, &event);
}

// A core never sends what another refuses, and a driver never completes what was not begun; a
// client, though, may ask for anything.
void Stage::refused(Node& node, const Event& event, const Error& error) {
  const bool ours =
      std::holds_alternative<Received>(event) || std::holds_alternative<Persisted>(event) ||
      std::holds_alternative<Applied>(event) || std::holds_alternative<EntriesRead>(event);
  if (ours) {
    broken(text_of(node.id) + " refuses " + describe(event) + ": " + error.message);
    return;
  }
  note(node, "refuses " + describe(event) + ": " + error.message);
  std::visit(
      [this](const auto& request) {
        if constexpr (requires { request.id; }) {
          checker_.rejected(request.id);
        }
      },
      event);
}

void Stage::obey(Node& node, const Position& before, const Event* event) {
  Output& output = scratch_.output;
  const Position after = node.raft->at();
  if (tracer_ && event != nullptr) {
    for (const std::string& line :
         trace(tracer_->format, node.clock, before, after, *event, output)) {
      tracer_->sink(line);
    }
  }
  broken(check_invariants(before, after));
  broken(checker_.stepped(nodes_, node, before, output));
  if (violation_) {
    return;
  }
  if (node.configuration_index != after.configuration_index ||
      node.configuration.joint() != after.joint || event == nullptr) {
    node.configuration = node.raft->configuration();
    node.configuration_index = after.configuration_index;
  }
  node.wake_at = output.wake_at;
  for (Answer& answer : output.answers) {
    answers_.push_back({node.id, std::move(answer)});
  }
  if (output.persist.ticket != Ticket{}) {
    node.writes.push_back(std::move(output.persist));
  }
  hand_out(node, output);
  node.reads.insert(node.reads.end(), output.reads.begin(), output.reads.end());
  const bool speaks = !output.send_now.empty() || !output.send_after_persist.empty();
  if (after.stopped && speaks) {
    broken(text_of(node.id) + " was stopped and still sends");
  }
  release(node);
  for (Message& message : output.send_now) {
    send(node, after, std::move(message));
  }
  for (Deferred& waiting : output.send_after_persist) {
    node.deferred.push_back(std::move(waiting));
  }
  release(node);
}

// Rule 2: what is applied is durable, and a restore follows the record of its snapshot.
void Stage::hand_out(Node& node, Output& output) {
  if (!output.restore && output.committed.empty()) {
    return;
  }
  if (output.restore && node.disk.snapshot.last != output.restore->last) {
    broken(text_of(node.id) + " restores " + describe(*output.restore) +
           " before its record is on disk");
  }
  for (const Entry& entry : output.committed) {
    if (!node.disk.holds(entry.position())) {
      broken(text_of(node.id) + " applies " + describe(entry) + " before it is on its disk");
    }
  }
  node.applies.push_back({std::move(output.restore), std::move(output.committed)});
}

// What waited for writes that are done now.
void Stage::release(Node& node) {
  const Position at = node.raft->at();
  std::size_t kept = 0;
  for (Deferred& waiting : node.deferred) {
    if (waiting.after <= node.durable) {
      send(node, at, std::move(waiting.message));
    } else {
      std::swap(node.deferred[kept++], waiting);
    }
  }
  node.deferred.resize(kept);
}

void Stage::send(const Node& node, const Position& at, Message message) {
  if (message.from != node.id || message.to == node.id) {
    broken(text_of(node.id) + " sends as " + text_of(message.from) + ": " + describe(message));
  }
  broken(check_may_leave(at, message));
  broken(checker_.leaves(nodes_, node, message));
  ++sent_;
  if (violation_ || position(message.to) == nodes_.size()) {
    return;
  }
  InFlight sent;
  sent.print = print_of(message, true);
  sent.name = print_of(message, false);
  sent.sent = node.clock;
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    const Machine* files = node.files_of(install->snapshot.last);
    if (files == nullptr) {
      broken(text_of(node.id) + " has no snapshot for " + describe(message));
      return;
    }
    sent.files = *files;
  }
  sent.message = std::move(message);
  flight_.add(std::move(sent));
}

void Stage::broken(const std::optional<std::string>& what) {
  if (what && !violation_) {
    violation_ = what;
    if (tracer_) {
      tracer_->sink(tracer_->format == TraceFormat::kText
                        ? "VIOLATION " + *what
                        : "{\"violation\":" + json_quoted(*what) + "}");
    }
  }
}

void Stage::note(const Node& node, const std::string& what) const {
  if (tracer_) {
    tracer_->sink(trace_note(tracer_->format, node.clock, node.id,
                             node.up() ? std::optional{node.raft->at()} : std::nullopt, what));
  }
}

}  // namespace quorate::sim
