// What a core shows of itself: position, status, fingerprint, memory.
#include <algorithm>
#include <variant>

#include "raft/core.h"
#include "raft/raft.h"

namespace quorate {
namespace {

Role role_of(const Core& core) {
  if (core.leader() != nullptr) {
    return Role::kLeader;
  }
  const auto* candidate = std::get_if<Candidate>(&core.role);
  if (candidate == nullptr) {
    return Role::kFollower;
  }
  return candidate->pre ? Role::kPreCandidate : Role::kCandidate;
}

struct AddRole {
  const Core& core;
  Fingerprint& into;

  void operator()(const Follower& f) const {
    into.add(f.leader);
    into.add(static_cast<std::uint64_t>(f.election.timeout.count()));
    into.add_deadline(f.election.deadline, core.now);
    into.add_age(std::max(f.heard, core.now - core.options.election_timeout), core.now,
                 core.options.election_timeout);
    into.add(f.asleep);
    for (const ForwardedRead& each : f.reads) {
      into.add(each.id);
      into.add(core.read_batches - each.batch);
      into.add_deadline(each.deadline, core.now);
    }
    into.add(static_cast<std::uint64_t>(f.reads.size()));
  }
  void operator()(const Candidate& c) const {
    into.add(c.pre);
    into.add(c.handover);
    into.add_deadline(c.election.deadline, core.now);
    for (const auto* ids : {&c.granted, &c.refused}) {
      std::uint64_t sum = 0;  // a set: the order of arrival decides nothing
      for (const NodeId id : *ids) {
        sum += std::uint64_t{1} << (id.value() % 64);
      }
      into.add(sum);
    }
  }
  void operator()(const Leader& l) const {
    into.add(l.term_start);
    into.add(l.round);
    into.add_deadline(l.quorum_deadline, core.now);
    into.add(l.lease_ended);
    into.add(l.asleep);
    into.add_deadline(
        l.lease_from == Instant::min() ? kNever : l.lease_from + core.options.election_timeout,
        core.now);
    if (core.options.quiesce_after > Duration::zero()) {
      into.add_age(l.idle_since, core.now, core.options.quiesce_after);
    }
    for (const Progress& peer : l.peers) {
      peer.fingerprint(into, core.now, core.options.election_timeout);
    }
    if (l.transfer) {
      into.add(l.transfer->target);
      into.add(l.transfer->sent);
      into.add_deadline(l.transfer->deadline, core.now);
    }
    for (std::size_t i = 0; i < l.reads.size(); ++i) {
      into.add(l.reads[i].round);
      into.add(l.reads[i].index);
      into.add(l.reads[i].id);
      into.add(l.reads[i].asker);
      into.add(l.reads[i].tag.batch);
      into.add_deadline(l.reads[i].deadline, core.now);
    }
    into.add(static_cast<std::uint64_t>(l.reads.size()));
  }
};

}  // namespace

Position Raft::at() const {
  const Core& core = *core_;
  Position at;
  at.id = core.self();
  at.role = role_of(core);
  at.term = core.term();
  at.vote = core.hard_state.vote;
  at.leader = core.known_leader();
  at.base = core.log.base().index;
  at.snapshot = core.log.snapshot();
  at.applied = core.log.applied();
  at.committed = core.log.committed();
  at.stable = core.log.stable();
  at.last = core.log.last();
  at.configuration_index = core.membership.latest_index();
  at.joint = core.configuration().joint();
  at.asleep = core.asleep();
  at.removed = core.removed();
  at.fenced = core.fenced;
  at.restoring = core.applying.restoring;
  at.stopped = core.stopped;
  at.durable = core.persistence.durable_state();
  return at;
}

Status Raft::status() const {
  const Core& core = *core_;
  Status status;
  status.at = at();
  status.configuration = core.configuration();
  status.pending_writes = core.persistence.outstanding();
  if (const Leader* leader = core.leader()) {
    for (const Progress& peer : leader->peers) {
      status.peers.push_back({peer.id(), peer.pace(), peer.match(), peer.next(), peer.inflight(),
                              core.configuration().is_voter(peer.id())});
    }
    status.pending_reads = leader->reads.size();
    status.uncommitted_bytes = leader->uncommitted_bytes;
    status.transferring = leader->transfer.has_value();
  } else if (const auto* follower = std::get_if<Follower>(&core.role)) {
    status.pending_reads = follower->reads.size();
  }
  return status;
}

std::vector<Entry> Raft::entries_from(Index first) const {
  std::vector<Entry> entries;
  if (first <= core_->log.last().index) {
    maybe(core_->log.copy(first, core_->log.last().index, ~std::uint64_t{0}, entries) == 0);
  }
  return entries;
}

std::optional<Term> Raft::term_at(Index index) const { return core_->log.term_at(index); }
const Configuration& Raft::configuration() const { return core_->configuration(); }
Index Raft::configuration_index() const { return core_->membership.latest_index(); }

void Raft::fingerprint(Fingerprint& into, Instant /*now*/) const {
  const Core& core = *core_;
  into.add(core.hard_state.term);
  into.add(core.hard_state.vote);
  core.log.fingerprint(into);
  core.membership.fingerprint(into);
  core.persistence.fingerprint(into, core.now);
  into.add(core.snapshot.last.index);
  into.add(core.applying.handed);
  into.add(core.applying.earlier_batch);
  into.add(core.applying.restoring);
  into.add(core.applying.reading);
  into.add_deadline(core.applying.retry_at, core.now);
  if (core.installing) {
    into.add(core.installing->request.snapshot.last.index);
    into.add(core.installing->from);
    into.add(core.installing->term);
  }
  into.add(core.attempts);
  into.add(core.removed_at);
  into.add_deadline(core.no_votes_before, core.now);
  into.add(core.fenced);
  into.add(core.stopped);
  into.add(static_cast<std::uint64_t>(core.role.index()));
  std::visit(AddRole{core, into}, core.role);
}

std::size_t Raft::memory() const {
  const Core& core = *core_;
  std::size_t bytes =
      sizeof(Raft) + sizeof(Core) + core.membership.heap_bytes() + core.log.memory();
  if (const Leader* leader = core.leader()) {
    bytes += leader->peers.capacity() * sizeof(Progress);
    for (const Progress& peer : leader->peers) {
      bytes += peer.heap_bytes();
    }
  }
  return bytes;
}

std::string Raft::describe() const { return quorate::describe(status()); }

}  // namespace quorate
