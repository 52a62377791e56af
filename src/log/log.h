// The log: all of its terms, a window of its entries, and the watermarks that say what became of
// them.
//
//     base <= snapshot <= applied <= min(committed, stable);  stable <= last;  committed <= last
//
// Snapshot, applied and committed only grow; stable and last fall only by truncation, and only what
// is not committed may be truncated. (A snapshot that is being restored moves base, stable and
// committed ahead of applied, which follows when the restore is done; see `reset`.) Each breach is
// an assertion.
//
// Entries up to min(committed, stable) may leave the memory, oldest first, when the window exceeds
// its bytes; they are then the disk's to read back. Their terms stay here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/fingerprint.h"
#include "base/ring.h"
#include "log/term_runs.h"
#include "model/configuration.h"
#include "model/entry.h"

namespace quorate {

class Log {
 public:
  // What was found on disk: terms of everything after `runs.base()`, all of it durable, and the
  // newest entries of it in order, as many as the caller cares to keep in memory.
  struct Restored {
    TermRuns runs;
    std::vector<Entry> tail;
    Index snapshot;  // of the newest snapshot; at or after the base
    Index applied;   // what the state machine holds; committed is at least that
  };
  Log(Restored restored, std::uint64_t window_bytes);

  [[nodiscard]] LogPosition base() const { return runs_.base(); }
  [[nodiscard]] LogPosition last() const { return runs_.last(); }
  [[nodiscard]] Index snapshot() const { return snapshot_; }
  [[nodiscard]] Index applied() const { return applied_; }
  [[nodiscard]] Index committed() const { return committed_; }
  [[nodiscard]] Index stable() const { return stable_; }
  [[nodiscard]] const TermRuns& terms() const { return runs_; }
  [[nodiscard]] std::optional<Term> term_at(Index index) const { return runs_.term_at(index); }
  // Log Matching (5.3): is that position here? What is below the base was committed, but its term
  // is forgotten: no.
  [[nodiscard]] bool matches(LogPosition position) const {
    return runs_.term_at(position.index) == position.term;
  }
  // The first index still in memory; last + 1 when none is.
  [[nodiscard]] Index window_first() const { return last().index + 1 - entries_.size(); }
  [[nodiscard]] std::uint64_t window_bytes() const { return bytes_; }

  // An entry for last + 1, its term not below the last.
  void append(const Entry& entry) {
    count(entry);
    entries_.push_back(entry);
  }
  void append(Entry&& entry) {
    count(entry);
    entries_.push_back(std::move(entry));
  }
  // The first of `entries` (consecutive, the one before them known to match) that is not here
  // already with the same term; nothing when all are. 5.3: only a real conflict truncates.
  [[nodiscard]] const Entry* first_new(std::span<const Entry> entries) const {
    for (const Entry& entry : entries) {
      // Below the base, all was committed, and what follows a match equals what was committed
      // (5.4.3).
      const bool known = entry.index < base().index || matches(entry.position());
      if (!known) {
        return &entry;
      }
    }
    return nullptr;
  }
  // Drops `first` (at most last + 1) and everything after it; none of it committed.
  void truncate_from(Index first);

  // Adds entries from `first` on to the end of `out`, up to `last` (at most the log's) and
  // `max_bytes` of cost, at least one. Returns what they cost; 0, and nothing is added, when the
  // first is not in memory: ask the disk.
  std::uint64_t copy(Index first, Index last, std::uint64_t max_bytes,
                     std::vector<Entry>& out) const;

  // The entry at `index`, which is in memory: everything above min(committed, stable) is.
  [[nodiscard]] const Entry& entry(Index index) const {
    QUORATE_ASSERT(index >= window_first());
    return entries_[index - window_first()];
  }

  // Everything up to it is durable. What lies past the last was truncated since; what lies below
  // stable is known.
  void mark_stable(Index index) { stable_ = std::max(stable_, std::min(index, last().index)); }
  void commit_to(Index index) {  // from committed to last
    QUORATE_ASSERT(index >= committed_,
                   "a commit would move back to " + std::to_string(index.value()));
    QUORATE_ASSERT(index <= last().index);
    committed_ = index;
  }
  void apply_to(Index index);  // from applied to min(committed, stable)
  void snapshot_at(
      Index index);  // the application's state up to there, at most applied, is kept in a snapshot
  void compact(Index upto);  // at most the snapshot; nothing happens below the base
  // Becomes an empty log after `base`, at or past committed, all of it durable and committed: a
  // snapshot replaced what was here (7). `applied` follows when the restore is done.
  void reset(LogPosition base);
  // Drops from memory what exceeds the window.
  void trim() {
    if (bytes_ > window_limit_) {
      drop_beyond_window();
    }
  }
  // For a log that goes to sleep: gives back all memory but that of entries which are not applied
  // or not on disk.
  void release_memory();
  // Bytes on the heap, payloads included.
  [[nodiscard]] std::size_t memory() const;

  void fingerprint(Fingerprint& into) const;

 private:
  void count(const Entry& entry) {
    QUORATE_ASSERT(entry.index == last().index.next(),
                   describe(entry) + " after " + describe(last()));
    runs_.append(entry.term);
    bytes_ += entry.cost();
  }
  void drop_front();
  void drop_through(Index index);
  void drop_beyond_window();

  TermRuns runs_;
  Ring<Entry> entries_;  // the last entries_.size() of the log
  std::uint64_t bytes_ = 0;
  std::uint64_t window_limit_;
  Index snapshot_;
  Index applied_;
  Index committed_;
  Index stable_;
};

inline std::uint64_t Log::copy(Index first, Index last, std::uint64_t max_bytes,
                               std::vector<Entry>& out) const {
  QUORATE_ASSERT(first <= last);
  QUORATE_ASSERT(last <= this->last().index);
  const Index window = window_first();
  if (first < window) {
    return 0;
  }
  std::uint64_t cost = 0;
  const std::size_t end = last - window + 1;
  for (std::size_t i = first - window; i < end; ++i) {
    const Entry& entry = entries_[i];
    if (cost + entry.cost() > max_bytes && cost > 0) {
      break;
    }
    cost += entry.cost();
    out.push_back(entry);
  }
  return cost;
}

}  // namespace quorate
