// What recovery may find, in words that name the place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/entry.h"
#include "quorate/types.h"

namespace quorate::wal {

// An entry that was durable and is not what was written any more. Any peer's copy of it has this
// checksum (of its encoding; its last four bytes), and Wal::repair takes it.
struct Lost {
  GroupId group;
  LogPosition position;
  EntryKind kind = EntryKind::kEmpty;
  std::uint32_t checksum = 0;
  std::uint32_t size = 0;     // encoded
  std::uint32_t segment = 0;  // where it stood
  std::uint32_t offset = 0;

  friend bool operator==(const Lost&, const Lost&) = default;
};

// Whole batches that were durable and are gone, and nobody knows what was in them but that it was
// no state. A group's log ends where it does not connect any more, and may be any group's.
struct Unknown {
  std::uint32_t segment = 0;
  std::uint32_t from = 0;  // offsets
  std::uint32_t to = 0;
  std::uint64_t first_sequence = 0;  // of the batches
  std::uint64_t last_sequence = 0;

  friend bool operator==(const Unknown&, const Unknown&) = default;
};

// One of the two control sections of a batch is broken; the other holds the same. Harmless, and
// mended when the log is opened.
struct Scar {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;  // of the broken copy
  std::uint32_t batch = 0;   // offset of the batch
  std::uint64_t sequence = 0;

  friend bool operator==(const Scar&, const Scar&) = default;
};

// The log ends here; what stood behind was never durable.
struct TornTail {
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint64_t sequence = 0;  // of the first batch that is cut off

  friend bool operator==(const TornTail&, const TornTail&) = default;
};

std::string describe(const Lost& lost);
std::string describe(const Unknown& unknown);
std::string describe(const Scar& scar);
std::string describe(const TornTail& tail);

}  // namespace quorate::wal
