#include "raft/invariants.h"

#include <variant>

#include "model/text.h"

namespace quorate {
namespace {

using Broken = std::optional<std::string>;

Broken breach(const char* rule, const Position& before, const Position& after) {
  return std::string{rule} + ": from " + describe(before) + " to " + describe(after);
}

// Rule 2.
const char* watermarks_in_order(const Position& at) {
  if (at.stable > at.last.index) {
    return "stable <= last";
  }
  if (at.committed > at.last.index) {
    return "committed <= last";
  }
  if (at.applied > at.committed) {
    return "applied <= committed";
  }
  if (at.applied > at.stable) {
    return "applied <= stable";
  }
  if (at.restoring) {
    return nullptr;  // the base has moved ahead; the machine follows
  }
  if (at.snapshot > at.applied) {
    return "snapshot <= applied";
  }
  return at.base > at.snapshot ? "base <= snapshot" : nullptr;
}

const char* only_grow(const Position& before, const Position& after) {
  if (after.term < before.term) {
    return "terms never fall";
  }
  if (after.durable.term < before.durable.term) {
    return "the durable term never falls";
  }
  if (after.committed < before.committed) {
    return "commit never moves back";
  }
  if (after.applied < before.applied) {
    return "applied never moves back";
  }
  if (after.snapshot < before.snapshot) {
    return "a snapshot is only replaced by a newer one";
  }
  return after.base < before.base ? "the log's base never moves back" : nullptr;
}

// 5.2: one vote a term, and nothing forgotten between memory and disk.
const char* votes(const Position& before, const Position& after) {
  if (after.term == before.term && before.vote != kNobody && after.vote != before.vote) {
    return "a vote given in a term is never changed";
  }
  if (after.durable.term > after.term) {
    return "the disk is never ahead in terms";
  }
  const bool same_term = after.durable.term == after.term;
  if (same_term && after.durable.vote != kNobody && after.durable.vote != after.vote) {
    return "a vote on disk is the vote in memory";
  }
  if (after.fenced && after.vote != before.vote && after.vote != kNobody) {
    return "no vote while fenced";
  }
  return nullptr;
}

const char* roles(const Position& before, const Position& after) {
  if (after.role == Role::kLeader) {
    if (after.leader != after.id) {
      return "a leader knows itself as the leader";
    }
    if (after.durable != HardState{after.term, after.id}) {
      return "a leader's vote for itself is durable";
    }
  }
  if (after.role == Role::kCandidate && after.vote != after.id) {
    return "a candidate votes for itself";
  }
  const bool campaigns = after.role == Role::kCandidate || after.role == Role::kPreCandidate;
  if (campaigns && after.asleep) {
    return "who campaigns is awake";
  }
  if (after.fenced && after.role != Role::kFollower) {
    return "no campaign while fenced";
  }
  if (after.term != before.term) {
    return nullptr;
  }
  if (before.leader != kNobody && after.leader != kNobody && before.leader != after.leader) {
    return "one leader a term";
  }
  const bool led_on = before.role == Role::kLeader && after.role == Role::kLeader;
  return led_on && (after.last.index < before.last.index || after.stable < before.stable)
             ? "a leader only appends to its log (5.3)"
             : nullptr;
}

struct MayLeave {
  const Position& at;
  const Message& message;

  // Of the term in which it speaks, the node may have moved on in memory; then what it promised
  // was checked when the promise was written.
  [[nodiscard]] bool of_this_term() const { return message.term == at.term; }

  [[nodiscard]] const char* voted_for(NodeId candidate) const {
    const bool on_disk = at.durable.term > message.term || at.durable.vote == candidate;
    return on_disk ? nullptr : "a vote leaves only when it is durable";
  }
  [[nodiscard]] const char* holds(Index match) const {
    return of_this_term() && match > at.stable ? "an acknowledgement leaves only when it is durable"
                                               : nullptr;
  }
  [[nodiscard]] const char* knows_committed(Index index) const {
    return of_this_term() && index > at.committed ? "nobody tells of a commit that it does not know"
                                                  : nullptr;
  }

  const char* operator()(const VoteAnswer& m) const {
    if (m.granted && at.fenced) {
      return "no vote while fenced";
    }
    return m.granted ? voted_for(message.to) : nullptr;
  }
  const char* operator()(const PreVoteAnswer& m) const {
    return m.granted && at.fenced ? "no vote while fenced" : nullptr;
  }
  const char* operator()(const RequestVote& /*m*/) const { return voted_for(message.from); }
  const char* operator()(const AppendAccepted& m) const { return holds(m.match); }
  const char* operator()(const SnapshotAccepted& m) const { return holds(m.match); }
  const char* operator()(const Append& m) const { return knows_committed(m.commit); }
  const char* operator()(const Heartbeat& m) const { return knows_committed(m.commit); }
  const char* operator()(const ReadIndexAnswer& m) const { return knows_committed(m.index); }
  const char* operator()(const Quiesce& m) const { return knows_committed(m.last.index); }
  const char* operator()(const auto& /*m*/) const { return nullptr; }
};

}  // namespace

std::optional<std::string> check_invariants(const Position& before, const Position& after) {
  const char* broken = watermarks_in_order(after);
  for (const auto& rule : {only_grow, votes, roles}) {
    broken = broken != nullptr ? broken : rule(before, after);
  }
  return broken != nullptr ? breach(broken, before, after) : std::nullopt;
}

std::optional<std::string> check_may_leave(const Position& at, const Message& message) {
  const char* broken = nullptr;
  const bool pre_vote = std::holds_alternative<PreVote>(message.body);
  if (!pre_vote && message.term > at.durable.term) {
    broken = "nothing but a pre-vote carries a term before it is durable";
  } else {
    broken = std::visit(MayLeave{at, message}, message.body);
  }
  if (broken == nullptr) {
    return std::nullopt;
  }
  return std::string{broken} + ": " + describe(message) + " from " + describe(at) + ", on disk " +
         describe(at.durable);
}

}  // namespace quorate
