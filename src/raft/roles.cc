// How a member changes roles (5.1, 5.2), and what it leaves behind when it does.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Requests that a role still owes an answer get it now, from the next one, which knows who leads;
// nothing of a role outlives it.
void change_role(Core& core, Output& output, RoleState next) {
  RoleState left = std::exchange(core.role, std::move(next));
  if (auto* leader = std::get_if<Leader>(&left)) {
    end_transfer(core, *leader, /*handed_over=*/false, Refusal::kNotLeader, output);
    refuse_reads(core, *leader, Refusal::kNotLeader, output);
  } else if (auto* follower = std::get_if<Follower>(&left)) {
    refuse_forwarded(core, *follower, Refusal::kNotLeader, output);
  }
}

void adopt_term(Core& core, Term term) {
  QUORATE_ASSERT(term > core.term());
  core.hard_state = {term, kNobody};
  core.persistence.hard_state_changed();
}

// Rule 6: to campaign is to vote for oneself, and a lease may rest on our not doing so. The leader
// that asks for it has ended its own lease, but not one that this node backed in the life before.
bool bound_by_lease(const Core& core, bool handover) {
  return core.options.lease_reads &&
         (core.now < core.no_votes_before || (!handover && leader_is_alive(core)));
}

// Dissertation 4.2.2: a node that its latest configuration leaves out still starts elections until
// that is committed: its log may be the only one that the others would elect. Its own vote counts
// for nothing.
bool has_a_say(const Core& core) {
  const bool settled = core.membership.latest_index() <= core.log.committed();
  return core.configuration().is_voter(core.self()) ||
         (!settled && core.membership.previous().is_voter(core.self()));
}

// Who has a right to be elected: a voter (rule 7), neither fenced nor removed, whose disk answers.
bool may_campaign(const Core& core) {
  const bool disk_hangs = core.persistence.oldest() != kNever &&
                          core.persistence.oldest() + core.options.persist_timeout <= core.now;
  return has_a_say(core) && !core.fenced && !core.removed() && !core.installing && !disk_hangs;
}

void become_pre_candidate(Core& core, Output& output) {
  ++core.attempts;
  Candidate candidate;
  candidate.pre = true;
  candidate.election = draw_election_timer(core);
  candidate.granted.push_back(core.self());
  change_role(core, output, std::move(candidate));
  output.happened.push_back(Happened::kBecamePreCandidate);
  for (const NodeId id : core.configuration().members()) {
    if (id != core.self() && core.configuration().is_voter(id)) {
      send(core, output, id, PreVote{core.term().next(), core.log.last(), core.attempts});
    }
  }
  decide_election(core, output);
}

bool learns_only(const Core& core) {
  return core.configuration().contains(core.self()) && !core.configuration().is_voter(core.self());
}

// Rule 8: a removed voter that was not told learns of it when it asks for PreVotes. A learner never
// campaigns, so when it hears nobody it asks as well, and lets the answers be: whoever knows that
// it was removed says so.
void ask_whether_removed(Core& core, Output& output) {
  ++core.attempts;
  for (const NodeId id : core.configuration().voters) {
    send(core, output, id, PreVote{core.term().next(), core.log.last(), core.attempts});
  }
}

}  // namespace

void become_follower(Core& core, Output& output, Term term, NodeId leader) {
  QUORATE_ASSERT(term >= core.term());
  auto* follower = std::get_if<Follower>(&core.role);
  const bool same_leader = follower != nullptr && follower->leader == leader && term == core.term();
  if (same_leader) {
    return;
  }
  const NodeId known = term == core.term() ? core.known_leader() : kNobody;
  QUORATE_ASSERT(leader == kNobody || known == kNobody,
                 "two leaders in one term: " + std::to_string(known.value()) + " and " +
                     std::to_string(leader.value()));
  Follower next;
  next.leader = leader;
  // A term learned from a refused candidate is no reason to wait longer: only the leader and a
  // granted vote are (5.2).
  next.election =
      follower != nullptr && !follower->asleep ? follower->election : draw_election_timer(core);
  if (term > core.term()) {
    adopt_term(core, term);
  }
  change_role(core, output, std::move(next));
  output.happened.push_back(Happened::kBecameFollower);
}

void campaign(Core& core, Output& output, bool handover) {
  if (!may_campaign(core) || bound_by_lease(core, handover)) {
    if (auto* follower = std::get_if<Follower>(&core.role)) {
      follower->election = draw_election_timer(core);
      return;
    }
    become_follower(core, output, core.term(), kNobody);
    return;
  }
  if (core.options.pre_vote && !handover) {
    become_pre_candidate(core, output);
  } else {
    become_candidate(core, output, handover);
  }
}

void election_tick(Core& core, Output& output) {
  auto* follower = std::get_if<Follower>(&core.role);
  auto* candidate = std::get_if<Candidate>(&core.role);
  const bool due =
      (follower != nullptr && !follower->asleep && follower->election.deadline <= core.now) ||
      (candidate != nullptr && candidate->election.deadline <= core.now);
  if (due) {
    if (learns_only(core) && !core.removed()) {
      ask_whether_removed(core, output);
    }
    campaign(core, output, /*handover=*/false);
  } else if (follower != nullptr) {
    expire_forwarded(core, *follower, output);
  }
}

void become_candidate(Core& core, Output& output, bool handover) {
  adopt_term(core, core.term().next());
  core.hard_state.vote = core.self();
  Candidate candidate;
  candidate.handover = handover;
  candidate.election = draw_election_timer(core);
  change_role(core, output, std::move(candidate));
  output.happened.push_back(Happened::kBecameCandidate);
  for (const NodeId id : core.configuration().members()) {
    if (id != core.self() && core.configuration().is_voter(id)) {
      send(core, output, id, RequestVote{core.log.last(), handover});
    }
  }
}

// Rule 1: a candidate counts its own vote only once it is durable.
void own_vote_durable(Core& core, Output& output) {
  auto* candidate = std::get_if<Candidate>(&core.role);
  const bool counts =
      candidate != nullptr && !candidate->pre && core.hard_state.vote == core.self() &&
      core.persistence.hard_state_durable() &&
      std::ranges::find(candidate->granted, core.self()) == candidate->granted.end();
  if (counts) {
    candidate->granted.push_back(core.self());
    decide_election(core, output);
  }
}

void become_leader(Core& core, Output& output) {
  QUORATE_ASSERT(core.hard_state.vote == core.self());
  QUORATE_ASSERT(core.persistence.hard_state_durable());
  change_role(core, output, Leader{});
  Leader& leader = *core.leader();
  leader.term_start = core.log.last().index.next();
  leader.quorum_deadline = core.now + core.options.election_timeout;
  leader.idle_since = core.now;
  refresh_peers(core, leader);
  output.happened.push_back(Happened::kBecameLeader);
  // 5.4.2, section 8: earlier terms commit only beneath an entry of this one.
  if (core.options.empty_entry) {
    append_as_leader(core, leader, EntryKind::kEmpty, {});
  }
}

void step_down(Core& core, Output& output, Happened why) {
  output.happened.push_back(why);
  become_follower(core, output, core.term(), kNobody);
}

bool leader_is_alive(const Core& core) {
  if (!core.options.check_quorum) {
    return false;
  }
  if (core.leader() != nullptr) {
    return true;  // it hears a majority, or CheckQuorum would have ended it
  }
  const auto* follower = std::get_if<Follower>(&core.role);
  return follower != nullptr && follower->leader != kNobody &&
         (follower->asleep || (follower->heard != Instant::min() &&
                               core.now - follower->heard < core.options.election_timeout));
}

void heard_from_leader(const Turn& turn) {
  Core& core = turn.core;
  const NodeId leader = turn.message.from;
  QUORATE_ASSERT(turn.message.term == core.term());
  const auto* already = std::get_if<Follower>(&core.role);
  if (already == nullptr || already->leader != leader) {
    become_follower(core, turn.output, core.term(), leader);
  }
  auto& follower = std::get<Follower>(core.role);
  follower.heard = core.now;
  follower.election.restart(core.now);
}

}  // namespace quorate
