// Where a member stands: small values, to be looked at, compared and printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate {

enum class Role : std::uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };
const char* describe(Role role);

// The part that invariants and traces compare before and after each step: no allocation.
struct Position {
  NodeId id;
  Role role = Role::kFollower;
  Term term;
  NodeId vote;
  NodeId leader;  // kNobody when unknown
  Index base;
  Index snapshot;
  Index applied;
  Index committed;
  Index stable;
  LogPosition last;
  Index configuration_index;
  bool joint = false;
  bool asleep = false;
  bool removed = false;
  bool fenced = false;
  bool restoring = false;
  bool stopped = false;
  HardState durable;  // the hard state that is on disk

  bool operator==(const Position&) const = default;
};

enum class Pace : std::uint8_t { kProbe, kReplicate, kSnapshot };
const char* describe(Pace pace);

struct PeerStatus {
  NodeId id;
  Pace pace = Pace::kProbe;
  Index match;
  Index next;
  std::size_t inflight = 0;
  bool voter = false;
};

struct Status {
  Position at;
  Configuration configuration;
  std::vector<PeerStatus> peers;  // a leader's view; empty otherwise
  std::size_t pending_reads = 0;
  std::size_t pending_writes = 0;  // outstanding tickets
  std::uint64_t uncommitted_bytes = 0;
  bool transferring = false;
};

std::string describe(const Position& position);  // `n1 leader t4 log=3..9 commit=7 applied=7`
std::string describe(const Status& status);

}  // namespace quorate
