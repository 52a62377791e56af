// All that a member must keep, as one piece of bytes: for drivers that store a member's state whole
// (the course's persister). A server's disk uses the WAL instead.
//
//     state = version  term vote  snapshot  base  count entry...  checksum
//     snapshot = last configuration configuration_index, as in codec.h
//     base     = index term, of what precedes the first entry
//     entry    = head [term step] payload,  head = 8 * size of the payload + 2 * kind + (1 where
//     the term steps up)
//
// Version is one byte, 1; numbers are varints. An entry's index follows from its place, its term
// from the entry before unless it steps up by the number given. So an entry of up to 15 bytes costs
// one byte more than its payload, one of up to 2 kB two. The checksum is XXH3 over all before it, 8
// bytes, low byte first. docs/formats/state.md has an example.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/configuration.h"
#include "model/entry.h"

namespace quorate::wire {

struct State {
  HardState hard_state;
  SnapshotMeta snapshot;
  LogPosition base;            // at or before the snapshot
  std::vector<Entry> entries;  // consecutive, the first right after the base; terms never fall

  friend bool operator==(const State&, const State&) = default;
};

inline constexpr std::uint8_t kStateVersion = 1;

// Adds the state to the end of `out`. Asserts the order of the entries.
void encode(const State& state, std::string& out);
// The state that is all of `in`, or what cannot be right and why. Payloads share the memory of
// `in`.
Result<State> decode_state(const Bytes& in);

}  // namespace quorate::wire
