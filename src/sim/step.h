// Step: one thing that can happen to a simulated cluster, as a value with a text form. Transcripts
// are written in it, the explorer's counterexamples and the simulator's shrunk traces are printed
// in it, and all of them replay.
//
//   deliver 1->2 append          the oldest append in flight from 1 to 2; `*` stands for anyone
//   deliver 1->2 append x9f3a    the one with this fingerprint (see Pick)
//   duplicate 1->2, drop 1->2    delivered and still in flight; lost
//   tick 1                       the clock of 1 jumps to the time at which it wants to be woken
//   advance 1 300ms              300 ms pass at 1 (`all`: at every node), woken as often as it asks
//   persist 1, apply 1           its oldest write is durable; its oldest batch is applied
//   fetch 1, fetch 1 fails       its oldest request for entries is answered from disk; is not
//   crash 1, crash 1 keep=2      memory is lost, and every write but the oldest 2
//   restart 1, restart 1 fenced  from what the disk holds; with rot that is still to be repaired
//   propose 1 x                  client requests; `id=7` names one (0, or absent: not named yet),
//   read 1, read 1 lease         `bytes=300` fills a payload up with dots
//   change 1 {1,2,3}+{4}
//   transfer 1->2
//   snapshot 1                   the state machine's state becomes a durable snapshot
//   snapshot-failed 1->2         1 is told that its snapshot did not reach 2
//   unreachable 1->2             1 is told that what it sent to 2 is lost
//   campaign 1, wake 1, unfence 1, stop 1
//
// `@1500 tick 1` sets the node's clock to 1500 microseconds first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "model/configuration.h"
#include "quorate/types.h"

namespace quorate::sim {

// Names a message in flight: the oldest from `from` to `to` (kNobody: anyone) of this kind (empty:
// any kind), and, where `print` is not 0, with this fingerprint: InFlight::print, of all its
// content, or InFlight::name, without the numbers that shift when an earlier message is left out.
struct Pick {
  NodeId from;
  NodeId to;
  std::string kind;
  std::uint64_t print = 0;
  friend bool operator==(const Pick&, const Pick&) = default;
};

struct Deliver {
  Pick pick;
  friend bool operator==(const Deliver&, const Deliver&) = default;
};
struct Duplicate {
  Pick pick;
  friend bool operator==(const Duplicate&, const Duplicate&) = default;
};
struct Drop {
  Pick pick;
  friend bool operator==(const Drop&, const Drop&) = default;
};
struct TickNode {
  NodeId node;
  friend bool operator==(const TickNode&, const TickNode&) = default;
};
// kNobody: every node that is up, one after the other.
struct Advance {
  NodeId node;
  Duration by{};
  friend bool operator==(const Advance&, const Advance&) = default;
};
struct FinishWrite {
  NodeId node;
  friend bool operator==(const FinishWrite&, const FinishWrite&) = default;
};
struct FinishApply {
  NodeId node;
  friend bool operator==(const FinishApply&, const FinishApply&) = default;
};
struct FinishRead {
  NodeId node;
  bool fails = false;
  friend bool operator==(const FinishRead&, const FinishRead&) = default;
};
struct Crash {
  NodeId node;
  std::uint32_t writes_kept = 0;
  friend bool operator==(const Crash&, const Crash&) = default;
};
struct Restart {
  NodeId node;
  bool fenced = false;
  friend bool operator==(const Restart&, const Restart&) = default;
};
struct ProposeAt {
  NodeId node;
  RequestId id;
  std::string payload;
  friend bool operator==(const ProposeAt&, const ProposeAt&) = default;
};
struct ReadAt {
  NodeId node;
  RequestId id;
  bool lease = false;
  friend bool operator==(const ReadAt&, const ReadAt&) = default;
};
struct ChangeAt {
  NodeId node;
  RequestId id;
  Configuration target;
  friend bool operator==(const ChangeAt&, const ChangeAt&) = default;
};
struct TransferAt {
  NodeId node;
  RequestId id;
  NodeId target;
  friend bool operator==(const TransferAt&, const TransferAt&) = default;
};
struct SnapshotAt {
  NodeId node;
  friend bool operator==(const SnapshotAt&, const SnapshotAt&) = default;
};
struct CampaignAt {
  NodeId node;
  friend bool operator==(const CampaignAt&, const CampaignAt&) = default;
};
struct UnreachableAt {
  NodeId node;
  NodeId peer;
  friend bool operator==(const UnreachableAt&, const UnreachableAt&) = default;
};
struct WakeAt {
  NodeId node;
  friend bool operator==(const WakeAt&, const WakeAt&) = default;
};
struct StopAt {
  NodeId node;
  friend bool operator==(const StopAt&, const StopAt&) = default;
};
struct SnapshotFailedAt {
  NodeId node;
  NodeId peer;
  friend bool operator==(const SnapshotFailedAt&, const SnapshotFailedAt&) = default;
};
struct UnfenceAt {
  NodeId node;
  friend bool operator==(const UnfenceAt&, const UnfenceAt&) = default;
};

using Action =
    std::variant<Deliver, Duplicate, Drop, TickNode, Advance, FinishWrite, FinishApply, FinishRead,
                 Crash, Restart, ProposeAt, ReadAt, ChangeAt, TransferAt, SnapshotAt, CampaignAt,
                 UnreachableAt, WakeAt, StopAt, SnapshotFailedAt, UnfenceAt>;

struct Step {
  // The node's clock is set to this before the action, if it is later than what it reads. Absent:
  // it stands still.
  std::optional<Instant> at;
  Action action;
  friend bool operator==(const Step&, const Step&) = default;
};

// One line, no newline. What it prints, parse_step reads back as the same value.
std::string to_text(const Step& step);
// Fails with a message that names the word which is wrong, and what was expected.
Result<Step> parse_step(std::string_view line);

// `300ms`, `2s`, `1500us`.
std::string to_text(Duration duration);
Result<Duration> parse_duration(std::string_view text);
// `{1,2,3}`, `{1,2}+{7}`: simple configurations, as describe() prints them.
Result<Configuration> parse_configuration(std::string_view text);
// `7` (and no sign, space or letter).
std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace quorate::sim
