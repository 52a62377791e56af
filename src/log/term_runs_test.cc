#include "log/term_runs.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "base/assert.h"

namespace quorate {
namespace {

Index at(std::uint64_t index) { return Index{index}; }
LogPosition position(std::uint64_t index, std::uint64_t term) { return {Index{index}, Term{term}}; }
TermRun run(std::uint64_t first, std::uint64_t term) { return {Index{first}, Term{term}}; }

// A log after `base` whose entries have these terms.
TermRuns log_of(LogPosition base, std::initializer_list<std::uint64_t> terms) {
  TermRuns runs{base};
  for (const std::uint64_t term : terms) {
    runs.append(Term{term});
  }
  return runs;
}

using Runs = std::vector<TermRun>;

TEST(TermRuns, AnEmptyLogEndsAtItsBase) {
  const TermRuns runs{position(7, 3)};
  EXPECT_EQ(runs.last(), position(7, 3));
  EXPECT_EQ(runs.term_at(at(7)), Term{3});
  EXPECT_FALSE(runs.term_at(at(6)));
  EXPECT_FALSE(runs.term_at(at(8)));
}

TEST(TermRuns, KnowsTheTermOfEachEntry) {
  const TermRuns runs = log_of(position(2, 1), {1, 1, 4, 4, 4, 6});
  const std::vector<std::uint64_t> terms{1, 1, 1, 4, 4, 4, 6};
  for (std::uint64_t i = 0; i < terms.size(); ++i) {
    EXPECT_EQ(runs.term_at(at(2 + i)), Term{terms[i]}) << 2 + i;
  }
  EXPECT_FALSE(runs.term_at(at(1)));
  EXPECT_FALSE(runs.term_at(at(9)));
  EXPECT_EQ(runs.last(), position(8, 6));
}

TEST(TermRuns, TermsNeverFall) {
  TermRuns runs = log_of(position(2, 5), {});
  EXPECT_THROW(runs.append(Term{4}), AssertionFailed);
  runs.append(Term{6});
  EXPECT_THROW(runs.append(Term{5}), AssertionFailed);
  EXPECT_THROW(TermRuns{}.append(Term{0}), AssertionFailed);
}

TEST(TermRuns, TruncationForgetsASuffix) {
  TermRuns runs = log_of({}, {1, 1, 2, 2, 3});
  runs.truncate_from(at(6));
  EXPECT_EQ(runs, log_of({}, {1, 1, 2, 2, 3}));
  runs.truncate_from(at(4));
  EXPECT_EQ(runs, log_of({}, {1, 1, 2}));
  runs.truncate_from(at(3));
  EXPECT_EQ(runs, log_of({}, {1, 1}));
  EXPECT_THROW(runs.truncate_from(at(4)), AssertionFailed);
  EXPECT_THROW(runs.truncate_from(at(0)), AssertionFailed);
  runs.truncate_from(at(1));
  EXPECT_EQ(runs, TermRuns{});
}

TEST(TermRuns, CompactionMovesTheBaseAndKeepsItsTerm) {
  TermRuns runs = log_of({}, {1, 1, 2, 2, 3});
  runs.compact(at(0));
  EXPECT_EQ(runs, log_of({}, {1, 1, 2, 2, 3}));
  runs.compact(at(3));
  EXPECT_EQ(runs, log_of(position(3, 2), {2, 3}));
  runs.compact(at(4));
  EXPECT_EQ(runs, log_of(position(4, 2), {3}));
  runs.compact(at(5));
  EXPECT_EQ(runs, TermRuns{position(5, 3)});
  EXPECT_THROW(runs.compact(at(4)), AssertionFailed);
  EXPECT_THROW(runs.compact(at(6)), AssertionFailed);
}

TEST(TermRuns, DescribesItselfNewestFirstAndTheBaseLast) {
  const TermRuns runs = log_of(position(2, 1), {2, 2, 4});
  EXPECT_EQ(runs.describe_down_from(at(5), 9), (Runs{run(5, 4), run(3, 2), run(2, 1)}));
  EXPECT_EQ(runs.describe_down_from(at(4), 9), (Runs{run(3, 2), run(2, 1)}));
  EXPECT_EQ(runs.describe_down_from(at(2), 9), (Runs{run(2, 1)}));
  EXPECT_EQ(runs.describe_down_from(at(5), 2), (Runs{run(5, 4), run(3, 2)}));
  EXPECT_THROW((void)runs.describe_down_from(at(1), 9), AssertionFailed);
  EXPECT_THROW((void)runs.describe_down_from(at(6), 9), AssertionFailed);
  EXPECT_THROW((void)runs.describe_down_from(at(5), 0), AssertionFailed);
}

TEST(TermRuns, TheBaseBelongsToTheRunThatFollowsItInTheSameTerm) {
  const TermRuns runs = log_of(position(2, 2), {2, 2, 4});
  EXPECT_EQ(runs.describe_down_from(at(5), 9), (Runs{run(5, 4), run(2, 2)}));
  EXPECT_EQ(runs.describe_down_from(at(4), 1), (Runs{run(2, 2)}));
}

// Figure 7 of the Raft paper: the leader of term 8, and each of the six followers.
TEST(TermRuns, FindsWhereEachFollowerOfFigure7AgreesWithTheLeader) {
  const TermRuns leader = log_of({}, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6});
  const auto common = [&leader](const TermRuns& follower) {
    const Index from = std::min(follower.last().index, leader.last().index);
    return leader.last_common(from, follower.describe_down_from(from, 64)).value();
  };
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 4, 4, 5, 5, 6, 6})), 9U);
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 4})), 4U);
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6})), 10U);
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7})), 10U);
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 4, 4, 4, 4})), 5U);
  EXPECT_EQ(common(log_of({}, {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3})), 3U);
}

TEST(TermRuns, LogsWithNothingInCommonAgreeBeforeTheirFirstEntry) {
  const TermRuns leader = log_of({}, {2, 2});
  EXPECT_EQ(leader.last_common(at(2), Runs{run(1, 1), run(0, 0)}), at(0));
  EXPECT_EQ(TermRuns{}.last_common(at(5), Runs{run(1, 1), run(0, 0)}), at(0));
}

TEST(TermRuns, AgreesAtABaseThatCutsARunInTwo) {
  const TermRuns leader = log_of(position(5, 2), {2, 4});
  EXPECT_EQ(leader.last_common(at(7), Runs{run(6, 3), run(4, 2)}), at(5));
  EXPECT_EQ(leader.last_common(at(6), Runs{run(6, 2)}), at(6));
  const TermRuns follower = log_of(position(5, 2), {3});
  const TermRuns whole = log_of({}, {1, 2, 2, 2, 2, 2, 4});
  EXPECT_EQ(whole.last_common(at(6), follower.describe_down_from(at(6), 64)), at(5));
}

TEST(TermRuns, RunsThatEndTooEarlySayWhereToAskAgain) {
  const TermRuns leader = log_of({}, {1, 1, 1, 1, 1, 1, 9, 9, 9});
  EXPECT_EQ(leader.last_common(at(9), Runs{run(8, 6), run(5, 5)}), at(4));
  EXPECT_EQ(leader.last_common(at(4), {}), at(4));
}

TEST(TermRuns, WhatLiesBelowTheBaseIsNoAgreement) {
  const TermRuns leader = log_of(position(5, 2), {2, 4});
  EXPECT_LT(leader.last_common(at(4), Runs{run(3, 2), run(1, 1), run(0, 0)}), at(5));
}

TEST(TermRuns, RunsThatNoLogCanHaveAreHarmless) {
  const TermRuns leader = log_of(position(1, 1), {1, 4, 4});
  EXPECT_EQ(leader.last_common(at(4), Runs{run(0, 9), run(0, 8)}), at(0));
  EXPECT_EQ(leader.last_common(at(9), Runs{run(7, 9)}), at(4));
  const Index highest{~std::uint64_t{0}};
  for (const Runs& runs : {Runs{run(9, 4), run(12, 4), run(3, 1)}, Runs{run(0, 9), run(0, 1)},
                           Runs{{highest, Term{2}}, {highest, Term{2}}}}) {
    EXPECT_LE(leader.last_common(highest, runs), at(4));
  }
}

}  // namespace
}  // namespace quorate
