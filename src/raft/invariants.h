// What must hold of one member between any two steps. Run after every step of every test and
// simulation.
#pragma once

#include <optional>
#include <string>

#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

// Nothing where all is well; else which rule is broken, with the values.
std::optional<std::string> check_invariants(const Position& before, const Position& after);

// A message may leave the node only if its disk holds what the message claims: the term, the vote,
// the entries.
std::optional<std::string> check_may_leave(const Position& at, const Message& message);

}  // namespace quorate
