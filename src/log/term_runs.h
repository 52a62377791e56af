// The terms of a whole log, as runs: few numbers even for millions of entries, so that every
// question about terms is answered without reading an entry.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "model/entry.h"

namespace quorate {

class TermRuns {
 public:
  TermRuns() = default;
  // A log that begins after `base`, empty.
  explicit TermRuns(LogPosition base) : base_(base), last_(base.index) {}

  [[nodiscard]] LogPosition base() const { return base_; }
  [[nodiscard]] LogPosition last() const {
    return {last_, runs_.empty() ? base_.term : runs_.back().term};
  }
  // Nothing for an index before the base or after the last.
  [[nodiscard]] std::optional<Term> term_at(Index index) const {
    if (index > last_) {
      return std::nullopt;
    }
    // Nearly every question is about the newest run.
    const bool newest = !runs_.empty() && index >= runs_.back().first;
    return newest ? runs_.back().term : term_of_older(index);
  }

  // The next entry's term, not 0; terms never fall along a log.
  void append(Term term) {
    if (runs_.empty() || runs_.back().term != term) {
      begin_run(term);
    }
    last_ = last_.next();
  }
  // Forgets everything from `first` on; `first` is after the base, and at most last + 1 (nothing to
  // forget).
  void truncate_from(Index first);
  // Forgets everything up to and including `upto`, which becomes the base.
  void compact(Index upto);

  // The runs that describe the log from `from` (base to last) downwards, newest first, at most
  // `limit` of them (one or more), the base last. The base is one more entry of the run after it
  // where their terms are equal.
  [[nodiscard]] std::vector<TermRun> describe_down_from(Index from, std::size_t limit) const;

  // Where this log and another agree: the last index at which both have the same term, given the
  // other's runs from `from` downwards. Where the runs end before agreement is found, the index
  // below them (never past this log's last), to ask again from there; that may be below the base,
  // where this log cannot tell. Runs that no log can have (a peer made them up) give some index up
  // to `from`, never an assertion.
  [[nodiscard]] Index last_common(Index from, std::span<const TermRun> other) const;

  // Bytes on the heap, and giving back those that are not needed.
  [[nodiscard]] std::size_t memory() const;
  void release_memory();

  friend bool operator==(const TermRuns&, const TermRuns&) = default;

 private:
  void begin_run(Term term);
  // Of an index at most the last.
  [[nodiscard]] std::optional<Term> term_of_older(Index index) const;
  // The run that holds `index`, which is after the base and not after the last.
  [[nodiscard]] std::size_t run_of(Index index) const;
  [[nodiscard]] Index end_of(std::size_t run) const;
  // The last entry of that term, the base included.
  [[nodiscard]] std::optional<Index> last_of(Term term) const;

  LogPosition base_;
  Index last_;
  std::vector<TermRun> runs_;  // of what is after the base; both firsts and terms rise
};

}  // namespace quorate
