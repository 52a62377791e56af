// Core: all of one member's state, and the few verbs that every duty uses. Internal to raft/.
//
// The duties are free functions over it, one file each: vote, append (a follower's side), replicate
// (a leader's), snapshot, change, read, transfer, sleep. What belongs to one role lives in that
// role's struct and is gone with it, its deadlines too: a timer armed in one role cannot act in the
// next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/ring.h"
#include "base/time.h"
#include "log/log.h"
#include "model/message.h"
#include "raft/event.h"
#include "raft/membership.h"
#include "raft/options.h"
#include "raft/output.h"
#include "raft/persistence.h"
#include "raft/progress.h"
#include "raft/status.h"

namespace quorate {

// ---- Roles

// A read that was given to a follower: batch 0 until it is sent to the leader.
struct ForwardedRead {
  RequestId id;
  std::uint64_t batch = 0;
  bool lease = false;
  Instant deadline;
};

// Until a candidacy. Word from a leader puts it off by the same time again; a new time is drawn
// when it has run out.
struct ElectionTimer {
  Duration timeout;
  Instant deadline;

  void restart(Instant now) { deadline = now + timeout; }
};

struct Follower {
  NodeId leader;  // of this term, if known
  ElectionTimer election;
  Instant heard = Instant::min();  // when the leader was last heard
  bool asleep = false;
  std::vector<ForwardedRead> reads;
};

// Asks for votes; first, with PreVote, whether asking would be any use.
struct Candidate {
  bool pre = false;
  bool handover = false;
  ElectionTimer election;
  std::vector<NodeId> granted;  // itself among them only once its own vote is durable (rule 1)
  std::vector<NodeId> refused;
};

// A read that waits for its round. From this node's own client, or a follower's batch.
struct PendingRead {
  Round round;  // 0: none begun for it yet
  Index index;
  Instant deadline;
  RequestId id;
  NodeId asker;  // kNobody: this node's own
  ReadTag tag;
};

struct SentRound {
  Round round;
  Instant at;
};

struct Transfer {
  RequestId id;
  NodeId target;
  Instant deadline;
  bool sent = false;
};

struct Leader {
  Index term_start;             // the index of the first entry of its term
  std::vector<Progress> peers;  // everyone in the latest configuration but itself, sorted
  bool self_votes = false;      // in the latest configuration, and in the old half of a joint one
  bool self_votes_old = false;
  Instant quorum_deadline = kNever;
  Round round{1};
  Ring<PendingRead> reads;
  Ring<SentRound> rounds;  // when each unconfirmed round began; kept only where leases are on
  Instant round_began = Instant::min();  // the newest of these
  Instant lease_from = Instant::min();
  std::optional<Transfer> transfer;
  bool lease_ended = false;  // TimeoutNow was sent in this term (rule 6)
  std::uint64_t uncommitted_bytes = 0;
  Instant idle_since;
  bool asleep = false;
};

using RoleState = std::variant<Follower, Candidate, Leader>;

// ---- What the state machine's lane is busy with

struct Applying {
  Index handed;         // everything up to here was handed out
  Index earlier_batch;  // the end of the older of two batches that are out; 0 when at most one is
  bool restoring = false;
  bool reading = false;  // the next entries are being read from disk
  Instant retry_at = kNever;
};

// A snapshot that was accepted, and whose record is being written.
struct Installing {
  InstallSnapshot request;
  NodeId from;  // is answered when the record is durable
  Term term;
};

struct Core {
  Options options;
  Random random;
  Instant now;
  HardState hard_state;
  Log log;
  Membership membership;
  SnapshotMeta snapshot;
  Persistence persistence;
  RoleState role;
  Applying applying;
  std::optional<Installing> installing;
  std::uint64_t attempts = 0;                // PreVote rounds so far
  std::uint64_t read_batches = 0;            // batches of forwarded reads so far
  Instant no_votes_before = Instant::min();  // rule 6: where leases are on, a restarted voter waits
  Index removed_at;  // the configuration that removed this node; 0: none did
  bool fenced = false;
  bool stopped = false;

  Core(const Options& options, Restored restored, Instant now);

  [[nodiscard]] Term term() const { return hard_state.term; }
  [[nodiscard]] NodeId self() const { return options.id; }
  [[nodiscard]] const Configuration& configuration() const { return membership.latest(); }
  [[nodiscard]] bool asleep() const;
  [[nodiscard]] bool removed() const { return removed_at > Index{}; }
  [[nodiscard]] NodeId known_leader() const;
  [[nodiscard]] Leader* leader() { return std::get_if<Leader>(&role); }
  [[nodiscard]] const Leader* leader() const { return std::get_if<Leader>(&role); }
};

inline bool Core::asleep() const {
  if (const Leader* leads = leader()) {
    return leads->asleep;
  }
  const auto* follower = std::get_if<Follower>(&role);
  return follower != nullptr && follower->asleep;
}

// One message that is being handled.
struct Turn {
  Core& core;
  const Message& message;
  Output& output;
};

// ---- Verbs (core.cc)

// Sends `body` as soon as what it says is durable: the term and vote, and the log up to `claims`.
// Returns it as it lies in the output, valid until the next message.
template <class Body>
Body& send(Core& core, Output& output, NodeId to, Body body, Index claims = {});
// The same for the answer to the message of this turn.
template <class Body>
void reply(const Turn& turn, Body body, Index claims = {});
// The write after which all of that is durable.
[[nodiscard]] Ticket write_awaited(const Core& core, Index claims);
template <class Outcome>
void answer(Output& output, RequestId id, Outcome outcome) {
  output.answers.emplace_back(id, std::move(outcome));
}
void refuse(const Core& core, Output& output, RequestId id, Refusal why, std::string detail = {});
// From now, with a time drawn from [T, T + jitter) (9.3 of the dissertation: randomized, so that
// splits resolve).
[[nodiscard]] inline ElectionTimer draw_election_timer(Core& core) {
  const Duration low = core.options.election_timeout;
  const Duration timeout = core.random.between(low, low + core.options.election_jitter);
  return {timeout, core.now + timeout};
}
// Appends to the log of a leader, and puts a configuration into effect.
Index append_as_leader(Core& core, Leader& leader, EntryKind kind, Bytes payload);

// ---- Roles (roles.cc)

void become_follower(Core& core, Output& output, Term term, NodeId leader);
void become_candidate(Core& core, Output& output, bool handover);
void become_leader(Core& core, Output& output);
// An election timeout has passed, or somebody wants an election now.
void campaign(Core& core, Output& output, bool handover);
void election_tick(Core& core, Output& output);
// Gives leadership up within the term.
void step_down(Core& core, Output& output, Happened why);
void own_vote_durable(Core& core, Output& output);
// A live leader is known: no vote for anybody else (rule 7, dissertation 4.2.3).
[[nodiscard]] bool leader_is_alive(const Core& core);
// The sender of this turn's message leads its term, and is followed.
void heard_from_leader(const Turn& turn);

// ---- The duties

void on_pre_vote(const Turn& turn, const PreVote& request);  // vote.cc
void on_pre_vote_answer(const Turn& turn, Candidate& candidate, const PreVoteAnswer& answer);
void on_request_vote(const Turn& turn, const RequestVote& request);
void on_vote_answer(const Turn& turn, Candidate& candidate, const VoteAnswer& answer);
void decide_election(Core& core, Output& output);

void on_append(const Turn& turn, const Append& request);  // append.cc
void on_heartbeat(const Turn& turn, const Heartbeat& request);
void commit(Core& core, Output& output, Index index);

void replicate(Core& core, Leader& leader, Output& output);  // replicate.cc
void on_accepted(const Turn& turn, Leader& leader, Index match, Round round);
void on_rejected(const Turn& turn, Leader& leader, const AppendRejected& answer);
void on_heartbeat_answer(const Turn& turn, Leader& leader, Round round);
void on_try_later(const Turn& turn, Leader& leader, const TryLater& answer);
void leader_tick(Core& core, Leader& leader, Output& output);
void count_own_copy(Core& core, Leader& leader, Output& output);  // its disk may hold more now
void entries_read(Core& core, Leader& leader, const EntriesRead& event, Output& output);
[[nodiscard]] Progress* find_peer(Leader& leader, NodeId id);
[[nodiscard]] Instant leader_wake_at(const Core& core, const Leader& leader);
void send_heartbeat(Core& core, const Leader& leader, Progress& peer, Output& output);

void on_install_snapshot(const Turn& turn, const InstallSnapshot& request);  // snapshot.cc
void snapshot_taken(Core& core, Index index);
void install_persisted(Core& core, Output& output);
bool send_snapshot(Core& core, Leader& leader, Progress& peer, Output& output);
void hand_out(Core& core, Index upto, Output& output);
inline void hand_out_committed(Core& core, Output& output) {
  const Index upto = std::min(core.log.committed(), core.log.stable());
  if (core.applying.handed < upto) {
    hand_out(core, upto, output);
  }
}
void entries_read_for_machine(Core& core, const EntriesRead& event, Output& output);
void applied_to(Core& core, Index index);

void change_membership(Core& core, const ChangeMembership& request, Output& output);  // change.cc
void configuration_appended(Core& core, Index index, Configuration configuration);
void configuration_committed(Core& core, Output& output);  // the latest, and not before
void configurations_truncated(Core& core, Index first);
[[nodiscard]] bool leader_after_configuration(Core& core, Leader& leader, Output& output);
void refresh_peers(Core& core, Leader& leader);
void on_removed(Core& core, const Removed& notice, Output& output);
void tell_if_removed(const Turn& turn);

void read(Core& core, const Read& request, Output& output);  // read.cc
void on_read_index(const Turn& turn, Leader& leader, const ReadIndex& request);
void on_read_index_answer(const Turn& turn, Follower& follower, const ReadIndexAnswer& answer);
void on_read_index_refused(const Turn& turn, Follower& follower, const ReadIndexRefused& answer);
[[nodiscard]] bool begin_round(Core& core, Leader& leader);
void serve_confirmed(Core& core, Leader& leader, Output& output);
inline void serve_reads(Core& core, Leader& leader, Output& output) {
  if (!leader.reads.empty() || !leader.rounds.empty()) {
    serve_confirmed(core, leader, output);
  }
}
void expire_reads(Core& core, Leader& leader, Output& output);
void forward_reads(Core& core, Follower& follower, Output& output);
void expire_forwarded(Core& core, Follower& follower, Output& output);
void refuse_reads(Core& core, Leader& leader, Refusal why, Output& output);
void refuse_forwarded(Core& core, Follower& follower, Refusal why, Output& output);
[[nodiscard]] bool committed_in_own_term(const Core& core, const Leader& leader);

void transfer_leadership(Core& core, const TransferLeadership& request,
                         Output& output);  // transfer.cc
void on_timeout_now(const Turn& turn);
void drive_transfer(Core& core, Leader& leader, Output& output);
void end_transfer(Core& core, Leader& leader, bool handed_over, Refusal why, Output& output);
void hand_to_best_peer(Core& core, Leader& leader, Output& output);

void on_quiesce(const Turn& turn, Follower& follower, const Quiesce& notice);  // sleep.cc
void fall_asleep_if_idle(Core& core, Leader& leader, Output& output);
enum class Alarm : std::uint8_t { kSomebody, kLeaderSpoke, kLeaderLost };
void wake_up(Core& core, Output& output, Alarm why);  // of a member that is asleep

void dispatch(Core& core, const Message& message, Output& output);          // dispatch.cc
[[nodiscard]] Result<void> validate(const Core& core, const Event& event);  // validate.cc
[[nodiscard]] Result<void> validate(const Core& core, const Message& message);

// ---- Inside of the verbs

inline Ticket write_awaited(const Core& core, Index claims) {
  const Ticket terms = core.persistence.ticket_of_hard_state();
  return claims > core.log.stable() ? std::max(terms, core.persistence.ticket_of_entry(claims))
                                    : terms;
}

template <class Body>
Body& send(Core& core, Output& output, NodeId to, Body body, Index claims) {
  // Rule 1: a PreVote changes nothing anywhere, so it alone may carry a term that is not durable.
  const Ticket after = std::is_same_v<Body, PreVote> ? Ticket{} : write_awaited(core, claims);
  if (after <= core.persistence.durable()) {
    Message& message = output.send_now.emplace_back(core.self(), to, core.term(), std::move(body));
    return *std::get_if<Body>(&message.body);
  }
  Deferred& deferred =
      output.send_after_persist.emplace_back(after, core.self(), to, core.term(), std::move(body));
  return *std::get_if<Body>(&deferred.message.body);
}

template <class Body>
void reply(const Turn& turn, Body body, Index claims) {
  send(turn.core, turn.output, turn.message.from, std::move(body), claims);
}

}  // namespace quorate
