#include "sim/checker.h"

#include <algorithm>
#include <tuple>

#include "model/text.h"
#include "quorum/quorum.h"
#include "sim/prints.h"

namespace quorate::sim {
namespace {

std::string name(NodeId id) { return text_of(id); }
std::string text(Term term) { return "term " + std::to_string(term.value()); }
std::string text(Index index) { return "index " + std::to_string(index.value()); }

std::uint64_t content_of(const Entry& entry) {
  Fingerprint content;
  content.add(static_cast<std::uint64_t>(entry.kind));
  content.add(entry.payload);
  return content.value();
}

bool majority_holds(const Nodes& nodes, const std::vector<NodeId>& voters, LogPosition position) {
  std::size_t holders = 0;
  for (const auto& node : nodes) {
    if (std::ranges::binary_search(voters, node->id) && node->disk.holds(position)) {
      ++holders;
    }
  }
  return holders >= quorum::majority(voters.size());
}

bool quorum_holds(const Nodes& nodes, const Configuration& configuration, LogPosition position) {
  return majority_holds(nodes, configuration.voters, position) &&
         (!configuration.joint() || majority_holds(nodes, configuration.old_voters, position));
}

const Node* find(const Nodes& nodes, NodeId id) {
  const auto found = std::ranges::find_if(nodes, [id](const auto& node) { return node->id == id; });
  return found == nodes.end() ? nullptr : &**found;
}

}  // namespace

// ---- After a step

Checker::Verdict Checker::stepped(const Nodes& nodes, const Node& node, const Position& before,
                                  const Output& output) {
  const Position after = node.raft->at();
  count(before, after, output);
  const bool leads = after.role == Role::kLeader;
  if (leads && (before.role != Role::kLeader || before.term != after.term)) {
    if (auto broken = new_leader(node, after)) {
      return broken;
    }
  }
  if (auto broken = new_entries(node, output.persist.entries)) {
    return broken;
  }
  if (after.committed > before.committed) {
    if (auto broken = new_commits(nodes, node, before, after)) {
      return broken;
    }
  }
  for (const Answer& answer : output.answers) {
    if (auto broken = answered(node, answer)) {
      return broken;
    }
  }
  return std::nullopt;
}

Checker::Verdict Checker::new_leader(const Node& node, const Position& after) {
  const auto at = std::ranges::lower_bound(leaders_, after.term, {}, &Led::term);
  if (at != leaders_.end() && at->term == after.term) {
    if (at->node == node.id) {
      return "Election Safety: " + name(node.id) + " became leader twice in " + text(after.term);
    }
    return "Election Safety: " + name(at->node) + " and " + name(node.id) + " both led " +
           text(after.term);
  }
  leaders_.insert(at, {after.term, node.id});
  // What later leaders have committed, this one (whose votes may be old) need not hold.
  std::size_t held = committed_.size();
  while (held > 0 && committed_[held - 1].by >= after.term) {
    --held;
  }
  const Index last = committed_base_ + held;
  if (last > after.last.index ||
      (held > 0 && last >= after.base && node.raft->term_at(last) != committed_[held - 1].term)) {
    return "Leader Completeness: " + name(node.id) + " leads " + text(after.term) + " without " +
           text(last) + ", which was committed";
  }
  return std::nullopt;
}

Checker::Verdict Checker::new_entries(const Node& node, const std::vector<Entry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    const auto previous =
        i > 0 ? std::optional{entries[i - 1].term} : node.raft->term_at(entry.index.previous());
    const Known now{entry.position(), previous.value_or(Term{}), content_of(entry)};
    const auto order = [](const LogPosition& a, const LogPosition& b) {
      return std::tie(a.index, a.term) < std::tie(b.index, b.term);
    };
    const auto at = std::ranges::lower_bound(known_, now.position, order, &Known::position);
    if (at == known_.end() || at->position != now.position) {
      known_.insert(at, now);
    } else if (at->content != now.content) {
      return "Log Matching: " + name(node.id) + " holds another entry at " +
             describe(now.position) + " than a node before it";
    } else if (previous && at->previous != now.previous) {
      return "Log Matching: at " + name(node.id) + " the entry " + describe(now.position) +
             " follows " + text(now.previous) + ", elsewhere " + text(at->previous);
    }
  }
  return std::nullopt;
}

Checker::Verdict Checker::new_commits(const Nodes& nodes, const Node& node, const Position& before,
                                      const Position& after) {
  // A leader that learns in this step of a newer one commits as its follower.
  const bool led = before.role == Role::kLeader && after.term <= before.term;
  for (Index index = std::max(before.committed.next(), after.base); index <= after.committed;
       index = index.next()) {
    const auto term = node.raft->term_at(index);
    if (index <= committed_base_ || !term) {
      continue;
    }
    if (const Committed* known = committed_at(index)) {
      if (known->term != *term) {
        return "State Machine Safety: " + name(node.id) + " committed " +
               describe(LogPosition{index, *term}) + ", another node committed " +
               describe(LogPosition{index, known->term});
      }
      continue;
    }
    if (!led && after.role != Role::kLeader) {
      return "Commit: " + name(node.id) + ", no leader, committed " + text(index) +
             " before any leader did";
    }
    if (index != committed().next()) {
      return "Commit: " + name(node.id) + " committed " + text(index) + " and left out " +
             text(committed().next());
    }
    committed_.push_back({*term, std::max(before.term, Term{1}), 0});
  }
  return led ? commits_by_leader(nodes, node, before, after.committed) : std::nullopt;
}

// 5.4.2: only an entry of the leader's own term commits by counting, and 5.3: by being on the disks
// of a majority (4.3 of the dissertation: of both majorities). A step may have put the final
// configuration after a joint one into effect, and may then count by either.
Checker::Verdict Checker::commits_by_leader(const Nodes& nodes, const Node& node,
                                            const Position& before, Index index) const {
  const auto term = node.raft->term_at(index);
  if (term && *term != before.term) {
    return "Commit (5.4.2): " + name(node.id) + ", leader of " + text(before.term) +
           ", committed up to " + describe(LogPosition{index, *term}) +
           ", which is of another term";
  }
  const LogPosition position{index, term.value_or(before.term)};
  if (!quorum_holds(nodes, node.configuration, position) &&
      !quorum_holds(nodes, node.raft->configuration(), position)) {
    return "Commit: " + name(node.id) + " committed " + describe(position) +
           ", which no quorum of " + describe(node.raft->configuration()) + " has on disk";
  }
  return std::nullopt;
}

// ---- Requests and answers

void Checker::asked(NodeId node, RequestId id) {
  ++counters_.requests;
  requests_.push_back({id, node, false, false, {}});
}

void Checker::asked_to_read(NodeId node, RequestId id, bool lease) {
  ++counters_.requests;
  requests_.push_back({id, node, true, lease, committed()});
}

void Checker::rejected(RequestId id) {
  const auto found = std::ranges::find(requests_, id, &Request::id);
  if (found != requests_.end()) {
    requests_.erase(found);
  }
}

Checker::Verdict Checker::answered(const Node& node, const Answer& answer) {
  const auto found = std::ranges::find_if(requests_, [&](const Request& request) {
    return request.id == answer.id && request.node == node.id;
  });
  const std::string who = name(node.id) + " answered request " + std::to_string(answer.id.value());
  if (found == requests_.end()) {
    return "Answers: " + who + " a second time, or nobody had asked";
  }
  const Request request = *found;
  requests_.erase(found);
  if (const auto* appended = std::get_if<Appended>(&answer.outcome)) {
    ++counters_.appended;
    if (node.raft->term_at(appended->position.index) != appended->position.term) {
      return "Answers: " + who + " with " + describe(appended->position) +
             ", which is not in its log";
    }
  } else if (const auto* ready = std::get_if<ReadReady>(&answer.outcome)) {
    const bool stale = ready->index < request.fresh;
    ++(request.lease ? counters_.lease_reads_ready : counters_.reads_ready);
    counters_.lease_reads_stale += request.lease && stale ? 1 : 0;
    if (stale && !request.lease) {
      return "Fresh reads: " + who + " with " + text(ready->index) + ", but " +
             text(request.fresh) + " was committed before the read began";
    }
    if (ready->index > committed()) {
      return "Fresh reads: " + who + " with " + text(ready->index) + ", which nobody committed";
    }
  } else if (const auto* refused = std::get_if<Refused>(&answer.outcome)) {
    ++counters_.refused[static_cast<std::size_t>(refused->why)];
  } else {
    ++counters_.handed_over;
  }
  return std::nullopt;
}

Checker::Verdict Checker::stopped(NodeId node) const {
  const auto found = std::ranges::find(requests_, node, &Request::node);
  if (found == requests_.end()) {
    return std::nullopt;
  }
  return "Answers: " + name(node) + " stopped, and request " + std::to_string(found->id.value()) +
         " was not answered";
}

void Checker::crashed(NodeId node) {
  ++counters_.crashes;
  counters_.unanswered +=
      std::erase_if(requests_, [node](const Request& request) { return request.node == node; });
}

// ---- Messages

Checker::Verdict Checker::leaves(const Nodes& nodes, const Node& node, const Message& message) {
  ++counters_.messages;
  const std::string what = "Durability: " + name(node.id) + " sends " + describe(message);
  if (std::holds_alternative<PreVote>(message.body)) {
    return std::nullopt;
  }
  if (message.term > node.disk.hard_state.term) {
    return what + " in " + text(message.term) + ", but on its disk is " +
           describe(node.disk.hard_state);
  }
  const auto* vote = std::get_if<VoteAnswer>(&message.body);
  if (vote != nullptr && vote->granted) {
    return vote_leaves(node.id, message.term, message.to);
  }
  if (std::holds_alternative<RequestVote>(message.body)) {
    return vote_leaves(node.id, message.term, node.id);
  }
  if (const auto* accepted = std::get_if<AppendAccepted>(&message.body)) {
    return acknowledgement_leaves(nodes, node, message, accepted->match);
  }
  if (const auto* installed = std::get_if<SnapshotAccepted>(&message.body)) {
    return acknowledgement_leaves(nodes, node, message, installed->match);
  }
  return std::nullopt;
}

Checker::Verdict Checker::vote_leaves(NodeId voter, Term term, NodeId candidate) {
  const auto at = std::ranges::lower_bound(votes_, voter, {}, &Vote::voter);
  if (at == votes_.end() || at->voter != voter) {
    votes_.insert(at, {voter, {term, candidate}});
  } else if (at->given.term == term && at->given.vote != candidate) {
    return "Election Safety: " + name(voter) + " voted for " + name(at->given.vote) + " and for " +
           name(candidate) + " in " + text(term);
  } else if (at->given.term < term) {
    at->given = {term, candidate};
  }
  return std::nullopt;
}

Checker::Verdict Checker::acknowledgement_leaves(const Nodes& nodes, const Node& node,
                                                 const Message& message, Index match) const {
  const std::string what = "Durability: " + name(node.id) + " sends " + describe(message);
  const auto on_disk = node.disk.term_at(match);
  if (match > node.disk.last()) {
    return what + ", but its disk ends at " + text(node.disk.last());
  }
  const Node* leader = find(nodes, message.to);
  if (leader == nullptr || !leader->up() || !on_disk) {
    return std::nullopt;
  }
  const Position at = leader->raft->at();
  const auto there = leader->raft->term_at(match);
  if (at.role == Role::kLeader && at.term == message.term && there && *there != *on_disk) {
    return what + ", but on its disk that entry is of " + text(*on_disk) + ", at the leader of " +
           text(*there);
  }
  return std::nullopt;
}

// ---- State machines

Checker::Verdict Checker::applied(const Node& node) {
  const LogPosition at = node.machine.applied;
  if (at.index <= committed_base_) {
    return std::nullopt;
  }
  if (at.index > committed()) {
    return "State Machine Safety: " + name(node.id) + " applied " + describe(at) +
           ", which nobody committed";
  }
  Committed& known = committed_[at.index - committed_base_.next()];
  if (known.term != at.term) {
    return "State Machine Safety: " + name(node.id) + " applied " + describe(at) +
           ", committed is " + describe(LogPosition{at.index, known.term});
  }
  if (known.digest != 0 && known.digest != node.machine.digest) {
    return "State Machine Safety: the state of " + name(node.id) + " after " + describe(at) +
           " differs from another node's";
  }
  known.digest = node.machine.digest;
  return std::nullopt;
}

// ---- What is remembered

const Checker::Committed* Checker::committed_at(Index index) const {
  if (index <= committed_base_ || index > committed()) {
    return nullptr;
  }
  return &committed_[index - committed_base_.next()];
}

NodeId Checker::leader_of(Term term) const {
  const auto at = std::ranges::lower_bound(leaders_, term, {}, &Led::term);
  return at != leaders_.end() && at->term == term ? at->node : kNobody;
}

void Checker::forget(Index upto) {
  upto = std::min(upto, committed());
  if (upto <= committed_base_) {
    return;
  }
  const std::uint64_t count = upto - committed_base_;
  committed_.erase(committed_.begin(), committed_.begin() + static_cast<std::ptrdiff_t>(count));
  committed_base_ = upto;
  std::erase_if(known_, [upto](const Known& known) { return known.position.index <= upto; });
}

void Checker::count(const Position& before, const Position& after, const Output& output) {
  for (const Happened what : output.happened) {
    counters_.elections += what == Happened::kBecameLeader ? 1 : 0;
    counters_.step_downs += what == Happened::kSteppedDownNoQuorum ||
                                    what == Happened::kSteppedDownSlowDisk ||
                                    what == Happened::kSteppedDownRemoved
                                ? 1
                                : 0;
    counters_.truncations += what == Happened::kTruncated ? 1 : 0;
    counters_.snapshot_installs += what == Happened::kSnapshotInstalled ? 1 : 0;
    counters_.removals += what == Happened::kRemoved ? 1 : 0;
  }
  const bool entered = after.joint && !before.joint && after.role == Role::kLeader;
  counters_.joint_configurations += entered ? 1 : 0;
}

// Terms below every disk's can have neither a new leader nor a new vote nor a new entry: what is
// remembered of them decides nothing any more.
void Checker::fingerprint(Fingerprint& into, const Nodes& nodes) const {
  Term lowest{~std::uint64_t{0}};
  for (const auto& node : nodes) {
    lowest = std::min(lowest, node->disk.hard_state.term);
  }
  for (const Led& led : leaders_) {
    if (led.term >= lowest) {
      into.add(led.term);
      into.add(led.node);
    }
  }
  for (const Known& known : known_) {
    if (known.position.term >= lowest) {
      add(into, known.position);
      into.add(known.previous);
      into.add(known.content);
    }
  }
  into.add(committed_base_);
  for (const Committed& committed : committed_) {
    into.add(committed.term);
    into.add(std::max(committed.by, lowest));
  }
  for (const Vote& vote : votes_) {
    if (vote.given.term >= lowest) {
      into.add(vote.voter);
      into.add(vote.given.term);
      into.add(vote.given.vote);
    }
  }
  for (const Request& request : requests_) {
    into.add(request.id);
    into.add(request.node);
    into.add(request.fresh);
  }
}

}  // namespace quorate::sim
