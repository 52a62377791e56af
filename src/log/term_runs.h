// The terms of a whole log, as runs: few numbers even for millions of entries, so that every question about terms
// is answered without reading an entry.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "model/entry.h"

namespace quorate {

class TermRuns {
 public:
  // A log that begins after `base`, empty.
  explicit TermRuns(LogPosition base = {}) : base_(base), last_(base.index) {}

  [[nodiscard]] LogPosition base() const { return base_; }
  [[nodiscard]] LogPosition last() const { return {last_, runs_.empty() ? base_.term : runs_.back().term}; }
  // Nothing for an index before the base or after the last.
  [[nodiscard]] std::optional<Term> term_at(Index index) const;

  // The next entry's term; terms never fall along a log.
  void append(Term term);
  // Forgets everything from `first` on; `first` is after the base.
  void truncate_from(Index first);
  // Forgets everything up to and including `upto`, which becomes the base.
  void compact(Index upto);

  // The runs that describe the log from `from` downwards, newest first, at most `limit` of them, the base last.
  [[nodiscard]] std::vector<TermRun> describe_down_from(Index from, std::size_t limit) const;
  // Where this log and another agree: the last index at which both have the same term, given the other's runs from
  // `from` downwards. Where the runs end before agreement is found, the index below them, to ask again from there.
  [[nodiscard]] Index last_common(Index from, std::span<const TermRun> other) const;

  friend bool operator==(const TermRuns&, const TermRuns&) = default;

 private:
  // The run that holds `index`, which is after the base and not after the last.
  [[nodiscard]] std::size_t run_of(Index index) const;
  [[nodiscard]] Index end_of(std::size_t run) const;
  [[nodiscard]] std::optional<std::size_t> run_with_term(Term term) const;

  LogPosition base_;
  Index last_;
  std::vector<TermRun> runs_;
};

}  // namespace quorate
