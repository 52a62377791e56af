// A leader's side of replication (5.3, 5.4.2): appends in a pipeline, commit by counting,
// heartbeats, CheckQuorum.
#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "raft/core.h"
#include "raft/reached.h"

namespace quorate {
namespace {

Progress::Window window(const Core& core) {
  return {core.options.max_inflight_messages, core.options.max_inflight_bytes};
}

std::uint64_t cost_of(const std::vector<Entry>& entries) {
  std::uint64_t cost = 0;
  for (const Entry& entry : entries) {
    cost += entry.cost();
  }
  return cost;
}

// Made where it leaves from: `fill` adds the entries, if any, and says what they cost.
template <class Fill>
void send_append(Core& core, const Leader& leader, Progress& peer, LogPosition prev, Output& output,
                 Fill fill) {
  Append& append = send(core, output, peer.id(),
                        Append{prev, core.log.committed(), leader.round, output.take_spare()});
  const std::uint64_t cost = fill(append.entries);
  const Index last = prev.index + append.entries.size();
  peer.append_sent(last, cost, core.now, core.options.resend_timeout);
  peer.tell_commit(std::min(last, append.commit));
}

void read_for(const Core& core, Progress& peer, Output& output) {
  peer.reading(true);
  output.reads.push_back(
      {peer.id(), peer.next(), core.log.window_first().previous(), core.options.max_append_bytes});
}

// Uncommitted entries of fewer bytes are not worth a message each.
constexpr std::uint64_t kLittle = std::uint64_t{64} << 10U;

bool may_gather(const Core& core, const Progress& peer) {
  return core.now < peer.sent() + core.options.gather;
}

// A few new entries behind an unanswered append: they would wait for the peer's disk anyway, and
// one write of it may do for them and for what comes meanwhile.
bool follows_closely(const Core& core, const Leader& leader, const Progress& peer) {
  return peer.inflight() > 0 && peer.next() > core.log.committed() &&
         peer.next() <= core.log.last().index && leader.uncommitted_bytes < kLittle;
}

// A probe goes out even where nothing is new.
bool wants_append(const Core& core, const Leader& leader, const Progress& peer) {
  if (may_gather(core, peer) && follows_closely(core, leader, peer)) {
    return false;
  }
  return (peer.next() <= core.log.last().index || peer.pace() == Pace::kProbe) &&
         peer.may_append(window(core));
}

// One append to a peer that wants one. False when there is nothing to send it from.
bool append_once(Core& core, Leader& leader, Progress& peer, Output& output) {
  const Index last = core.log.last().index;
  const Index before = peer.next().previous();
  const std::optional<Term> term = core.log.term_at(before);
  if (!term) {
    return send_snapshot(core, leader, peer, output);
  }
  const bool bare = peer.next() > last || (peer.pace() == Pace::kProbe && peer.suspect());
  if (!bare && peer.next() < core.log.window_first()) {
    read_for(core, peer, output);
    return false;
  }
  send_append(core, leader, peer, {before, *term}, output, [&](std::vector<Entry>& entries) {
    return bare ? 0 : core.log.copy(peer.next(), last, core.options.max_append_bytes, entries);
  });
  return true;
}

// A follower with nothing in flight learns of a commit soon, not at the next heartbeat.
bool owes_commit(const Core& core, const Progress& peer) {
  return peer.idle() && peer.told_commit() < std::min(peer.match(), core.log.committed());
}

// Nobody else holds more than is committed, and the leader is no majority by itself.
bool alone(const Core& core, const Leader& leader) {
  return core.configuration().voters.size() > 1 &&
         std::ranges::none_of(leader.peers, [&](const Progress& peer) {
           return peer.match() > core.log.committed();
         });
}

void check_quorum(Core& core, Leader& leader, Output& output) {
  if (!core.options.check_quorum || leader.asleep || leader.quorum_deadline > core.now) {
    return;
  }
  const Instant heard =
      reached(core, leader, core.now, [](const Progress& peer) { return peer.heard(); });
  // Dissertation 6.2: a leader that hears no majority for an election timeout leads nobody.
  if (heard + core.options.election_timeout <= core.now) {
    step_down(core, output, Happened::kSteppedDownNoQuorum);
    return;
  }
  leader.quorum_deadline = heard + core.options.election_timeout;
}

bool check_disk(Core& core, Leader& leader, Output& output) {
  const Instant oldest = core.persistence.oldest();
  if (oldest == kNever || oldest + core.options.persist_timeout > core.now) {
    return false;
  }
  hand_to_best_peer(core, leader, output);
  step_down(core, output, Happened::kSteppedDownSlowDisk);
  return true;
}

// 5.3, 5.4.2: what a majority holds durably is committed, if the last of it is of the current term;
// earlier terms commit beneath it. The leader counts itself only as a voter, and only what its own
// disk holds.
void advance_commit(Core& core, Leader& leader, Output& output) {
  for (bool counts_anew = true; counts_anew;) {
    const Index before = core.log.committed();
    const Index held =
        reached(core, leader, core.log.stable(), [](const Progress& peer) { return peer.match(); });
    if (held <= before || core.log.term_at(held) != core.term()) {
      return;
    }
    commit(core, output, held);
    // The final configuration may be in the log now, by whose majority the next is counted.
    counts_anew = leader_after_configuration(core, leader, output);
  }
}

}  // namespace

Progress* find_peer(Leader& leader, NodeId id) {
  for (Progress& peer : leader.peers) {
    if (peer.id() == id) {
      return &peer;
    }
  }
  return nullptr;
}

void send_heartbeat(Core& core, const Leader& leader, Progress& peer, Output& output) {
  peer.heartbeat_sent(core.now);
  if (peer.pace() == Pace::kSnapshot) {
    // It is asked whether the snapshot has arrived: the answer that said so may have been lost.
    const Index at = peer.pending_snapshot();
    send(core, output, peer.id(), Append{{at, *core.log.term_at(at)}, at, leader.round, {}});
    return;
  }
  const Index commit = std::min(peer.match(), core.log.committed());
  peer.tell_commit(std::max(peer.told_commit(), commit));
  send(core, output, peer.id(), Heartbeat{commit, leader.round});
}

// Everything that peers can be sent now. Appends carry the round and the commit index, so that a
// heartbeat goes only where no append did.
void replicate(Core& core, Leader& leader, Output& output) {
  if (leader.asleep) {
    return;
  }
  const bool reads_wait = begin_round(core, leader);
  for (Progress& peer : leader.peers) {
    if (peer.deadline() <= core.now) {
      peer.lost();
    }
    bool sent = false;
    while (wants_append(core, leader, peer) && append_once(core, leader, peer, output)) {
      sent = true;
    }
    // One that is due goes even beside an append: the answer to that waits for a disk, this one's
    // does not.
    const bool due = peer.heartbeat_due(core.options.heartbeat_interval) <= core.now;
    const bool owes = owes_commit(core, peer) && !may_gather(core, peer);
    if (due || (!sent && (reads_wait || owes))) {
      send_heartbeat(core, leader, peer, output);
    }
  }
}

void on_accepted(const Turn& turn, Leader& leader, Index match, Round round) {
  Progress* peer = find_peer(leader, turn.message.from);
  if (peer == nullptr) {
    return;  // it was removed meanwhile
  }
  QUORATE_ASSERT(match <= turn.core.log.last().index);
  peer->heard_at(turn.core.now, round);
  if (peer->accepted(match, turn.core.now, turn.core.options.resend_timeout) &&
      match > turn.core.log.committed()) {
    advance_commit(turn.core, leader, turn.output);
  }
  if (Leader* still = turn.core.leader()) {
    serve_reads(turn.core, *still, turn.output);
  }
}

void on_rejected(const Turn& turn, Leader& leader, const AppendRejected& answer) {
  Progress* peer = find_peer(leader, turn.message.from);
  if (peer == nullptr) {
    return;
  }
  peer->heard_at(turn.core.now, answer.round);
  const Index common = turn.core.log.terms().last_common(answer.last, answer.runs);
  maybe(peer->rejected(answer.prev, common));
  serve_reads(turn.core, leader, turn.output);
}

void on_heartbeat_answer(const Turn& turn, Leader& leader, Round round) {
  if (Progress* peer = find_peer(leader, turn.message.from)) {
    peer->heard_at(turn.core.now, round);
    peer->heartbeat_answered(turn.core.now, turn.core.options.heartbeat_interval);
    serve_reads(turn.core, leader, turn.output);
  }
}

void on_try_later(const Turn& turn, Leader& leader, const TryLater& answer) {
  if (Progress* peer = find_peer(leader, turn.message.from)) {
    peer->heard_at(turn.core.now, answer.round);
    if (peer->pace() != Pace::kSnapshot) {  // else it has arrived, and its record is being written
      peer->put_off(turn.core.now, turn.core.options.heartbeat_interval);
    }
    serve_reads(turn.core, leader, turn.output);
  }
}

void count_own_copy(Core& core, Leader& leader, Output& output) {
  if (core.log.stable() > core.log.committed() && !alone(core, leader)) {
    advance_commit(core, leader, output);
  }
}

void leader_tick(Core& core, Leader& leader, Output& output) {
  if (check_disk(core, leader, output)) {
    return;
  }
  if (leader.transfer && leader.transfer->deadline <= core.now) {
    end_transfer(core, leader, /*handed_over=*/false, Refusal::kTimedOut, output);
  }
  expire_reads(core, leader, output);
  check_quorum(core, leader, output);
}

void entries_read(Core& core, Leader& leader, const EntriesRead& event, Output& output) {
  Progress* peer = find_peer(leader, event.reader);
  if (peer == nullptr || !peer->is_reading() || peer->next() != event.first) {
    return;  // the peer moved on while the disk was busy
  }
  peer->reading(false);
  const Index before = event.first.previous();
  const std::optional<Term> term = core.log.term_at(before);
  if (!event.entries || !term) {
    peer->put_off(core.now, core.options.resend_timeout);
    return;
  }
  send_append(core, leader, *peer, {before, *term}, output, [&](std::vector<Entry>& entries) {
    entries = event.entries.value();
    return cost_of(entries);
  });
}

Instant leader_wake_at(const Core& core, const Leader& leader) {
  if (leader.asleep) {
    return kNever;
  }
  Instant at = core.options.check_quorum ? leader.quorum_deadline : kNever;
  for (const Progress& peer : leader.peers) {
    at = std::min(at, peer.heartbeat_due(core.options.heartbeat_interval));
    at = std::min(at, peer.deadline());
    if (may_gather(core, peer) &&
        (owes_commit(core, peer) || follows_closely(core, leader, peer))) {
      at = std::min(at, peer.sent() + core.options.gather);
    }
  }
  if (core.persistence.oldest() != kNever) {
    at = std::min(at, core.persistence.oldest() + core.options.persist_timeout);
  }
  if (leader.transfer) {
    at = std::min(at, leader.transfer->deadline);
  }
  if (!leader.reads.empty()) {
    at = std::min(at, leader.reads.front().deadline);
  }
  if (core.options.quiesce_after > Duration::zero()) {
    at = std::min(at, std::max(core.now + core.options.heartbeat_interval,
                               leader.idle_since + core.options.quiesce_after));
  }
  return at;
}

}  // namespace quorate
