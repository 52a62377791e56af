// From a message to its handler: first the rules about terms, which concern every message alike,
// then one line for each pair of role and message. A pair that is missing does not compile.
#include <variant>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Rule 7: a vote asked for while a live leader is known is ignored, and its term with it, unless
// that leader itself asked for the election.
bool ignored_for_leader(const Core& core, const Message& message) {
  const auto* request = std::get_if<RequestVote>(&message.body);
  const bool newer = request != nullptr && message.term > core.term();
  return newer &&
         ((!request->handover && leader_is_alive(core)) || core.now < core.no_votes_before);
}

// A message of a lower term is answered with ours, or a node with a higher term would stay
// stranded. The sender of an answer or a notice has asked nothing, but a leader that believes its
// group asleep must hear of it.
void answer_stale(const Turn& turn) {
  if (std::holds_alternative<RequestVote>(turn.message.body)) {
    tell_if_removed(turn);
    reply(turn, VoteAnswer{false});
  } else if (std::holds_alternative<Quiesce>(turn.message.body)) {
    reply(turn, Wake{});
  } else if (message_class(turn.message.body) == MessageClass::kRequest) {
    reply(turn, StaleTerm{});
  }
}

// Two leaders in one term: the one thing that must never be.
[[noreturn]] void second_leader(const Turn& turn) {
  fail_assertion("one leader a term", __FILE__, __LINE__, describe(turn.message));
}

// lint: dispatch table
// All of these are of our own term.
struct Handle {
  const Turn& turn;

  // Requests and notices from the leader of this term.
  void operator()(Follower& /*role*/, const Append& m) const { on_append(turn, m); }
  void operator()(Candidate& /*role*/, const Append& m) const { on_append(turn, m); }
  void operator()(Leader& /*role*/, const Append& /*m*/) const { second_leader(turn); }
  void operator()(Follower& /*role*/, const Heartbeat& m) const { on_heartbeat(turn, m); }
  void operator()(Candidate& /*role*/, const Heartbeat& m) const { on_heartbeat(turn, m); }
  void operator()(Leader& /*role*/, const Heartbeat& /*m*/) const { second_leader(turn); }
  void operator()(Follower& /*role*/, const InstallSnapshot& m) const {
    on_install_snapshot(turn, m);
  }
  void operator()(Candidate& /*role*/, const InstallSnapshot& m) const {
    on_install_snapshot(turn, m);
  }
  void operator()(Leader& /*role*/, const InstallSnapshot& /*m*/) const { second_leader(turn); }
  void operator()(Follower& /*role*/, const TimeoutNow& /*m*/) const { on_timeout_now(turn); }
  void operator()(Candidate& /*role*/, const TimeoutNow& /*m*/) const { on_timeout_now(turn); }
  void operator()(Leader& /*role*/, const TimeoutNow& /*m*/) const {
  }  // from before: it leads already
  void operator()(Follower& role, const Quiesce& m) const { on_quiesce(turn, role, m); }
  void operator()(Candidate& /*role*/, const Quiesce& /*m*/) const { reply(turn, Wake{}); }
  void operator()(Leader& /*role*/, const Quiesce& /*m*/) const { second_leader(turn); }

  // Votes.
  void operator()(auto& /*role*/, const PreVote& m) const { on_pre_vote(turn, m); }
  // One of a higher term, which has ended the candidacy; the others are handled before terms are
  // compared.
  void operator()(auto& /*role*/, const PreVoteAnswer& /*m*/) const {}
  void operator()(auto& /*role*/, const RequestVote& m) const { on_request_vote(turn, m); }
  void operator()(Follower& /*role*/, const VoteAnswer& /*m*/) const {}  // late
  void operator()(Candidate& role, const VoteAnswer& m) const { on_vote_answer(turn, role, m); }
  void operator()(Leader& /*role*/, const VoteAnswer& /*m*/) const {
  }  // late: a majority had decided

  // Answers to a leader.
  void operator()(Follower& /*role*/, const AppendAccepted& /*m*/) const {
  }  // late: it led in this term, and
  void operator()(Candidate& /*role*/, const AppendAccepted& /*m*/) const {
  }  // has stepped down within it
  void operator()(Leader& role, const AppendAccepted& m) const {
    on_accepted(turn, role, m.match, m.round);
  }
  void operator()(Follower& /*role*/, const AppendRejected& /*m*/) const {}   // late
  void operator()(Candidate& /*role*/, const AppendRejected& /*m*/) const {}  // late
  void operator()(Leader& role, const AppendRejected& m) const { on_rejected(turn, role, m); }
  void operator()(Follower& /*role*/, const HeartbeatAnswer& /*m*/) const {}   // late
  void operator()(Candidate& /*role*/, const HeartbeatAnswer& /*m*/) const {}  // late
  void operator()(Leader& role, const HeartbeatAnswer& m) const {
    on_heartbeat_answer(turn, role, m.round);
  }
  void operator()(Follower& /*role*/, const SnapshotAccepted& /*m*/) const {}   // late
  void operator()(Candidate& /*role*/, const SnapshotAccepted& /*m*/) const {}  // late
  void operator()(Leader& role, const SnapshotAccepted& m) const {
    on_accepted(turn, role, m.match, m.round);
  }
  void operator()(Follower& /*role*/, const TryLater& /*m*/) const {}   // late
  void operator()(Candidate& /*role*/, const TryLater& /*m*/) const {}  // late
  void operator()(Leader& role, const TryLater& m) const { on_try_later(turn, role, m); }
  void operator()(auto& /*role*/, const StaleTerm& /*m*/) const {
  }  // the envelope's term has done its work

  // Reads.
  void operator()(Follower& /*role*/, const ReadIndex& m) const {
    reply(turn, ReadIndexRefused{m.tag});
  }
  void operator()(Candidate& /*role*/, const ReadIndex& m) const {
    reply(turn, ReadIndexRefused{m.tag});
  }
  void operator()(Leader& role, const ReadIndex& m) const { on_read_index(turn, role, m); }
  void operator()(Follower& role, const ReadIndexAnswer& m) const {
    on_read_index_answer(turn, role, m);
  }
  void operator()(Candidate& /*role*/, const ReadIndexAnswer& /*m*/) const {
  }  // late: those reads were refused
  void operator()(Leader& /*role*/, const ReadIndexAnswer& /*m*/) const {}  // late
  void operator()(Follower& role, const ReadIndexRefused& m) const {
    on_read_index_refused(turn, role, m);
  }
  void operator()(Candidate& /*role*/, const ReadIndexRefused& /*m*/) const {}  // late
  void operator()(Leader& /*role*/, const ReadIndexRefused& /*m*/) const {}     // late

  // Notices.
  void operator()(auto& /*role*/, const Wake& /*m*/) const {}  // it is awake by now
  void operator()(auto& /*role*/, const Removed& m) const { on_removed(turn.core, m, turn.output); }
};

void wake_for(Core& core, const Message& message, Output& output) {
  const bool matters = message_class(message.body) != MessageClass::kAnswer &&
                       !std::holds_alternative<Quiesce>(message.body);
  if (matters && asleep(core)) {
    wake_up(core, output,
            message.from == core.known_leader() ? Alarm::kLeaderSpoke : Alarm::kSomebody);
  }
}

}  // namespace

void dispatch(Core& core, const Message& message, Output& output) {
  const Turn turn{core, message, output};
  wake_for(core, message, output);
  // Neither asks for a term: a PreVote never raises one, and a removal is a fact whatever the term.
  if (const auto* pre_vote = std::get_if<PreVote>(&message.body)) {
    on_pre_vote(turn, *pre_vote);
    return;
  }
  if (const auto* removed = std::get_if<Removed>(&message.body)) {
    on_removed(core, *removed, output);
    return;
  }
  // Who grants a PreVote promises nothing, so its term may be below ours; the answer says which
  // round it is for.
  const auto* pre_vote_answer = std::get_if<PreVoteAnswer>(&message.body);
  if (pre_vote_answer != nullptr && message.term <= core.term()) {
    if (auto* candidate = std::get_if<Candidate>(&core.role)) {
      on_pre_vote_answer(turn, *candidate, *pre_vote_answer);
    }
    return;
  }
  if (ignored_for_leader(core, message)) {
    tell_if_removed(turn);
    reply(turn, VoteAnswer{false});
    return;
  }
  if (message.term < core.term()) {
    answer_stale(turn);
    return;
  }
  if (message.term > core.term()) {
    // 5.1: whoever sees a newer term follows in it. A transfer that led here has succeeded.
    Leader* leader = core.leader();
    if (leader != nullptr && leader->transfer && leader->transfer->sent &&
        leader->transfer->target == message.from) {
      end_transfer(core, *leader, /*handed_over=*/true, Refusal::kNotLeader, output);
    }
    become_follower(core, output, message.term, kNobody);
  }
  std::visit(Handle{turn}, core.role, message.body);
}

}  // namespace quorate
