// The log on disk: segments, batches, records. docs/formats/wal.md tells it at leisure, with an
// example in bytes; here are the numbers.
//
//     segment = header (page 0) header (page 1) batch...
//     batch   = control | entries | zeros | control again
//     control = head (64 bytes) | record...
//     record  = 40 bytes | what its kind adds, filled up with zeros to a multiple of 8
//
// Numbers are fixed in width, the low byte first. An entry is what wire makes of it, with its own
// checksum at its end. Batches begin at multiples of 64 bytes. Whatever is not an entry stands in
// the control section and so twice; where some of that is state (is_state), and where there is no
// record at all, no page of 4096 bytes holds parts of both.
//
// A control section begins with the key of its segment, the second with the key's complement. The
// key is made of identity and number of the segment: what is left of a recycled segment's earlier
// life has another, and no client can write one into a payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate::wal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kFirstBatch = 2 * kPage;
inline constexpr std::size_t kHeadBytes = 64;
inline constexpr std::size_t kRecordBytes = 40;
inline constexpr std::size_t kTableBytes = 8;  // of an entry, in its record

// Whose log this is.
struct Identity {
  ClusterId cluster;
  NodeId node;
  Incarnation incarnation;

  friend bool operator==(const Identity&, const Identity&) = default;
};
std::string describe(const Identity& identity);

// ---- Segments

struct SegmentHeader {
  Identity identity;
  std::uint64_t segment = 0;  // 1 is the first
  // Of the batch that ends the segment before: nothing of that segment behind it counts, and all
  // of it up to there was durable when this header was written.
  std::uint64_t last_sequence = 0;
  std::uint64_t last_checksum = 0;
  std::uint64_t last_state = 0;  // the newest batch up to there that has state
  std::uint32_t size = 0;        // of the segment, in bytes

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// Both copies, two pages.
std::string encode(const SegmentHeader& header);
struct FoundHeader {
  SegmentHeader header;
  std::uint32_t version = kFormatVersion;  // of another one nothing else is known
  bool first_broken = false;
  bool second_broken = false;
};
// From the first two pages of a file; nothing where neither copy is whole.
std::optional<FoundHeader> decode_header(std::string_view pages);

// Written into the pages of a segment when the next has begun, so that a log whose newest segment
// is gone does not pass for one that ends earlier. At these offsets:
inline constexpr std::size_t kSealAt[] = {2048, kPage + 2048};
std::string encode_seal(std::uint64_t key);
[[nodiscard]] bool sealed(std::string_view pages, std::uint64_t key);

[[nodiscard]] std::uint64_t key_of(const Identity& identity, std::uint64_t segment);

// ---- Batches

struct Head {
  std::uint64_t sequence = 0;  // one more than that of the batch before; 1 is the first
  std::uint64_t chain = 0;     // the checksum of the batch before
  std::uint64_t synced = 0;    // all batches up to here were durable when this one was written
  std::uint64_t state = 0;     // the newest batch before this one that has state
  std::uint32_t boot = 0;      // how often the log had been opened
  std::uint32_t size = 0;      // of the batch, both control sections with it
  std::uint32_t control = 0;   // bytes of one control section
  std::uint32_t offset = 0;    // of the batch in its segment

  friend bool operator==(const Head&, const Head&) = default;
};

enum class Kind : std::uint8_t {
  kEntries = 1,    // consecutive entries of one term; whatever was there from the first on is gone
  kAgain = 2,      // entries that are in the log already, written anew; nothing else changes
  kHardState = 3,  // term, and the vote in `index`
  kSnapshot = 4,   // a snapshot was taken; with its SnapshotMeta
  kInstall = 5,    // a snapshot was received and is now all of the log; with its SnapshotMeta
  kCompact = 6,    // the log begins after this position
  kForget = 7,     // the group is gone
  // The state of every group as of the batch before follows in this batch; a group that is not
  // named is gone. What stood before is not needed to know it. Begins every segment.
  kCheckpoint = 8,
  kLast = 9,      // in a checkpoint: where the group's log ends
  kSettled = 10,  // losses up to the batch `index` were dealt with
  kCut = 11       // entries from `index` on are gone
};
const char* describe(Kind kind);
// What a node must not forget: if a record of these kinds is lost with its batch, and no checkpoint
// follows, that counts as a lost disk.
[[nodiscard]] bool is_state(Kind kind);

struct Record {
  Kind kind = Kind::kEntries;
  GroupId group;
  Index index;              // kEntries, kAgain: of the first
  Term term;                // kEntries, kAgain: of all
  Term before;              // kEntries, kAgain: of the entry before the first
  std::uint32_t count = 0;  // kEntries, kAgain: how many; else the bytes of what follows
  std::uint32_t body = 0;   // where that is, in the control section: the table, or a SnapshotMeta
  std::uint32_t data = 0;   // kEntries, kAgain: where the first entry is, in the batch
  std::uint32_t bytes = 0;  // kEntries, kAgain: of all of them
};

// One line of a record's table: an entry's identity and extent.
struct Line {
  std::uint32_t size = 0;  // encoded
  EntryKind kind = EntryKind::kEmpty;
  std::uint32_t checksum = 0;  // the entry's own, as it ends with
};
inline constexpr std::uint32_t kMaxEntryBytes = (1U << 30U) - 1;
void put_line(std::string& out, const Line& line);
[[nodiscard]] Line line_at(std::string_view control, std::size_t at);

struct Control {
  Head head;
  std::uint64_t checksum = 0;
  std::vector<Record> records;
};

enum class Copy : std::uint8_t { kFirst, kSecond };

// How many bytes the control section takes that begins here, as its own head says, if it has this
// key; 0 if it has not. Nothing is proven by that. At least kHeadBytes are there.
[[nodiscard]] std::uint32_t control_size(std::string_view bytes, std::uint64_t key, Copy copy);
// The control section that is all of `bytes`; false if anything in it is not as it was written.
// Reuses the memory of `into`.
[[nodiscard]] bool decode_control(std::string_view bytes, std::uint64_t key, Copy copy,
                                  Control& into);
// Where the second control section of a batch begins, given its offset in the segment.
[[nodiscard]] std::size_t second_copy_at(std::size_t offset, std::size_t control,
                                         std::size_t entries, bool apart);
[[nodiscard]] std::size_t batch_size(std::size_t second_copy, std::size_t control);
// The bytes are an entry as it was written.
[[nodiscard]] bool whole(std::string_view entry, const Line& line);

// A SnapshotMeta as wire has it.
void put_meta(std::string& out, const SnapshotMeta& meta);
std::optional<SnapshotMeta> meta_of(std::string_view bytes);

}  // namespace quorate::wal
