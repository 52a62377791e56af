#include "log/term_runs.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate {

std::optional<Term> TermRuns::term_of_older(Index index) const {
  if (index < base_.index) {
    return std::nullopt;
  }
  return index == base_.index ? base_.term : runs_[run_of(index)].term;
}

void TermRuns::begin_run(Term term) {
  QUORATE_ASSERT(term > Term{0}, "an entry of no term after " + describe(last()));
  QUORATE_ASSERT(term >= last().term, std::to_string(term.value()) + " after " + describe(last()));
  runs_.push_back({last_.next(), term});
}

void TermRuns::truncate_from(Index first) {
  QUORATE_ASSERT(first > base_.index);
  QUORATE_ASSERT(first <= last_.next());
  while (!runs_.empty() && runs_.back().first >= first) {
    runs_.pop_back();
  }
  last_ = first.previous();
}

void TermRuns::compact(Index upto) {
  QUORATE_ASSERT(upto >= base_.index);
  QUORATE_ASSERT(upto <= last_);
  if (upto == base_.index) {
    return;
  }
  const std::size_t run = run_of(upto);
  base_ = {upto, runs_[run].term};
  // What is left of the run that the base cuts in two keeps its term, under a later beginning.
  const bool ends_here = end_of(run) == upto;
  runs_[run].first = upto.next();
  runs_.erase(runs_.begin(),
              runs_.begin() + static_cast<std::ptrdiff_t>(run + (ends_here ? 1 : 0)));
}

std::vector<TermRun> TermRuns::describe_down_from(Index from, std::size_t limit) const {
  QUORATE_ASSERT(from >= base_.index);
  QUORATE_ASSERT(from <= last_);
  QUORATE_ASSERT(limit > 0);
  std::vector<TermRun> result;
  const std::size_t below = from == base_.index ? 0 : run_of(from) + 1;
  for (std::size_t i = below; i > 0 && result.size() < limit; --i) {
    result.push_back(runs_[i - 1]);
  }
  if (result.size() == below) {
    if (!result.empty() && result.back().term == base_.term) {
      result.back().first = base_.index;
    } else if (result.size() < limit) {
      result.push_back({base_.index, base_.term});
    }
  }
  return result;
}

// By Log Matching (5.3) two logs that hold a term hold the same first entries of it, as many as
// both have: they agree up to where the shorter of the two runs ends, wherever a base cuts them.
Index TermRuns::last_common(Index from, std::span<const TermRun> other) const {
  Index end = std::min(from, last_);
  for (const TermRun& run : other) {
    if (const std::optional<Index> here = last_of(run.term)) {
      return std::min(*here, end);
    }
    if (run.first == Index{0}) {
      return Index{0};
    }
    end = std::min(end, run.first.previous());
  }
  return end;
}

std::size_t TermRuns::memory() const { return runs_.capacity() * sizeof(TermRun); }

void TermRuns::release_memory() { runs_.shrink_to_fit(); }

std::size_t TermRuns::run_of(Index index) const {
  QUORATE_ASSERT(index > base_.index);
  QUORATE_ASSERT(index <= last_);
  // Nearly every question is about the newest entries.
  if (index >= runs_.back().first) {
    return runs_.size() - 1;
  }
  const auto after = std::ranges::upper_bound(runs_, index, {}, &TermRun::first);
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

Index TermRuns::end_of(std::size_t run) const {
  return run + 1 < runs_.size() ? runs_[run + 1].first.previous() : last_;
}

std::optional<Index> TermRuns::last_of(Term term) const {
  const auto found = std::ranges::lower_bound(runs_, term, {}, &TermRun::term);
  if (found != runs_.end() && found->term == term) {
    return end_of(static_cast<std::size_t>(found - runs_.begin()));
  }
  return base_.term == term ? std::optional{base_.index} : std::nullopt;
}

}  // namespace quorate
