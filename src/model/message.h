// The messages of the protocol: one type each, with only the fields that it means.
//
// Every message travels in an envelope with sender, addressee and the sender's term. A request gets
// exactly one answer, a refusal counts; a notice gets none. Each type names itself (kName) and
// shows its fields once, to `fields`; printing, JSON and fingerprints all come from there.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate {

enum class MessageClass : std::uint8_t { kRequest, kAnswer, kNotice };

// Dissertation 9.6: would you vote for me in `candidate_term`? Changes nothing at either side.
// `attempt` tells the answers to one round of asking from those to the rounds before it.
struct PreVote {
  static constexpr std::string_view kName = "pre-vote";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  Term candidate_term;
  LogPosition last;
  std::uint64_t attempt = 0;
  void fields(auto&& show) const {
    show("candidate_term", candidate_term), show("last", last), show("attempt", attempt);
  }
  friend bool operator==(const PreVote&, const PreVote&) = default;
};

struct PreVoteAnswer {
  static constexpr std::string_view kName = "pre-vote-answer";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  Term candidate_term;
  std::uint64_t attempt = 0;
  bool granted = false;
  void fields(auto&& show) const {
    show("granted", granted), show("candidate_term", candidate_term), show("attempt", attempt);
  }
  friend bool operator==(const PreVoteAnswer&, const PreVoteAnswer&) = default;
};

// 5.2. The term asked for is the envelope's. `handover`: the leader itself asked this node to
// campaign (3.10), so a live leader is no reason to refuse.
struct RequestVote {
  static constexpr std::string_view kName = "request-vote";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  LogPosition last;
  bool handover = false;
  void fields(auto&& show) const { show("last", last), show("handover", handover); }
  friend bool operator==(const RequestVote&, const RequestVote&) = default;
};

struct VoteAnswer {
  static constexpr std::string_view kName = "vote-answer";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  bool granted = false;
  void fields(auto&& show) const { show("granted", granted); }
  friend bool operator==(const VoteAnswer&, const VoteAnswer&) = default;
};

// 5.3. Entries that follow `prev`, possibly none (a probe).
struct Append {
  static constexpr std::string_view kName = "append";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  LogPosition prev;
  Index commit;
  Round round;
  std::vector<Entry> entries;
  void fields(auto&& show) const {
    show("prev", prev), show("entries", entries), show("commit", commit), show("round", round);
  }
  friend bool operator==(const Append&, const Append&) = default;
};

// Everything up to `match` equals the leader's log and is durable here.
struct AppendAccepted {
  static constexpr std::string_view kName = "append-accepted";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  Index match;
  Round round;
  void fields(auto&& show) const { show("match", match), show("round", round); }
  friend bool operator==(const AppendAccepted&, const AppendAccepted&) = default;
};

// Nothing here matches `prev`. Where this log agrees with the leader's can be read off its runs:
// they describe it from `last` downwards, newest first, so that any number of conflicting entries
// costs one round trip, and more than kMaxRuns conflicting terms a few.
struct AppendRejected {
  static constexpr std::string_view kName = "append-rejected";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  static constexpr std::size_t kMaxRuns = 64;
  Index prev;  // as in the request
  Index last;  // min(prev, the last index here)
  std::vector<TermRun> runs;
  Round round;
  void fields(auto&& show) const {
    show("prev", prev), show("last", last), show("runs", runs), show("round", round);
  }
  friend bool operator==(const AppendRejected&, const AppendRejected&) = default;
};

// The leader lives; and where nothing is in flight, how much is committed.
struct Heartbeat {
  static constexpr std::string_view kName = "heartbeat";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  Index commit;  // never past what the addressee is known to hold
  Round round;
  void fields(auto&& show) const { show("commit", commit), show("round", round); }
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

struct HeartbeatAnswer {
  static constexpr std::string_view kName = "heartbeat-answer";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  Round round;
  void fields(auto&& show) const { show("round", round); }
  friend bool operator==(const HeartbeatAnswer&, const HeartbeatAnswer&) = default;
};

// Section 7. The core sends the metadata; the transport brings the files first and hands this over
// when they are complete, verified and durable beside the node's own.
struct InstallSnapshot {
  static constexpr std::string_view kName = "install-snapshot";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  SnapshotMeta snapshot;
  Round round;
  void fields(auto&& show) const { show("snapshot", snapshot), show("round", round); }
  friend bool operator==(const InstallSnapshot&, const InstallSnapshot&) = default;
};

// The snapshot is installed, or was not needed: everything up to `match` is here and durable.
struct SnapshotAccepted {
  static constexpr std::string_view kName = "snapshot-accepted";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  Index match;
  Round round;
  void fields(auto&& show) const { show("match", match), show("round", round); }
  friend bool operator==(const SnapshotAccepted&, const SnapshotAccepted&) = default;
};

// A request of an older term: the envelope carries the newer one, which is all that the sender
// needs to know.
struct StaleTerm {
  static constexpr std::string_view kName = "stale-term";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  void fields(auto&&) const {}
  friend bool operator==(const StaleTerm&, const StaleTerm&) = default;
};

// The node cannot take this request now (it is installing a snapshot, say). Ask again later.
struct TryLater {
  static constexpr std::string_view kName = "try-later";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  Round round;
  void fields(auto&& show) const { show("round", round); }
  friend bool operator==(const TryLater&, const TryLater&) = default;
};

// 3.10: campaign now, without waiting and without asking first.
struct TimeoutNow {
  static constexpr std::string_view kName = "timeout-now";
  static constexpr MessageClass kClass = MessageClass::kNotice;
  void fields(auto&&) const {}
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

// A follower's batch of reads, named by the boot that asks and its own number, so that an answer to
// an earlier life of the same node is never taken for this one's (dissertation 6.4).
struct ReadTag {
  std::uint64_t boot = 0;
  std::uint64_t batch = 0;
  friend bool operator==(const ReadTag&, const ReadTag&) = default;
};

struct ReadIndex {
  static constexpr std::string_view kName = "read-index";
  static constexpr MessageClass kClass = MessageClass::kRequest;
  ReadTag tag;
  bool lease = false;  // the asker would be content with an answer from the leader's lease
  void fields(auto&& show) const {
    show("boot", tag.boot), show("batch", tag.batch), show("lease", lease);
  }
  friend bool operator==(const ReadIndex&, const ReadIndex&) = default;
};

struct ReadIndexAnswer {
  static constexpr std::string_view kName = "read-index-answer";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  ReadTag tag;
  Index index;  // a state that has applied this much may answer
  void fields(auto&& show) const {
    show("boot", tag.boot), show("batch", tag.batch), show("index", index);
  }
  friend bool operator==(const ReadIndexAnswer&, const ReadIndexAnswer&) = default;
};

struct ReadIndexRefused {
  static constexpr std::string_view kName = "read-index-refused";
  static constexpr MessageClass kClass = MessageClass::kAnswer;
  ReadTag tag;
  void fields(auto&& show) const { show("boot", tag.boot), show("batch", tag.batch); }
  friend bool operator==(const ReadIndexRefused&, const ReadIndexRefused&) = default;
};

// All is quiet, and everyone holds everything: sleep until something happens. Valid only for a
// follower whose log ends at `last`, all committed.
struct Quiesce {
  static constexpr std::string_view kName = "quiesce";
  static constexpr MessageClass kClass = MessageClass::kNotice;
  LogPosition last;
  void fields(auto&& show) const { show("last", last); }
  friend bool operator==(const Quiesce&, const Quiesce&) = default;
};

struct Wake {
  static constexpr std::string_view kName = "wake";
  static constexpr MessageClass kClass = MessageClass::kNotice;
  void fields(auto&&) const {}
  friend bool operator==(const Wake&, const Wake&) = default;
};

// `as_of` is committed, and the addressee is in no configuration there.
struct Removed {
  static constexpr std::string_view kName = "removed";
  static constexpr MessageClass kClass = MessageClass::kNotice;
  LogPosition as_of;
  void fields(auto&& show) const { show("as_of", as_of); }
  friend bool operator==(const Removed&, const Removed&) = default;
};

using MessageBody =
    std::variant<PreVote, PreVoteAnswer, RequestVote, VoteAnswer, Append, AppendAccepted,
                 AppendRejected, Heartbeat, HeartbeatAnswer, InstallSnapshot, SnapshotAccepted,
                 StaleTerm, TryLater, TimeoutNow, ReadIndex, ReadIndexAnswer, ReadIndexRefused,
                 Quiesce, Wake, Removed>;

struct Message {
  NodeId from;
  NodeId to;
  Term term;  // the sender's, durable before the message leaves
  MessageBody body;

  friend bool operator==(const Message&, const Message&) = default;
};

MessageClass message_class(const MessageBody& body);
std::string_view message_name(const MessageBody& body);

// `append -> n2 prev=7/3 entries=2 commit=6`, with `t=4` where the term is not the sender's to be
// seen elsewhere.
std::string describe(const Message& message);

}  // namespace quorate
