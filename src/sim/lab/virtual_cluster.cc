#include "sim/lab/virtual_cluster.h"

#include <algorithm>

#include "wire/codec.h"

namespace quorate::lab {
namespace {

using std::chrono::milliseconds;

Configuration everyone(std::size_t peers) {
  Configuration configuration;
  for (Peer peer = 0; peer < peers; ++peer) {
    configuration.voters.push_back(node_of(peer));
  }
  return configuration;
}

}  // namespace

Options Settings::options() const {
  Options options;
  options.heartbeat_interval = milliseconds{100};
  options.election_timeout = milliseconds{300};
  options.election_jitter = milliseconds{300};
  options.resend_timeout = resend_timeout;
  options.snapshot_timeout = resend_timeout;  // a snapshot of the suite is one small call
  options.pre_vote = pre_vote;
  options.check_quorum = check_quorum;
  options.empty_entry = empty_entry;
  options.compaction_tail = 0;
  return options;
}

VirtualCluster::VirtualCluster(const Shape& shape, const Settings& settings, std::uint64_t seed,
                               Trace trace)
    : settings_(settings),
      random_(seed),
      logs_(shape.peers),
      reliable_(shape.reliable),
      trace_(std::move(trace)) {
  for (Peer peer = 0; peer < shape.peers; ++peer) {
    peers_.emplace_back(Belongings{Disk{everyone(shape.peers)}, &logs_, shape.snapshots, trace_});
    peers_.back().reaches.resize(shape.peers);
  }
  for (Peer peer = 0; peer < shape.peers; ++peer) {
    restart(peer);
  }
  for (Peer peer = 0; peer < shape.peers; ++peer) {
    connect(peer);
  }
}

// ---- Time

void VirtualCluster::resume_at(Instant at, std::coroutine_handle<> who) {
  timeline_.at(at, [who] { who.resume(); });
}

void VirtualCluster::run(const Task<>& scenario) {
  // Far more than a cluster of this size can do in no time.
  constexpr std::uint64_t kMaxAtOnce = 100'000;
  std::uint64_t at_once = 0;
  while (!scenario.done()) {
    QUORATE_ASSERT(!timeline_.empty());
    if (timeline_.next() > Instant{} + kTimeLimit) {
      throw Failed{"the test took longer than 120 s"};
    }
    at_once = timeline_.next() == now() ? at_once + 1 : 0;
    if (at_once > kMaxAtOnce) {
      throw Failed{"the cluster goes round in circles, and no time passes"};
    }
    timeline_.step();
  }
}

bool VirtualCluster::lives(Peer peer, std::uint64_t life) const {
  return alive(peer) && peers_[peer].life == life;
}

void VirtualCluster::settle_soon(Peer peer) {
  if (std::exchange(peers_[peer].settling, true)) {
    return;
  }
  timeline_.at(now(), [this, peer, life = peers_[peer].life] {
    if (lives(peer, life)) {
      settle(peer);
    }
  });
}

void VirtualCluster::settle(Peer peer, std::optional<std::uint64_t> handling) {
  PeerSlot& slot = peers_[peer];
  slot.settling = false;
  slot.server->settle(now());
  std::vector<Message> messages = std::exchange(slot.server->outbox(), {});
  for (Message& message : messages) {
    if (message_class(message.body) == MessageClass::kAnswer) {
      send_answer(peer, std::move(message), handling);
    } else {
      send_request(peer, std::move(message));
    }
  }
  arm(peer);
}

void VirtualCluster::arm(Peer peer) {
  PeerSlot& slot = peers_[peer];
  const Instant at = slot.server->wake_at();
  if (at >= slot.timer) {
    return;
  }
  slot.timer = at;
  timeline_.at(at, [this, peer, at, life = slot.life] {
    if (lives(peer, life) && peers_[peer].timer == at) {
      peers_[peer].timer = kNever;
      wake(peer);
    }
  });
}

void VirtualCluster::wake(Peer peer) {
  if (peers_[peer].server->wake_at() > now()) {
    arm(peer);  // It was put off.
    return;
  }
  peers_[peer].server->tick(now());
  settle(peer);
}

// ---- The peers

std::optional<Placed> VirtualCluster::start(Peer peer, Command command) {
  if (!alive(peer)) {
    return std::nullopt;
  }
  const auto placed = peers_[peer].server->propose(now(), command);
  settle_soon(peer);
  return placed;
}

void VirtualCluster::crash(Peer peer) {
  disconnect(peer);
  note("crash n" + std::to_string(peer + 1));
  peers_[peer].server.reset();
}

void VirtualCluster::restart(Peer peer) {
  if (alive(peer)) {
    crash(peer);
  }
  PeerSlot& slot = peers_[peer];
  ++slot.life;
  note("start n" + std::to_string(peer + 1) + " life " + std::to_string(slot.life));
  Options options = settings_.options();
  options.id = node_of(peer);
  options.boot = slot.life;
  options.seed = random_.next();
  slot.server = std::make_unique<Server>(peer, options, slot.own, now());
  slot.handled = 0;
  slot.unanswered.clear();
  slot.settling = false;
  slot.timer = kNever;
  settle_soon(peer);
}

std::size_t VirtualCluster::state_size(Peer peer) const {
  return peers_[peer].own.disk.state_size();
}

std::uint64_t VirtualCluster::empty_entries(Index upto) const {
  return settings_.empty_entry ? logs_.empty_entries(upto) : 0;
}

// ---- The network

void VirtualCluster::connect(Peer peer) {
  note("connect n" + std::to_string(peer + 1));
  peers_[peer].connected = true;
  for (Peer other = 0; other < size(); ++other) {
    if (connected(other)) {
      peers_[peer].reaches[other] = true;
      peers_[other].reaches[peer] = true;
    }
  }
}

void VirtualCluster::disconnect(Peer peer) {
  note("disconnect n" + std::to_string(peer + 1));
  peers_[peer].connected = false;
  for (Peer other = 0; other < size(); ++other) {
    peers_[peer].reaches[other] = false;
    peers_[other].reaches[peer] = false;
  }
}

void VirtualCluster::set_reliable(bool reliable) {
  note(reliable ? "the network is good" : "the network is bad");
  reliable_ = reliable;
}

void VirtualCluster::set_long_reordering(bool on) {
  note(on ? "answers are reordered" : "answers are not reordered any more");
  long_reordering_ = on;
}

void VirtualCluster::send_request(Peer from, Message message) {
  constexpr std::uint64_t kFailsWithin = 6999;
  constexpr std::uint64_t kBadDelay = 26;
  const Peer to = peer_of(message.to);
  const PeerSlot& sender = peers_[from];
  const Call call{.id = ++calls_,
                  .from = from,
                  .to = to,
                  .from_life = sender.life,
                  .to_life = peers_[to].life,
                  .reliable = reliable_,
                  .reordering = long_reordering_,
                  .notice = message_class(message.body) == MessageClass::kNotice};
  Bytes files;
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    files = sender.server->snapshot_content(install->snapshot);
  }
  ++rpc_total_;
  bytes_total_ += wire::encoded_size(message) + files.size();
  if (!sender.reaches[to] || !alive(to)) {
    note_message("no way", message);
    timeline_.after(up_to(kFailsWithin), [this, call] { call_failed(call); });
    return;
  }
  const Duration delay = reliable_ ? hop() : hop() + up_to(kBadDelay);
  timeline_.after(
      delay, [this, call, message = std::move(message), files] { arrive(call, message, files); });
}

void VirtualCluster::arrive(const Call& call, const Message& message, const Bytes& files) {
  if (!call.reliable && random_.chance(0.1)) {
    note_message("request lost", message);
    call_failed(call);
    return;
  }
  if (!lives(call.to, call.to_life)) {
    note_message("receiver gone", message);
    call_failed(call);
    return;
  }
  PeerSlot& receiver = peers_[call.to];
  ++receiver.handled;
  if (!call.notice) {
    receiver.unanswered.push_back(call);
  }
  receiver.server->receive(now(), message, files);
  settle(call.to, call.id);
}

void VirtualCluster::send_answer(Peer from, Message message,
                                 std::optional<std::uint64_t> handling) {
  // The request that is being handled, if it is this peer's; else its oldest that waits.
  auto& unanswered = peers_[from].unanswered;
  const Peer to = peer_of(message.to);
  auto found = std::ranges::find_if(
      unanswered, [&](const Call& call) { return call.from == to && call.id == handling; });
  if (found == unanswered.end()) {
    found = std::ranges::find(unanswered, to, &Call::from);
  }
  if (found == unanswered.end()) {
    throw Failed{"n" + std::to_string(from + 1) +
                 " answers what nobody asked: " + describe(message)};
  }
  const Call call = *found;
  unanswered.erase(found);

  if (!peers_[call.from].reaches[call.to] || !lives(call.from, call.from_life)) {
    note_message("answer has no way", message);
    call_failed(call);
    return;
  }
  if (!call.reliable && random_.chance(0.1)) {
    note_message("answer lost", message);
    call_failed(call);
    return;
  }
  Duration delay = hop();
  if (call.reordering && random_.below(900) < 600) {
    delay += milliseconds{200 + random_.below(1 + random_.below(2000))};
    note_message("answer held back", message);
  }
  timeline_.after(delay,
                  [this, call, message = std::move(message)] { reply_arrives(call, message); });
}

void VirtualCluster::reply_arrives(const Call& call, const Message& message) {
  bytes_total_ += wire::encoded_size(message);
  if (lives(call.from, call.from_life)) {
    peers_[call.from].server->receive(now(), message, {});
    settle(call.from);
  }
}

void VirtualCluster::call_failed(const Call& call) {
  if (settings_.report_failed_calls && !call.notice && lives(call.from, call.from_life)) {
    peers_[call.from].server->unreachable(now(), call.to);
    settle(call.from);
  }
}

// ---- Traces

void VirtualCluster::note(const std::string& what) const {
  if (trace_) {
    trace_(stamp(now()) + " ---- " + what);
  }
}

void VirtualCluster::note_message(const char* what, const Message& message) const {
  if (trace_) {
    note(std::string{what} + ": n" + std::to_string(message.from.value()) + " " +
         describe(message));
  }
}

}  // namespace quorate::lab
