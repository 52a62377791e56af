// Where logs agree and what is new: the runs against a comparison entry by entry.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "log/legal_logs.h"
#include "log/log.h"
#include "log/term_runs.h"

namespace quorate {
namespace {

using testing::last_common;
using testing::runs_of;
using testing::Terms;
using testing::two_legal_logs;

std::uint64_t term_of(const Terms& terms, std::uint64_t index) {
  return index == 0 ? 0 : terms[index - 1];
}

RC_GTEST_PROP(ConflictTwin, LogMatchingHoldsAmongTheGeneratedLogs, ()) {
  const auto [a, b] = *two_legal_logs();
  for (std::size_t i = last_common(a, b); i < std::min(a.size(), b.size()); ++i) {
    RC_ASSERT(a[i] != b[i]);
  }
  RC_CLASSIFY(last_common(a, b) < std::min(a.size(), b.size()), "in conflict");
}

RC_GTEST_PROP(ConflictTwin, TermRunsKnowEachTermAfterAnyCompaction, ()) {
  const auto [a, b] = *two_legal_logs();
  const auto base = *rc::gen::inRange<std::size_t>(0, a.size() + 1);
  const TermRuns runs = runs_of(a, base);
  for (std::uint64_t i = 0; i <= a.size() + 1; ++i) {
    const bool known = i >= base && i <= a.size();
    RC_ASSERT(runs.term_at(Index{i}) ==
              (known ? std::optional{Term{term_of(a, i)}} : std::nullopt));
  }
}

RC_GTEST_PROP(ConflictTwin, LastCommonFindsWhereTwoLogsAgree, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const auto our_base = *rc::gen::inRange<std::size_t>(0, ours.size() + 1);
  const auto their_base = *rc::gen::inRange<std::size_t>(0, theirs.size() + 1);
  const auto from = *rc::gen::inRange<std::size_t>(their_base, theirs.size() + 1);
  const TermRuns other = runs_of(theirs, their_base);
  const Index found =
      runs_of(ours, our_base).last_common(Index{from}, other.describe_down_from(Index{from}, 1000));
  const std::size_t common = std::min(from, last_common(ours, theirs));
  const std::size_t visible = std::max(our_base, their_base);
  if (common >= visible) {
    RC_ASSERT(found == Index{common});
  } else {
    RC_ASSERT(found < Index{visible});
  }
}

// A leader that is told at most `limit` runs at a time asks until it agrees, or until a base hides
// the rest.
RC_GTEST_PROP(ConflictTwin, AskingAgainBelowTheRunsEndsAtTheSameIndex, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const auto limit = *rc::gen::inRange<std::size_t>(1, 4);
  const TermRuns mine = runs_of(ours, 0);
  const TermRuns other = runs_of(theirs, 0);
  Index from = std::min(mine.last().index, other.last().index);
  for (std::size_t rounds = 0;; ++rounds) {
    RC_ASSERT(rounds <= theirs.size());
    const Index next = mine.last_common(from, other.describe_down_from(from, limit));
    RC_ASSERT(next <= from);
    from = next;
    if (mine.term_at(from) == other.term_at(from)) {
      break;
    }
  }
  RC_ASSERT(from == Index{last_common(ours, theirs)});
}

RC_GTEST_PROP(ConflictTwin, FirstNewIsTheFirstEntryThatDiffersOrIsMissing, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const std::size_t common = last_common(ours, theirs);
  const auto base = *rc::gen::inRange<std::size_t>(0, common + 1);
  const auto prev = *rc::gen::inRange<std::size_t>(0, common + 1);
  const auto end = *rc::gen::inRange<std::size_t>(prev, theirs.size() + 1);
  std::vector<Entry> entries;
  for (std::size_t i = prev + 1; i <= end; ++i) {
    entries.push_back({Term{term_of(theirs, i)}, Index{i}, EntryKind::kCommand, {}});
  }
  const Log log{{runs_of(ours, base), {}, Index{base}, Index{base}}, 0};
  const Entry* const expected = end <= common ? nullptr : &entries[common - prev];
  RC_ASSERT(log.first_new(entries) == expected);
}

}  // namespace
}  // namespace quorate
