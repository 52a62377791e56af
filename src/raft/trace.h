// Trace: what a step did, as aligned lines for people, and as one JSON object a line, for tools.
// Made from outside, out of the member's position before and after, the event and the output: the
// core never prints.
//
//   [n1 leader        t4] <- append-accepted from=n2 match=9 round=3
//   [n1 leader        t4]   commit index=9
//   [n1 leader        t4]   append -> n2 prev=9/4 entries=0 commit=9 round=4
//   [n1 leader        t4]   apply entries=8/4..9/4
//
// The first line is the event, in the role and term in which it arrived; what it led to follows,
// indented, in the role and term after it. A message's own term is shown where it is another than
// the node's. A message with `after_write` leaves when that write is
// durable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raft/event.h"
#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

enum class TraceFormat : std::uint8_t { kText, kJson };

// The lines for one step and the flush after it. As JSON, each line holds `at` (microseconds),
// `node`, `role`, `in_term`, `kind` (event, received, happened, commit, writes, sends, applies,
// reads, answers), `name`, and the fields that the text shows.
std::vector<std::string> trace(TraceFormat format, Instant now, const Position& before,
                               const Position& after, const Event& event, const Output& output);

// A line of whoever drives the core, about this node: `[n2 follower t4] * crashed`. Without a
// position the node is down.
std::string trace_note(TraceFormat format, Instant now, NodeId node,
                       const std::optional<Position>& at, const std::string& what);

}  // namespace quorate
