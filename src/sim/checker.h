// Checker: the safety properties of a whole cluster (Raft paper, Figure 3), watched from outside,
// on every step.
//
//   Election Safety       one leader a term, and one vote of a node in it, also across its restarts
//   Log Matching          one entry for each (index, term), and one predecessor
//   Leader Append-Only    (raft/invariants.h, which looks at one node)
//   Leader Completeness   a new leader holds everything that leaders of earlier terms committed
//   State Machine Safety  one entry committed at each index, one state after each applied one
//   Commit                a leader counts entries of its own term (5.4.2), and a majority of its
//                         configuration has them on disk
//   Durability            nothing leaves a node that its disk does not hold: term, vote, entries
//   Fresh reads           a linearizable read's index is at least what was committed anywhere when
//                         it began, which includes all that was ever acknowledged to a client
//   Answers               every request gets exactly one
//
// A lease read is fresh only as far as clocks keep their bound, which the checker does not know:
// a stale one is counted, and whoever moves the clocks judges it.
//
// What it remembers beyond the present state is in the fingerprint as far as it can decide a later
// verdict. No check costs more than what changed in the step.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fingerprint.h"
#include "raft/output.h"
#include "raft/status.h"
#include "sim/cow.h"
#include "sim/node.h"

namespace quorate::sim {

using Nodes = std::vector<Cow<Node>>;

// What happened so far, for judging whether a run has tested anything.
struct Counters {
  std::uint64_t elections = 0;   // leaders that arose
  std::uint64_t step_downs = 0;  // leadership given up within the term
  std::uint64_t truncations = 0;
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshot_installs = 0;
  std::uint64_t joint_configurations = 0;  // entered by a leader
  std::uint64_t removals = 0;
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t messages = 0;
  std::uint64_t requests = 0;
  std::uint64_t appended = 0;
  std::uint64_t reads_ready = 0;
  std::uint64_t lease_reads_ready = 0;
  std::uint64_t lease_reads_stale = 0;
  std::uint64_t handed_over = 0;
  std::array<std::uint64_t, 16> refused{};  // by Refusal
  std::uint64_t unanswered = 0;             // requests lost in a crash

  [[nodiscard]] std::uint64_t refusals(Refusal why) const {
    return refused[static_cast<std::size_t>(why)];
  }
};

class Checker {
 public:
  // Nothing, or which property is broken, with the values.
  using Verdict = std::optional<std::string>;

  // ---- What the stage tells

  // A step of `node` is over: it stood at `before`, and gave `output`.
  Verdict stepped(const Nodes& nodes, const Node& node, const Position& before,
                  const Output& output);
  // `message` is about to leave `node`.
  Verdict leaves(const Nodes& nodes, const Node& node, const Message& message);
  // The state machine of `node` has moved on to where it is now.
  Verdict applied(const Node& node);
  // A client asks something of `node`. A read is `lease` where it may be answered from a lease.
  void asked(NodeId node, RequestId id);
  void asked_to_read(NodeId node, RequestId id, bool lease);
  // The core refused the request as malformed: that was its one answer.
  void rejected(RequestId id);
  // The node was told to stop: nothing may be left unanswered.
  Verdict stopped(NodeId node) const;
  void crashed(NodeId node);
  void restarted() { ++counters_.restarts; }
  void took_snapshot() { ++counters_.snapshots_taken; }
  // No disk holds entries up to here any more.
  void forget(Index upto);

  // ---- What it knows

  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Index committed() const { return committed_base_ + committed_.size(); }
  // Who led that term; kNobody when nobody has.
  [[nodiscard]] NodeId leader_of(Term term) const;
  [[nodiscard]] std::size_t unanswered() const { return requests_.size(); }
  void fingerprint(Fingerprint& into, const Nodes& nodes) const;

 private:
  struct Led {
    Term term;
    NodeId node;
  };
  struct Known {  // an entry that some log held
    LogPosition position;
    Term previous;
    std::uint64_t content = 0;
  };
  struct Committed {
    Term term;
    Term by;                   // the term of the leader that committed it first
    std::uint64_t digest = 0;  // of the state after it; 0 until one machine got there
  };
  struct Vote {
    NodeId voter;
    HardState given;
  };
  struct Request {
    RequestId id;
    NodeId node;
    bool read = false;
    bool lease = false;
    Index fresh;  // of a read: what its answer must include
  };

  Verdict new_leader(const Node& node, const Position& after);
  Verdict new_entries(const Node& node, const std::vector<Entry>& entries);
  Verdict new_commits(const Nodes& nodes, const Node& node, const Position& before,
                      const Position& after);
  Verdict commits_by_leader(const Nodes& nodes, const Node& node, const Position& before,
                            Index index) const;
  Verdict vote_leaves(NodeId voter, Term term, NodeId candidate);
  Verdict acknowledgement_leaves(const Nodes& nodes, const Node& node, const Message& message,
                                 Index match) const;
  Verdict answered(const Node& node, const Answer& answer);
  void count(const Position& before, const Position& after, const Output& output);
  [[nodiscard]] const Committed* committed_at(Index index) const;

  std::vector<Led> leaders_;          // by term
  std::vector<Known> known_;          // by index, then term
  std::vector<Committed> committed_;  // from committed_base_ + 1 on
  Index committed_base_;
  std::vector<Vote> votes_;        // the latest that left each node, by node
  std::vector<Request> requests_;  // not answered yet, oldest first
  Counters counters_;
};

}  // namespace quorate::sim
