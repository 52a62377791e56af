// Entries of the log, and positions in it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "quorate/types.h"

namespace quorate {

// Where a log ends, or what an entry must follow. Two logs that hold the same position hold the
// same entries up to it (Log Matching, Raft paper 5.3). Prints as `index/term`.
struct LogPosition {
  Index index;
  Term term;

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

// 5.4.1: the log with the later last term is more up to date; with equal terms, the longer one.
inline bool at_least_as_up_to_date(const LogPosition& mine, const LogPosition& theirs) {
  return mine.term != theirs.term ? mine.term > theirs.term : mine.index >= theirs.index;
}

enum class EntryKind : std::uint8_t {
  kEmpty,          // a new leader's first entry, by which earlier terms commit (5.4.2)
  kCommand,        // the application's
  kConfiguration,  // an encoded Configuration, in effect as soon as it is in the log
                   // (dissertation 4.1)
};

struct Entry {
  Term term;
  Index index;
  EntryKind kind = EntryKind::kEmpty;
  Bytes payload;

  [[nodiscard]] LogPosition position() const { return {index, term}; }
  // What an entry counts towards every limit in bytes: its payload and a fixed share for the rest.
  [[nodiscard]] std::uint64_t cost() const { return payload.size() + 32; }

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Consecutive entries of one term: from `first` up to where the next run begins. A log's terms are
// few, so its runs describe all of it, even the part whose entries are on disk alone.
struct TermRun {
  Index first;
  Term term;

  friend bool operator==(const TermRun&, const TermRun&) = default;
};

std::string describe(const LogPosition& position);
std::string describe(const Entry& entry);
std::string describe(const TermRun& run);
const char* describe(EntryKind kind);

}  // namespace quorate
