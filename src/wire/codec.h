// Messages and entries as bytes, for peers of this and every later version.
//
//     message = version type from to term field...
//
// Version and type are one byte each, and all numbers are varints (writer.h), as short as they can
// be. A flag is one byte, 0 or 1. A position is index and term; a run its first index and its term;
// a read's tag boot and batch. A list is its count, then its elements. A configuration is a size
// and what Configuration::encode makes of it, size 0 for one without members. A message's end is
// not marked: whoever carries it knows its size.
//
//      1 pre-vote             candidate_term last attempt
//      2 pre-vote-answer      candidate_term attempt granted
//      3 request-vote         last handover
//      4 vote-answer          granted
//      5 append               prev commit round entries
//      6 append-accepted      match round
//      7 append-rejected      prev last runs round
//      8 heartbeat            commit round
//      9 heartbeat-answer     round
//     10 install-snapshot     last configuration configuration_index round
//     11 snapshot-accepted    match round
//     12 stale-term           -
//     13 try-later            round
//     14 timeout-now          -
//     15 read-index           tag lease
//     16 read-index-answer    tag index
//     17 read-index-refused   tag
//     18 quiesce              last
//     19 wake                 -
//     20 removed              as_of (index, term)
//
//     entry = kind term index size payload checksum
//
// Kind is one byte: 0 empty, 1 command, 2 configuration. The checksum is the low 32 bits, low byte
// first, of XXH3 over all of the entry before it: an entry carries its own from hop to hop, and to
// the disk. The rest of a message has none: framing has.
//
// Worked example: n1, leader in term 4, sends n2 the command "hi" as entry 300/4, after 299/3.
//
//     01 05           version 1, append
//     01 02 04        from n1 to n2, term 4
//     ab 02 03        prev: index 299, term 3
//     aa 02 07        commit 298, round 7
//     01              one entry
//     01 04 ac 02     a command, term 4, index 300
//     02 68 69        payload: 2 bytes, "hi"
//     4b 2e ab db     checksum of the entry
//
// docs/formats/message.md says the same at more leisure; a test compares both examples with the
// code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "model/entry.h"
#include "model/message.h"

namespace quorate::wire {

inline constexpr std::uint8_t kMessageVersion = 1;

// Adds the message to the end of `out`. At most AppendRejected::kMaxRuns runs: more
// is a bug of ours.
void encode(const Message& message, std::string& out);
// How many bytes that takes, exactly.
[[nodiscard]] std::size_t encoded_size(const Message& message);
// The message that is all of `in`, or which field cannot be right and why. Payloads share the
// memory of `in`. Whether the message makes sense to Raft is for the core to say.
Result<Message> decode(const Bytes& in);

// An entry by itself: the same bytes as within an append.
void encode(const Entry& entry, std::string& out);
[[nodiscard]] std::size_t encoded_size(const Entry& entry);
// The same bytes around a payload that is too large to be copied: adds to `out` what stands before
// the payload and then what stands behind it, and tells how many bytes stand before.
std::size_t encode_around_payload(const Entry& entry, std::string& out);
Result<Entry> decode_entry(const Bytes& in);

}  // namespace quorate::wire
