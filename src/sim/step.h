// Step: one thing that can happen to a simulated cluster, as a value with a text form. Transcripts are written in
// it, the explorer's counterexamples and the simulator's shrunk traces are printed in it, and all of them replay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/configuration.h"
#include "quorate/types.h"

namespace quorate::sim {

// Names a message in flight: the oldest from `from` to `to` (kNobody: anyone) of this kind (empty: any kind), and,
// where `print` is not 0, with this fingerprint of its content. Naming by content survives the removal of other
// steps, which is what shrinking lives on.
struct Pick {
  NodeId from;
  NodeId to;
  std::string kind;
  std::uint64_t print = 0;
};

struct Deliver { Pick pick; };            // `deliver 1->2 append`, `deliver 1->2 append x9f3a21bc00d1e2f3`
struct Duplicate { Pick pick; };          // delivered, and still in flight
struct Drop { Pick pick; };
struct TickNode { NodeId node; };         // `tick 1`: the node's clock jumps to its wake_at (with Step::at: to that time)
struct Advance { NodeId node; Duration by{}; };  // `advance 1 300ms`; node kNobody: all nodes, one after the other
struct FinishWrite { NodeId node; };      // the oldest outstanding write becomes durable
struct FinishApply { NodeId node; };      // the oldest batch handed out is applied (or the restore done)
struct FinishRead { NodeId node; bool fails = false; };  // the oldest ReadEntries is answered from disk
struct Crash { NodeId node; std::uint32_t writes_kept = 0; };  // loses memory and outstanding writes but the oldest k
struct Restart { NodeId node; };
struct ProposeAt { NodeId node; RequestId id; std::string payload; };
struct ReadAt { NodeId node; RequestId id; bool lease = false; };
struct ChangeAt { NodeId node; RequestId id; Configuration target; };
struct TransferAt { NodeId node; RequestId id; NodeId target; };
struct SnapshotAt { NodeId node; };       // the machine's state at its applied index becomes a durable snapshot
struct CampaignAt { NodeId node; };
struct UnreachableAt { NodeId node; NodeId peer; };
struct WakeAt { NodeId node; };
struct StopAt { NodeId node; };

using Action = std::variant<Deliver, Duplicate, Drop, TickNode, Advance, FinishWrite, FinishApply, FinishRead, Crash, Restart,
                            ProposeAt, ReadAt, ChangeAt, TransferAt, SnapshotAt, CampaignAt, UnreachableAt, WakeAt, StopAt>;

struct Step {
  // The node's clock is set to this before the action, if it is later than what it reads. Absent: it stands still.
  std::optional<Instant> at;
  Action action;
};

std::string to_text(const Step& step);                  // one line, no newline: `@12345 deliver 1->2 append`
Result<Step> parse_step(std::string_view line);

}  // namespace quorate::sim
