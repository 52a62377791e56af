#include "sim/bounds.h"

#include <algorithm>

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

Bound election() {
  Bound bound;
  bound.name = "election";
  bound.covers = "votes: crashes before and after they are durable, lost and doubled messages";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.small = {{Charge::kTimeout, 2}, {Charge::kCrash, 1}, {Charge::kLoss, kAny}};
  bound.large = {
      {Charge::kTimeout, 3}, {Charge::kCrash, 1}, {Charge::kLoss, kAny}, {Charge::kDuplicate, 1}};
  bound.first_mover = k1;
  return bound;
}

Bound replication() {
  Bound bound;
  bound.name = "replication";
  bound.covers =
      "two proposals and a change of leader; lost, doubled and reordered appends and answers";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle"};
  bound.small = {
      {Charge::kProposal, 2}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}, {Charge::kOvertake, 1}};
  bound.large = {{Charge::kProposal, 2}, {Charge::kTimeout, 2},  {Charge::kBeat, 1},
                 {Charge::kLoss, kAny},  {Charge::kOvertake, 1}, {Charge::kDuplicate, 1}};
  bound.clocks = {k1, k2};
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
  bound.small = {{Charge::kTimeout, 2}, {Charge::kLoss, kAny}};
  bound.large = {
      {Charge::kTimeout, 3}, {Charge::kLoss, kAny}, {Charge::kOvertake, 1}, {Charge::kCrash, 1}};
  return bound;
}

// The disk takes its time: 2 has been sent an entry and has not written it.
Bound persistence() {
  Bound bound;
  bound.name = "persistence";
  bound.covers = "a slow disk: an entry replaced and replaced again while its writes are out";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.prelude = {"tick 1", "settle", "propose 1 x id=99", "deliver 1->2 append", "lose"};
  bound.small = {{Charge::kTimeout, 2}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTimeout, 3}, {Charge::kLoss, kAny}, {Charge::kCrash, 1}};
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
  bound.small = {{Charge::kChange, 1}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}};
  bound.large = {
      {Charge::kChange, 2}, {Charge::kTimeout, 2}, {Charge::kProposal, 1}, {Charge::kLoss, kAny}};
  return bound;
}

// 3 was away while two entries were committed and compacted away.
Bound snapshot() {
  Bound bound;
  bound.name = "snapshot";
  bound.covers =
      "a lagging follower is sent a snapshot; stale, doubled and late ones; a leader change";
  bound.setup = three_nodes();
  bound.setup.instant_disk = false;
  bound.prelude = {"tick 1",     "settle", "propose 1 x id=98", "settle 1 2", "propose 1 y id=99",
                   "settle 1 2", "lose",   "snapshot 1"};
  bound.small = {{Charge::kBeat, 2},
                 {Charge::kTimeout, 1},
                 {Charge::kSnapshot, 1},
                 {Charge::kDuplicate, 1},
                 {Charge::kLoss, kAny}};
  bound.large = {{Charge::kBeat, 2},     {Charge::kTimeout, 1},   {Charge::kSnapshot, 1},
                 {Charge::kProposal, 1}, {Charge::kDuplicate, 1}, {Charge::kCrash, 1},
                 {Charge::kLoss, kAny}};
  return bound;
}

Bound transfer() {
  Bound bound;
  bound.name = "transfer";
  bound.covers = "leadership handed over while entries are on their way, and called off";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle"};
  bound.heirs = {k2};
  bound.small = {{Charge::kTransfer, 1},
                 {Charge::kProposal, 1},
                 {Charge::kBeat, 2},
                 {Charge::kTimeout, 1},
                 {Charge::kLoss, kAny}};
  bound.large = {{Charge::kTransfer, 2},
                 {Charge::kProposal, 2},
                 {Charge::kBeat, 2},
                 {Charge::kTimeout, 1},
                 {Charge::kLoss, kAny}};
  return bound;
}

Bound reads() {
  Bound bound;
  bound.name = "reads";
  bound.covers = "linearizable reads at leader and follower while another leader is elected";
  bound.setup = three_nodes();
  bound.prelude = {"tick 1", "settle"};
  bound.readers = {k1, k3};
  bound.small = {
      {Charge::kRead, 2}, {Charge::kProposal, 1}, {Charge::kTimeout, 1}, {Charge::kLoss, kAny}};
  bound.large = {{Charge::kRead, 2},    {Charge::kProposal, 1}, {Charge::kTimeout, 1},
                 {Charge::kBeat, 1},    {Charge::kCrash, 1},    {Charge::kLoss, kAny},
                 {Charge::kOvertake, 1}};
  bound.clocks = {k1, k2};
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
      "",          "timeouts", "beats",   "crashes",   "losses",    "overtakes",    "duplicates",
      "proposals", "reads",    "changes", "transfers", "snapshots", "failed reads", "unreachables"};
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
  static const std::vector<Bound> kAll = {election(), replication(), figure8(),  persistence(),
                                          joint(),    snapshot(),    transfer(), reads()};
  return kAll;
}

const Bound* find_bound(std::string_view name) {
  const auto all = bounds();
  const auto found = std::ranges::find(all, name, &Bound::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace quorate::sim
