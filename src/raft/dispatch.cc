// From a message to its handler: first the rule about its term, then one line for each pair of role
// and message. A pair that is missing does not compile.
#include <cstdint>
#include <type_traits>
#include <variant>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// ---- What a message's term means, where it is not ours

// A lower term: the message changes nothing here, and its sender hears of our term, or a node with
// a higher one would stay stranded (rule 7).
enum class OfLowerTerm : std::uint8_t {
  kDropped,   // an answer or a notice: it asks nothing
  kAnswered,  // with our term
  kRefused,   // a vote, which is refused
  kAwake,     // a leader that believes its group asleep must hear that it is not
  kHandled,   // the term does not matter
};

// A higher term: whoever sees one follows in it (5.1).
enum class OfHigherTerm : std::uint8_t {
  kFollowed,
  kFollowedUnlessLed,  // not while a leader of ours is alive (rule 7)
  kHandled,            // the term does not matter
};

struct TermRule {
  OfLowerTerm lower;
  OfHigherTerm higher;
};

template <class Body>
constexpr TermRule kTermRule{
    Body::kClass == MessageClass::kRequest ? OfLowerTerm::kAnswered : OfLowerTerm::kDropped,
    OfHigherTerm::kFollowed};
template <>
constexpr TermRule kTermRule<RequestVote>{OfLowerTerm::kRefused, OfHigherTerm::kFollowedUnlessLed};
template <>
constexpr TermRule kTermRule<Quiesce>{OfLowerTerm::kAwake, OfHigherTerm::kFollowed};
// A PreVote never raises a term, and a removal is a fact whatever the term.
template <>
constexpr TermRule kTermRule<PreVote>{OfLowerTerm::kHandled, OfHigherTerm::kHandled};
template <>
constexpr TermRule kTermRule<Removed>{OfLowerTerm::kHandled, OfHigherTerm::kHandled};
// Who grants a PreVote promises nothing, so its term may be below ours; the answer says which round
// it is for.
template <>
constexpr TermRule kTermRule<PreVoteAnswer>{OfLowerTerm::kHandled, OfHigherTerm::kFollowed};

TermRule term_rule(const MessageBody& body) {
  return std::visit([](const auto& m) { return kTermRule<std::decay_t<decltype(m)>>; }, body);
}

void refuse_vote(const Turn& turn) {
  tell_if_removed(turn);
  reply(turn, VoteAnswer{false});
}

// True: it is handled all the same.
[[gnu::cold]] bool handled_of_lower_term(const Turn& turn) {
  switch (term_rule(turn.message.body).lower) {
    case OfLowerTerm::kDropped:
      return false;
    case OfLowerTerm::kAnswered:
      reply(turn, StaleTerm{});
      return false;
    case OfLowerTerm::kRefused:
      refuse_vote(turn);
      return false;
    case OfLowerTerm::kAwake:
      reply(turn, Wake{});
      return false;
    case OfLowerTerm::kHandled:
      return true;
  }
  return false;
}

// Rule 7: a vote asked for while a live leader is known is ignored, and its term with it, unless
// that leader itself asked for the election.
bool ignored_for_leader(const Core& core, const RequestVote& request) {
  return (!request.handover && leader_is_alive(core)) || core.now < core.no_votes_before;
}

// A transfer that led to this term has succeeded.
void end_transfer_to(Core& core, NodeId id, Output& output) {
  Leader* leader = core.leader();
  if (leader != nullptr && leader->transfer && leader->transfer->sent &&
      leader->transfer->target == id) {
    end_transfer(core, *leader, /*handed_over=*/true, Refusal::kNotLeader, output);
  }
}

// True: it is handled, in its term by now where that matters.
[[gnu::cold]] bool handled_of_higher_term(const Turn& turn) {
  const OfHigherTerm rule = term_rule(turn.message.body).higher;
  if (rule == OfHigherTerm::kHandled) {
    return true;
  }
  if (rule == OfHigherTerm::kFollowedUnlessLed &&
      ignored_for_leader(turn.core, std::get<RequestVote>(turn.message.body))) {
    refuse_vote(turn);
    return false;
  }
  end_transfer_to(turn.core, turn.message.from, turn.output);
  become_follower(turn.core, turn.output, turn.message.term, kNobody);
  return true;
}

// ---- One handler for each pair of role and message

// Two leaders in one term: the one thing that must never be.
[[noreturn]] void second_leader(const Turn& turn) {
  fail_assertion("one leader a term", __FILE__, __LINE__, describe(turn.message));
}

// lint: dispatch table
// All of these are of our own term, but for those whose term does not matter.
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
  void operator()(Follower& /*role*/, const PreVoteAnswer& /*m*/) const {}  // late
  void operator()(Candidate& role, const PreVoteAnswer& m) const {
    on_pre_vote_answer(turn, role, m);
  }
  void operator()(Leader& /*role*/, const PreVoteAnswer& /*m*/) const {}  // late
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

bool wakes(const Message& message) {
  return message_class(message.body) != MessageClass::kAnswer &&
         !std::holds_alternative<Quiesce>(message.body);
}

}  // namespace

void dispatch(Core& core, const Message& message, Output& output) {
  const Turn turn{core, message, output};
  if (core.asleep() && wakes(message)) {
    const bool by_leader = message.from == core.known_leader();
    wake_up(core, output, by_leader ? Alarm::kLeaderSpoke : Alarm::kSomebody);
  }
  if (message.term < core.term() && !handled_of_lower_term(turn)) {
    return;
  }
  if (message.term > core.term() && !handled_of_higher_term(turn)) {
    return;
  }
  std::visit(Handle{turn}, core.role, message.body);
}

}  // namespace quorate
