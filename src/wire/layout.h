// The order of the fields of every type on the wire: said once, for encoder, counter and decoder
// alike.
//
// A layout hands each field, with its name, to `io`. Neither an order nor a number here ever
// changes its meaning; a message that needs other fields gets a new number (codec.h has the table).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "model/configuration.h"
#include "model/entry.h"
#include "model/message.h"

namespace quorate::wire {

// T or const T: encoders look, the decoder fills in.
template <class T, class Known>
concept Is = std::same_as<std::remove_const_t<T>, Known>;

// The smallest encodings: an entry is kind, term, index, payload size and checksum; a run two
// numbers.
inline constexpr std::size_t kMinEntry = 8;
inline constexpr std::size_t kMinRun = 2;
inline constexpr std::uint8_t kMaxEntryKind = static_cast<std::uint8_t>(EntryKind::kConfiguration);

// ---- Values

void layout(auto& io, Is<LogPosition> auto& v) { io("index", v.index), io("term", v.term); }
void layout(auto& io, Is<TermRun> auto& v) { io("first", v.first), io("term", v.term); }
void layout(auto& io, Is<ReadTag> auto& v) { io("boot", v.boot), io("batch", v.batch); }
void layout(auto& io, Is<HardState> auto& v) { io("term", v.term), io("vote", v.vote); }
void layout(auto& io, Is<Entry> auto& v) {
  io("kind", v.kind), io("term", v.term), io("index", v.index), io("payload", v.payload);
}
void layout(auto& io, Is<SnapshotMeta> auto& v) {
  io("last", v.last), io("configuration", v.configuration);
  io("configuration_index", v.configuration_index);
}

// ---- Messages: the number and the fields of each

template <class Body>
inline constexpr std::uint8_t kTypeNumber = 0;
template <>
inline constexpr std::uint8_t kTypeNumber<PreVote> = 1;
template <>
inline constexpr std::uint8_t kTypeNumber<PreVoteAnswer> = 2;
template <>
inline constexpr std::uint8_t kTypeNumber<RequestVote> = 3;
template <>
inline constexpr std::uint8_t kTypeNumber<VoteAnswer> = 4;
template <>
inline constexpr std::uint8_t kTypeNumber<Append> = 5;
template <>
inline constexpr std::uint8_t kTypeNumber<AppendAccepted> = 6;
template <>
inline constexpr std::uint8_t kTypeNumber<AppendRejected> = 7;
template <>
inline constexpr std::uint8_t kTypeNumber<Heartbeat> = 8;
template <>
inline constexpr std::uint8_t kTypeNumber<HeartbeatAnswer> = 9;
template <>
inline constexpr std::uint8_t kTypeNumber<InstallSnapshot> = 10;
template <>
inline constexpr std::uint8_t kTypeNumber<SnapshotAccepted> = 11;
template <>
inline constexpr std::uint8_t kTypeNumber<StaleTerm> = 12;
template <>
inline constexpr std::uint8_t kTypeNumber<TryLater> = 13;
template <>
inline constexpr std::uint8_t kTypeNumber<TimeoutNow> = 14;
template <>
inline constexpr std::uint8_t kTypeNumber<ReadIndex> = 15;
template <>
inline constexpr std::uint8_t kTypeNumber<ReadIndexAnswer> = 16;
template <>
inline constexpr std::uint8_t kTypeNumber<ReadIndexRefused> = 17;
template <>
inline constexpr std::uint8_t kTypeNumber<Quiesce> = 18;
template <>
inline constexpr std::uint8_t kTypeNumber<Wake> = 19;
template <>
inline constexpr std::uint8_t kTypeNumber<Removed> = 20;

void layout(auto& io, Is<PreVote> auto& v) {
  io("candidate_term", v.candidate_term), io("last", v.last), io("attempt", v.attempt);
}
void layout(auto& io, Is<PreVoteAnswer> auto& v) {
  io("candidate_term", v.candidate_term), io("attempt", v.attempt), io("granted", v.granted);
}
void layout(auto& io, Is<RequestVote> auto& v) { io("last", v.last), io("handover", v.handover); }
void layout(auto& io, Is<VoteAnswer> auto& v) { io("granted", v.granted); }
void layout(auto& io, Is<Append> auto& v) {
  io("prev", v.prev), io("commit", v.commit), io("round", v.round), io("entries", v.entries);
}
void layout(auto& io, Is<AppendAccepted> auto& v) { io("match", v.match), io("round", v.round); }
void layout(auto& io, Is<AppendRejected> auto& v) {
  io("prev", v.prev), io("last", v.last), io("runs", v.runs), io("round", v.round);
}
void layout(auto& io, Is<Heartbeat> auto& v) { io("commit", v.commit), io("round", v.round); }
void layout(auto& io, Is<HeartbeatAnswer> auto& v) { io("round", v.round); }
void layout(auto& io, Is<InstallSnapshot> auto& v) {
  io("snapshot", v.snapshot), io("round", v.round);
}
void layout(auto& io, Is<SnapshotAccepted> auto& v) { io("match", v.match), io("round", v.round); }
void layout(auto& /*io*/, Is<StaleTerm> auto& /*v*/) {}
void layout(auto& io, Is<TryLater> auto& v) { io("round", v.round); }
void layout(auto& /*io*/, Is<TimeoutNow> auto& /*v*/) {}
void layout(auto& io, Is<ReadIndex> auto& v) { io("tag", v.tag), io("lease", v.lease); }
void layout(auto& io, Is<ReadIndexAnswer> auto& v) { io("tag", v.tag), io("index", v.index); }
void layout(auto& io, Is<ReadIndexRefused> auto& v) { io("tag", v.tag); }
void layout(auto& io, Is<Quiesce> auto& v) { io("last", v.last); }
void layout(auto& /*io*/, Is<Wake> auto& /*v*/) {}
void layout(auto& io, Is<Removed> auto& v) { io("as_of", v.as_of); }

}  // namespace quorate::wire
