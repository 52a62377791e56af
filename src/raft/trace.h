// Trace: what a step did, as one aligned line an event, for people, and as one JSON object a line,
// for tools. Made from outside, out of the member's position before and after, the event and the
// output: the core never prints.
#pragma once

#include <string>
#include <vector>

#include "raft/event.h"
#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

enum class TraceFormat : std::uint8_t { kText, kJson };

// The lines for one step (and the flush after it): the event, what happened inside, what it sends,
// writes, answers and hands to its state machine. `[n1 leader    t4] append -> n2 prev=7/3
// entries=2 commit=6`
std::vector<std::string> trace(TraceFormat format, Instant now, const Position& before,
                               const Position& after, const Event& event, const Output& output);

}  // namespace quorate
