#include "sim/bounds.h"

#include <algorithm>
#include <variant>

namespace quorate::sim {
namespace {

using std::chrono::milliseconds;

constexpr NodeId k1{1};
constexpr NodeId k2{2};
constexpr NodeId k3{3};
constexpr NodeId k4{4};
constexpr std::uint8_t kAny = Budget::kUnlimited;

Configuration voters(std::vector<NodeId> ids) { return {std::move(ids), {}, {}, {}}; }

// No randomness and few distances between deadlines, so that states differ in what they mean alone.
// Nothing rests on how long anything takes: the explorer fires timers in every order.
Options plain_options() {
  Options options;
  options.heartbeat_interval = milliseconds{10};
  options.election_timeout = milliseconds{20};
  options.election_jitter = milliseconds{0};
  options.resend_timeout = milliseconds{20};
  options.snapshot_timeout = milliseconds{20};
  options.persist_timeout = std::chrono::seconds{3600};
  options.read_timeout = milliseconds{20};
  options.transfer_timeout = milliseconds{20};
  options.pre_vote = false;
  options.check_quorum = false;
  options.compaction_tail = 0;
  return options;
}

Stage::Setup three_nodes() {
  return {.nodes = {k1, k2, k3},
          .bootstrap = voters({k1, k2, k3}),
          .options = plain_options(),
          .instant_disk = true,
          .instant_apply = true};
}

// ---- Demands

std::optional<std::string> no_term_above(const Stage& stage, Term limit) {
  for (const NodeId id : stage.nodes()) {
    if (stage.up(id) && stage.at(id).term > limit) {
      return "PreVote (dissertation 9.6): " + quorate::describe(stage.at(id)) +
             " has raised its term though a leader is alive";
    }
  }
  return std::nullopt;
}

// The clock of 2 stands still after it heard the leader.
std::optional<std::string> no_vote_of_2_for_3(const Stage& stage) {
  if (stage.up(k2) && stage.at(k2).vote == k3) {
    return "Stickiness (dissertation 4.2.3): n2 has voted for n3 though it hears a leader";
  }
  return std::nullopt;
}

// Who sleeps holds all that the leader held that put it to sleep, or nobody would ever bring it the
// rest; and a leader does not sleep while something waits to be committed.
std::optional<std::string> sleepers_hold_everything(const Stage& stage) {
  for (const NodeId leader : stage.nodes()) {
    const Position at = stage.at(leader);
    if (at.role != Role::kLeader || !at.asleep) {
      continue;
    }
    if (at.committed < at.last.index) {
      return "Quiescence (rule 14): asleep with entries that are not committed: " +
             quorate::describe(at);
    }
    for (const NodeId id : stage.nodes()) {
      const Position other = stage.at(id);
      const bool follows = id != leader && other.term == at.term && other.asleep;
      if (follows && (other.last != at.last || other.committed != at.committed)) {
        return "Quiescence (rule 14): asleep without holding everything: " +
               quorate::describe(other);
      }
    }
  }
  return std::nullopt;
}

// Whoever is told to campaign holds all that its leader holds, for as long as that handover is
// under way.
std::optional<std::string> heirs_hold_everything(const Stage& stage) {
  for (const auto& in_flight : stage.in_flight()) {
    const Message& message = in_flight.message;
    if (!std::holds_alternative<TimeoutNow>(message.body)) {
      continue;
    }
    const Position leader = stage.at(message.from);
    const Position heir = stage.at(message.to);
    const bool under_way = leader.role == Role::kLeader && leader.term == message.term &&
                           heir.term == message.term &&
                           stage.raft(message.from).status().transferring;
    if (under_way && heir.last != leader.last) {
      return "Transfer (dissertation 3.10): told to campaign without holding everything: " +
             quorate::describe(heir);
    }
  }
  return std::nullopt;
}

// Who left itself out leads until that is committed, and not a step longer.
std::optional<std::string> no_leader_after_its_removal(const Stage& stage) {
  for (const NodeId id : stage.nodes()) {
    const Position at = stage.at(id);
    if (at.role != Role::kLeader || at.joint || at.configuration_index > at.committed) {
      continue;
    }
    if (!stage.raft(id).status().configuration.is_voter(id)) {
      return "Removal (dissertation 4.2.2): leads on though its removal is committed: " +
             quorate::describe(at);
    }
  }
  return std::nullopt;
}

// ---- Bounds

Bound election() {
  Bound bound;
  bound.name = "election";
  bound.covers = "a slow disk: crashes before and after votes are durable, lost messages";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.small = {{Charge::kTimeout, 2}, {Charge::kCrash, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTimeout, 3}, {Charge::kCrash, 1}, {Charge::kLoss, kAny}};
  bound.first_mover = k1;
  bound.kills = {"vote-not-persisted", "term-sent-before-it-is-durable",
                 "vote-reset-within-a-term"};
  return bound;
}

// 1 has asked for votes in term 1, and 2 has given its own: that answer is late to whatever comes.
Bound candidacy() {
  Bound bound;
  bound.name = "candidacy";
  bound.covers = "candidacies that overlap; votes lost, and counted too late";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "deliver 1->2 request-vote"};
  bound.clocks = {k1, k2};
  bound.small = {{Charge::kTimeout, 2}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTimeout, 2},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1},
                 {Charge::kDuplicate, 1}};
  bound.kills = {"late-votes-counted", "vote-reset-within-a-term", "lower-term-acted-upon"};
  return bound;
}

// A live leader is heard by 1 and 2, whose clocks stand still; only the clock of 3 runs, again and
// again.
Bound prevote() {
  Bound bound;
  bound.name = "prevote";
  bound.covers = "a node that misses heartbeats asks again and again: no term is raised";
  bound.setup = three_nodes();
  bound.setup.options.pre_vote = true;
  bound.setup.options.check_quorum = true;
  bound.prelude = {"tick 1", "settle"};
  bound.clocks = {k3};
  bound.small = {{Charge::kTimeout, 3},
                 {Charge::kProposal, 1},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1},
                 {Charge::kDuplicate, 1}};
  bound.large = {{Charge::kTimeout, 4},
                 {Charge::kProposal, 2},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 2},
                 {Charge::kDuplicate, 2}};
  bound.demand = [](const Stage& stage) { return no_term_above(stage, Term{1}); };
  bound.kills = {"pre-vote-raises-the-term", "pre-vote-without-stickiness"};
  return bound;
}

Bound stickiness() {
  Bound bound;
  bound.name = "stickiness";
  bound.covers = "the same without PreVote: who hears a leader gives no vote";
  bound.setup = three_nodes();
  bound.setup.options.check_quorum = true;
  bound.prelude = {"tick 1", "settle"};
  bound.clocks = {k1, k3};
  bound.small = {
      {Charge::kTimeout, 3}, {Charge::kBeat, 1}, {Charge::kProposal, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTimeout, 4},
                 {Charge::kBeat, 2},
                 {Charge::kProposal, 1},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1}};
  bound.demand = no_vote_of_2_for_3;
  bound.kills = {"no-stickiness", "stickiness-raises-the-term"};
  return bound;
}

Bound replication() {
  Bound bound;
  bound.name = "replication";
  bound.covers = "two proposals and a change of leader; appends and answers lost and late";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle", "propose 1 x id=99"};
  bound.clocks = {k1, k2};
  bound.small = {
      {Charge::kProposal, 1}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}, {Charge::kOvertake, 1}};
  bound.large = {{Charge::kProposal, 1},
                 {Charge::kTimeout, 1},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1},
                 {Charge::kDuplicate, 1}};
  bound.kills = {"vote-without-log-check", "vote-by-commit-index", "conflicting-suffix-kept",
                 "lower-term-acted-upon"};
  return bound;
}

// The same under one leader, who may ask again: what comes late and twice must undo nothing.
Bound disorder() {
  Bound bound;
  bound.name = "disorder";
  bound.covers = "two proposals under one leader; lost, late and doubled appends and answers";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle", "propose 1 x id=99"};
  bound.small = {{Charge::kProposal, 1},
                 {Charge::kBeat, 1},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1},
                 {Charge::kDuplicate, 1}};
  bound.large = {{Charge::kProposal, 2},
                 {Charge::kBeat, 1},
                 {Charge::kLoss, kAny},
                 {Charge::kOvertake, 2},
                 {Charge::kDuplicate, 1}};
  bound.kills = {"old-append-erases-a-suffix"};
  return bound;
}

// Figure 8 of the paper with three nodes: 1 holds an entry of term 1, 3 another of term 2 at the
// same index, 2 holds neither. Entries travel one by one, so that the old one arrives alone.
Bound figure8() {
  Bound bound;
  bound.name = "figure8";
  bound.covers = "figure 8 of the paper: an entry of an earlier term on a majority";
  bound.setup = three_nodes();
  bound.setup.options.max_append_bytes = 1;
  bound.prelude = {"tick 1",
                   "settle",
                   "propose 1 x id=99",
                   "lose",
                   "tick 3",
                   "deliver 3->1 request-vote",
                   "deliver 3->2 request-vote",
                   "deliver 2->3 vote-answer",
                   "lose"};
  bound.small = {{Charge::kTimeout, 2}, {Charge::kLoss, kAny}, {Charge::kOvertake, 1}};
  bound.large = {
      {Charge::kTimeout, 3}, {Charge::kLoss, kAny}, {Charge::kOvertake, 1}, {Charge::kCrash, 1}};
  bound.kills = {"older-terms-committed-by-counting", "vote-without-log-check",
                 "vote-by-commit-index", "conflicting-suffix-kept"};
  return bound;
}

// 2 has been sent an entry and has not written it; whoever leads next replaces it, and again.
Bound persistence() {
  Bound bound;
  bound.name = "persistence";
  bound.covers = "a slow disk: an entry replaced and replaced again while its writes are out";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.setup.instant_apply = false;
  bound.prelude = {"tick 1", "settle", "propose 1 x id=99", "deliver 1->2 append", "lose"};
  bound.clocks = {k1, k3};
  bound.crashers = {k1, k2};
  bound.small = {{Charge::kTimeout, 2}, {Charge::kCrash, 1}};
  bound.large = {{Charge::kTimeout, 2}, {Charge::kCrash, 1}, {Charge::kLoss, kAny}};
  bound.kills = {"stale-ticket-counts", "own-copy-counted-before-it-is-durable",
                 "applied-ahead-of-the-disk", "append-acknowledged-before-it-is-durable",
                 "log-not-persisted"};
  return bound;
}

Bound joint() {
  Bound bound;
  bound.name = "joint";
  bound.covers = "a joint change that replaces a voter; the leader changes in the middle";
  bound.setup = three_nodes();
  bound.setup.nodes = {k1, k2, k3, k4};
  bound.prelude = {"tick 1", "settle"};
  bound.targets = {voters({k1, k2, k4})};
  bound.clocks = {k2, k4};
  bound.small = {{Charge::kChange, 1}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kChange, 1}, {Charge::kTimeout, 2}, {Charge::kLoss, kAny}};
  bound.kills = {"joint-committed-by-the-old-majority", "joint-committed-by-the-new-majority",
                 "configuration-effective-on-commit"};
  return bound;
}

// 4 has the joint configuration, 2 and 3 have not heard of it.
Bound split() {
  Bound bound;
  bound.name = "split";
  bound.covers = "a candidate on each side of a joint configuration that is not committed";
  bound.setup = three_nodes();
  bound.setup.nodes = {k1, k2, k3, k4};
  bound.prelude = {"tick 1", "settle", "change 1 {1,2,4} id=99", "settle 1 4", "lose"};
  bound.clocks = {k2, k4};
  bound.small = {{Charge::kTimeout, 2}};
  bound.large = {{Charge::kTimeout, 2}, {Charge::kLoss, kAny}, {Charge::kBeat, 1}};
  bound.kills = {"joint-elected-by-the-new-majority"};
  return bound;
}

Bound removal() {
  Bound bound;
  bound.name = "removal";
  bound.covers = "a leader removes itself, and leads until that is committed; two changes in a row";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle"};
  bound.targets = {voters({k2, k3})};
  bound.small = {{Charge::kChange, 2}, {Charge::kTimeout, 1}, {Charge::kLoss, 1}};
  bound.large = {
      {Charge::kChange, 2}, {Charge::kTimeout, 2}, {Charge::kBeat, 1}, {Charge::kLoss, kAny}};
  bound.demand = no_leader_after_its_removal;
  bound.kills = {"removed-leader-counts-itself", "removed-leader-goes-on"};
  return bound;
}

// 3 was away while two entries were committed and compacted away.
Bound snapshot() {
  Bound bound;
  bound.name = "snapshot";
  bound.covers = "a lagging follower is sent a snapshot: late, asked for again, and with a crash";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.setup.durable_machine = true;
  bound.prelude = {"tick 1",     "settle", "propose 1 x id=98", "settle 1 2", "propose 1 y id=99",
                   "settle 1 2", "lose",   "snapshot 1",        "settle 1 2", "tick 1",
                   "settle 1 2"};
  bound.snapshotters = {k1, k3};
  bound.clocks = {k1};
  bound.crashers = {k3};
  bound.small = {{Charge::kBeat, 1},
                 {Charge::kProposal, 1},
                 {Charge::kSnapshot, 1},
                 {Charge::kCrash, 1},
                 {Charge::kLoss, 1}};
  bound.large = {{Charge::kBeat, 1},  {Charge::kProposal, 1},  {Charge::kSnapshot, 1},
                 {Charge::kCrash, 1}, {Charge::kDuplicate, 1}, {Charge::kOvertake, 1},
                 {Charge::kLoss, 1}};
  bound.kills = {"snapshot-acknowledged-before-it-is-durable", "commit-forgotten-at-start"};
  return bound;
}

Bound transfer() {
  Bound bound;
  bound.name = "transfer";
  bound.covers = "leadership handed over while an entry is on its way; it may not succeed";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle"};
  bound.heirs = {k2};
  bound.clocks = {k1, k2};
  bound.small = {
      {Charge::kTransfer, 1}, {Charge::kProposal, 1}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTransfer, 1},
                 {Charge::kProposal, 1},
                 {Charge::kBeat, 2},
                 {Charge::kTimeout, 1},
                 {Charge::kLoss, kAny}};
  bound.demand = heirs_hold_everything;
  bound.kills = {"timeout-now-too-early", "proposals-during-a-transfer", "vote-without-log-check"};
  return bound;
}

// 1 has committed an entry, as 2, who may lead next, does not know, and 3 lacks it.
Bound reads() {
  Bound bound;
  bound.name = "reads";
  bound.covers = "linearizable reads at leader and follower while another leader is elected";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1",
                   "settle",
                   "propose 1 x id=99",
                   "deliver 1->2 append",
                   "deliver 2->1 append-accepted",
                   "lose"};
  bound.readers = {k1, k3};
  bound.clocks = {k2};
  bound.crashers = {k3};
  bound.small = {{Charge::kRead, 2}, {Charge::kTimeout, 1}, {Charge::kCrash, 1}};
  bound.large = {{Charge::kRead, 2},  {Charge::kProposal, 1}, {Charge::kTimeout, 1},
                 {Charge::kCrash, 1}, {Charge::kLoss, kAny},  {Charge::kOvertake, 1}};
  bound.kills = {"read-served-by-an-earlier-round", "read-before-the-first-commit-of-the-term",
                 "read-without-a-commit-index", "read-answered-for-an-earlier-life",
                 "reads-forgotten-with-leadership"};
  return bound;
}

// A group that falls asleep when nothing happens for one heartbeat.
Bound quiesce() {
  Bound bound;
  bound.name = "quiesce";
  bound.covers = "an idle group falls asleep and wakes: only who holds everything sleeps";
  bound.setup = three_nodes();
  bound.setup.options.quiesce_after = milliseconds{10};
  bound.setup.options.pre_vote = bound.setup.options.check_quorum = true;
  bound.prelude = {"tick 1", "settle"};
  bound.small = {
      {Charge::kBeat, 3}, {Charge::kProposal, 1}, {Charge::kWake, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kBeat, 3},
                 {Charge::kProposal, 2},
                 {Charge::kTimeout, 1},
                 {Charge::kWake, 1},
                 {Charge::kLoss, kAny}};
  bound.demand = sleepers_hold_everything;
  bound.kills = {"quiesce-before-everyone-has-matched", "request-does-not-wake"};
  return bound;
}

}  // namespace

void Budget::fingerprint(Fingerprint& into) const {
  for (std::size_t at = 0; at < kCharges; at += 7) {
    std::uint64_t word = 0;
    for (std::size_t i = at; i < std::min(at + 7, kCharges); ++i) {
      word = word << 8U | left_[i];
    }
    into.add(word);
  }
}

std::string Budget::describe() const {
  static constexpr std::array<std::string_view, kCharges> kNames = {
      "",          "timeouts",   "beats",        "crashes",      "losses",
      "overtakes", "duplicates", "proposals",    "reads",        "changes",
      "transfers", "snapshots",  "failed reads", "unreachables", "wakes"};
  std::string text;
  for (std::size_t i = 1; i < kCharges; ++i) {
    if (left_[i] > 0) {
      text += text.empty() ? "" : ", ";
      text += std::string{kNames[i]} + " " +
              (left_[i] == kUnlimited ? "any" : std::to_string(left_[i]));
    }
  }
  return text;
}

std::span<const Bound> bounds() {
  static const std::vector<Bound> kAll = {election(),    candidacy(), prevote(), stickiness(),
                                          replication(), disorder(),  figure8(), persistence(),
                                          joint(),       split(),     removal(), snapshot(),
                                          transfer(),    reads(),     quiesce()};
  return kAll;
}

const Bound* find_bound(std::string_view name) {
  const auto all = bounds();
  const auto found = std::ranges::find(all, name, &Bound::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace quorate::sim
