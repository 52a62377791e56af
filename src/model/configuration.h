// Who takes part: a configuration of a group, simple or joint.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate {

// Voters decide by majority; while `old_voters` is not empty the configuration is joint, and every
// decision needs a majority of both (dissertation 4.3). Learners receive the log and count for
// nothing. A node may be an old voter and a learner at once: it is being demoted. All three are
// sorted and without repetition.
struct Configuration {
  std::vector<NodeId> voters;
  std::vector<NodeId> old_voters;
  std::vector<NodeId> learners;
  // The application's and the runtime's own: addresses, incarnations. Opaque here, replicated with
  // the rest.
  Bytes context;

  [[nodiscard]] bool joint() const { return !old_voters.empty(); }
  [[nodiscard]] bool is_voter(NodeId id) const;
  [[nodiscard]] bool contains(NodeId id) const;
  // Everyone in it, sorted, each once.
  [[nodiscard]] std::vector<NodeId> members() const;
  // The configuration that follows a joint one: the same without the old voters.
  [[nodiscard]] Configuration final_form() const;
  // Not empty, sorted, nobody named twice or nobody's name: else an error that names the field.
  [[nodiscard]] Result<void> validate() const;

  // The payload of a configuration entry. Layout: version 1, then per list a count and the ids as
  // varints, then the context's length and bytes.
  [[nodiscard]] Bytes encode() const;
  static Result<Configuration> decode(const Bytes& bytes);

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

// The state after everything up to `last` was applied: what a snapshot stands for. The bytes are
// the runtime's.
struct SnapshotMeta {
  LogPosition last;
  Configuration configuration;  // the latest at or below last.index
  Index configuration_index;    // the index of its entry

  friend bool operator==(const SnapshotMeta&, const SnapshotMeta&) = default;
};

// What must be durable before anything is said in a term (5.1, Figure 2): the term and the vote
// given in it.
struct HardState {
  Term term;
  NodeId vote;

  friend bool operator==(const HardState&, const HardState&) = default;
};

std::string describe(const Configuration& configuration);  // `{1,2,3}`, `{1,2,3}->{3,4,5}`,
                                                           // `{1,2}+{7}` with learners
std::string describe(const SnapshotMeta& meta);
std::string describe(const HardState& state);

}  // namespace quorate
