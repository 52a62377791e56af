// Elections: who gets a vote, and what the votes decide (5.2, 5.4.1; dissertation 4.2.3 and 9.6).
#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "quorum/quorum.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Legal reasons to give nobody a vote now, whoever asks.
bool abstains(const Core& core) { return core.fenced || core.now < core.no_votes_before; }

void note(std::vector<NodeId>& ids, NodeId id) {
  if (std::ranges::find(ids, id) == ids.end()) {
    ids.push_back(id);
  }
}

quorum::Vote count(const std::vector<NodeId>& voters, const Candidate& candidate) {
  const auto among = [&voters](const std::vector<NodeId>& ids) {
    return static_cast<std::size_t>(std::ranges::count_if(
        voters, [&ids](NodeId v) { return std::ranges::find(ids, v) != ids.end(); }));
  };
  return quorum::outcome(among(candidate.granted), among(candidate.refused), voters.size());
}

}  // namespace

// A PreVote is answered and changes nothing: no term, no vote, no timer (9.6).
void on_pre_vote(const Turn& turn, const PreVote& request) {
  Core& core = turn.core;
  tell_if_removed(turn);
  const bool granted = !leader_is_alive(core) && !abstains(core) &&
                       request.candidate_term > core.term() &&
                       at_least_as_up_to_date(request.last, core.log.last());
  reply(turn, PreVoteAnswer{request.candidate_term, request.attempt, granted});
}

void on_pre_vote_answer(const Turn& turn, Candidate& candidate, const PreVoteAnswer& answer) {
  const bool of_this_round = candidate.pre && answer.candidate_term == turn.core.term().next() &&
                             answer.attempt == turn.core.attempts;
  if (!of_this_round) {
    return;
  }
  note(answer.granted ? candidate.granted : candidate.refused, turn.message.from);
  decide_election(turn.core, turn.output);
}

// The term is ours by now, unless the request was ignored for a live leader (see dispatch).
void on_request_vote(const Turn& turn, const RequestVote& request) {
  Core& core = turn.core;
  QUORATE_ASSERT(turn.message.term == core.term());
  tell_if_removed(turn);
  const NodeId candidate = turn.message.from;
  const bool free = core.hard_state.vote == kNobody || core.hard_state.vote == candidate;
  const bool has_leader = core.known_leader() != kNobody;
  // 5.4.1: the log check is what keeps committed entries in every later leader's log.
  const bool granted = free && !has_leader && !abstains(core) &&
                       at_least_as_up_to_date(request.last, core.log.last());
  if (granted) {
    become_follower(core, turn.output, core.term(),
                    kNobody);  // one that was only asking around gives way
    auto& follower = std::get<Follower>(core.role);
    if (core.hard_state.vote != candidate) {
      core.hard_state.vote = candidate;
      core.persistence.hard_state_changed();
    }
    follower.election.restart(core.now);
  }
  reply(turn, VoteAnswer{granted});
}

void on_vote_answer(const Turn& turn, Candidate& candidate, const VoteAnswer& answer) {
  if (candidate.pre) {
    return;  // an answer to a candidacy that this node has given up within the term
  }
  note(answer.granted ? candidate.granted : candidate.refused, turn.message.from);
  decide_election(turn.core, turn.output);
}

// A majority decides at once, either way; in a joint configuration both majorities are needed.
void decide_election(Core& core, Output& output) {
  const auto& candidate = std::get<Candidate>(core.role);
  const Configuration& configuration = core.configuration();
  quorum::Vote outcome = count(configuration.voters, candidate);
  if (configuration.joint()) {
    outcome = quorum::both(outcome, count(configuration.old_voters, candidate));
  }
  switch (outcome) {
    case quorum::Vote::kPending:
      return;
    case quorum::Vote::kLost:
      become_follower(core, output, core.term(), kNobody);
      return;
    case quorum::Vote::kWon:
      if (candidate.pre) {
        become_candidate(core, output, /*handover=*/false);
      } else if (core.persistence.hard_state_durable()) {
        become_leader(core, output);
      }
      return;
  }
}

}  // namespace quorate
