#include "log/log.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/fingerprint.h"

namespace quorate {
namespace {

constexpr std::uint64_t kRoomy = 1U << 20U;

Index at(std::uint64_t index) { return Index{index}; }
LogPosition position(std::uint64_t index, std::uint64_t term) { return {Index{index}, Term{term}}; }

Entry entry(std::uint64_t index, std::uint64_t term) {
  return {Term{term}, Index{index}, EntryKind::kCommand,
          Bytes::copy_of("payload of number " + std::to_string(index % 10))};
}
constexpr std::uint64_t kCost = 19 + 32;  // the payload above, and the fixed share

// A log after nothing, in memory alone.
Log log_of(std::initializer_list<std::uint64_t> terms, std::uint64_t window_bytes = kRoomy) {
  Log log{{}, window_bytes};
  std::uint64_t index = 0;
  for (const std::uint64_t term : terms) {
    log.append(entry(++index, term));
  }
  return log;
}

// The same, all of it stable, committed and applied.
Log settled(std::initializer_list<std::uint64_t> terms, std::uint64_t window_bytes = kRoomy) {
  Log log = log_of(terms, window_bytes);
  log.mark_stable(log.last().index);
  log.commit_to(log.last().index);
  log.apply_to(log.last().index);
  return log;
}

std::vector<std::uint64_t> copied(const Log& log, std::uint64_t first, std::uint64_t last,
                                  std::uint64_t max_bytes) {
  std::vector<Entry> out;
  const std::uint64_t cost = log.copy(at(first), at(last), max_bytes, out);
  EXPECT_EQ(cost, out.size() * kCost);
  std::vector<std::uint64_t> indexes;
  for (const Entry& each : out) {
    EXPECT_EQ(each, entry(each.index.value(), each.term.value()));
    indexes.push_back(each.index.value());
  }
  return indexes;
}

using Indexes = std::vector<std::uint64_t>;

TEST(Log, StartsEmpty) {
  const Log log{{}, kRoomy};
  EXPECT_EQ(log.base(), LogPosition{});
  EXPECT_EQ(log.last(), LogPosition{});
  EXPECT_EQ(log.window_first(), at(1));
  EXPECT_EQ(log.window_bytes(), 0U);
  EXPECT_TRUE(log.matches({}));
  EXPECT_FALSE(log.matches(position(1, 0)));
}

TEST(Log, RestoredFromDiskIsStableAndCommittedAsFarAsApplied) {
  TermRuns runs{position(3, 1)};
  runs.append(Term{1});
  runs.append(Term{2});
  runs.append(Term{2});
  const Log log{{runs, {entry(5, 2), entry(6, 2)}, at(4), at(5)}, kRoomy};
  EXPECT_EQ(log.base(), position(3, 1));
  EXPECT_EQ(log.last(), position(6, 2));
  EXPECT_EQ(log.snapshot(), at(4));
  EXPECT_EQ(log.applied(), at(5));
  EXPECT_EQ(log.committed(), at(5));
  EXPECT_EQ(log.stable(), at(6));
  EXPECT_EQ(log.window_first(), at(5));
  EXPECT_EQ(log.window_bytes(), 2 * kCost);
}

TEST(Log, RestoredKeepsNoMoreInMemoryThanItsWindow) {
  TermRuns runs;
  runs.append(Term{1});
  runs.append(Term{1});
  const Log log{{runs, {entry(1, 1), entry(2, 1)}, at(0), at(2)}, kCost};
  EXPECT_EQ(log.window_first(), at(2));
}

TEST(Log, RestoringWhatCannotBeIsABug) {
  TermRuns runs{position(3, 1)};
  runs.append(Term{1});
  runs.append(Term{2});
  const auto restore = [&runs](std::vector<Entry> tail, std::uint64_t snapshot,
                               std::uint64_t applied) {
    const Log log{{runs, std::move(tail), at(snapshot), at(applied)}, kRoomy};
  };
  EXPECT_NO_THROW(restore({entry(5, 2)}, 4, 4));
  EXPECT_THROW(restore({}, 2, 4), AssertionFailed);
  EXPECT_THROW(restore({}, 4, 3), AssertionFailed);
  EXPECT_THROW(restore({}, 4, 6), AssertionFailed);
  EXPECT_THROW(restore({entry(4, 1)}, 4, 4), AssertionFailed);
  EXPECT_THROW(restore({entry(5, 1)}, 4, 4), AssertionFailed);
  EXPECT_THROW(restore({entry(3, 1), entry(4, 1), entry(5, 2)}, 4, 4), AssertionFailed);
}

TEST(Log, AppendsOnlyTheNextEntry) {
  Log log = log_of({1, 1});
  EXPECT_THROW(log.append(entry(2, 1)), AssertionFailed);
  EXPECT_THROW(log.append(entry(4, 1)), AssertionFailed);
  EXPECT_THROW(log.append(entry(3, 0)), AssertionFailed);
  log.append(entry(3, 2));
  EXPECT_EQ(log.last(), position(3, 2));
  EXPECT_TRUE(log.matches(position(3, 2)));
  EXPECT_FALSE(log.matches(position(3, 1)));
}

TEST(Log, FirstNewSkipsWhatIsHere) {
  const Log log = log_of({1, 1, 2});
  EXPECT_EQ(log.first_new({}), nullptr);
  const std::vector<Entry> same{entry(2, 1), entry(3, 2)};
  EXPECT_EQ(log.first_new(same), nullptr);
  const std::vector<Entry> longer{entry(3, 2), entry(4, 2)};
  EXPECT_EQ(log.first_new(longer), &longer[1]);
  const std::vector<Entry> conflict{entry(2, 1), entry(3, 3), entry(4, 3)};
  EXPECT_EQ(log.first_new(conflict), &conflict[1]);
}

TEST(Log, FirstNewTakesWhatIsBelowTheBaseForTheSame) {
  Log log = settled({1, 1, 2});
  log.snapshot_at(at(3));
  log.compact(at(3));
  const std::vector<Entry> all{entry(1, 1), entry(2, 1), entry(3, 2), entry(4, 2)};
  EXPECT_EQ(log.first_new(all), &all[3]);
}

TEST(Log, TruncationDropsASuffixAndWithItStability) {
  Log log = log_of({1, 1, 2, 2});
  log.mark_stable(at(4));
  log.commit_to(at(1));
  log.truncate_from(at(5));
  EXPECT_EQ(log.stable(), at(4));
  log.truncate_from(at(3));
  EXPECT_EQ(log.last(), position(2, 1));
  EXPECT_EQ(log.stable(), at(2));
  EXPECT_EQ(log.window_bytes(), 2 * kCost);
  log.append(entry(3, 5));
  EXPECT_EQ(log.stable(), at(2));
  EXPECT_EQ(copied(log, 1, 3, kRoomy), (Indexes{1, 2, 3}));
}

TEST(Log, WhatIsCommittedIsNeverTruncated) {
  Log log = log_of({1, 1, 2});
  log.commit_to(at(2));
  EXPECT_THROW(log.truncate_from(at(2)), AssertionFailed);
  EXPECT_THROW(log.truncate_from(at(5)), AssertionFailed);
  EXPECT_EQ(log.last(), position(3, 2));
}

TEST(Log, CopiesAtLeastOneEntryAndNoMoreThanFit) {
  const Log log = log_of({1, 1, 1, 1});
  EXPECT_EQ(copied(log, 2, 4, 0), (Indexes{2}));
  EXPECT_EQ(copied(log, 2, 4, 2 * kCost - 1), (Indexes{2}));
  EXPECT_EQ(copied(log, 2, 4, 2 * kCost), (Indexes{2, 3}));
  EXPECT_EQ(copied(log, 2, 3, kRoomy), (Indexes{2, 3}));
  std::vector<Entry> out;
  EXPECT_THROW((void)log.copy(at(3), at(5), kRoomy, out), AssertionFailed);
  EXPECT_THROW((void)log.copy(at(3), at(2), kRoomy, out), AssertionFailed);
}

TEST(Log, CopyingSharesPayloads) {
  const Log log = log_of({1});
  std::vector<Entry> out;
  ASSERT_GT(log.copy(at(1), at(1), kRoomy, out), 0U);
  ASSERT_GT(log.copy(at(1), at(1), kRoomy, out), 0U);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].payload.span().data(), out[1].payload.span().data());
}

TEST(Log, WhatLeftTheMemoryIsTheDisksToRead) {
  Log log = settled({1, 1, 1, 1}, 2 * kCost);
  log.trim();
  EXPECT_EQ(log.window_first(), at(3));
  EXPECT_EQ(log.window_bytes(), 2 * kCost);
  std::vector<Entry> out;
  EXPECT_EQ(log.copy(at(2), at(4), kRoomy, out), 0U);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(copied(log, 3, 4, kRoomy), (Indexes{3, 4}));
  EXPECT_EQ(log.term_at(at(1)), Term{1});
}

TEST(Log, OnlyWhatIsCommittedAndStableMayLeaveTheMemory) {
  Log log = log_of({1, 1, 1, 1}, 0);
  log.trim();
  EXPECT_EQ(log.window_first(), at(1));
  log.mark_stable(at(3));
  log.trim();
  EXPECT_EQ(log.window_first(), at(1));
  log.commit_to(at(2));
  log.trim();
  EXPECT_EQ(log.window_first(), at(3));
  log.commit_to(at(4));
  log.trim();
  EXPECT_EQ(log.window_first(), at(4));
}

TEST(Log, StableGrowsNeverPastTheLast) {
  Log log = log_of({1, 1, 1});
  log.mark_stable(at(2));
  log.mark_stable(at(1));
  EXPECT_EQ(log.stable(), at(2));
  log.mark_stable(at(9));
  EXPECT_EQ(log.stable(), at(3));
}

TEST(Log, CommitNeverMovesBackNorPastTheLast) {
  Log log = log_of({1, 1, 1});
  log.commit_to(at(2));
  log.commit_to(at(2));
  EXPECT_THROW(log.commit_to(at(1)), AssertionFailed);
  EXPECT_THROW(log.commit_to(at(4)), AssertionFailed);
  EXPECT_EQ(log.committed(), at(2));
}

TEST(Log, AppliesOnlyWhatIsCommittedAndStable) {
  Log log = log_of({1, 1, 1});
  log.commit_to(at(3));
  EXPECT_THROW(log.apply_to(at(1)), AssertionFailed);
  log.mark_stable(at(3));
  log.apply_to(at(2));
  EXPECT_THROW(log.apply_to(at(1)), AssertionFailed);
  EXPECT_THROW(log.apply_to(at(4)), AssertionFailed);
  Log uncommitted = log_of({1});
  uncommitted.mark_stable(at(1));
  EXPECT_THROW(uncommitted.apply_to(at(1)), AssertionFailed);
}

TEST(Log, CompactionFollowsTheSnapshotAndTheSnapshotWhatIsApplied) {
  Log log = log_of({1, 1, 2, 2});
  log.mark_stable(at(4));
  log.commit_to(at(4));
  log.apply_to(at(3));
  EXPECT_THROW(log.snapshot_at(at(4)), AssertionFailed);
  log.snapshot_at(at(3));
  EXPECT_THROW(log.snapshot_at(at(2)), AssertionFailed);
  EXPECT_THROW(log.compact(at(4)), AssertionFailed);
  log.compact(at(2));
  EXPECT_EQ(log.base(), position(2, 1));
  EXPECT_EQ(log.window_first(), at(3));
  EXPECT_EQ(log.window_bytes(), 2 * kCost);
  log.compact(at(1));
  EXPECT_EQ(log.base(), position(2, 1));
  EXPECT_TRUE(log.matches(position(2, 1)));
  EXPECT_FALSE(log.matches(position(1, 1)));
}

TEST(Log, ASnapshotReplacesAllThatWasHere) {
  Log log = log_of({1, 1, 2, 2});
  log.mark_stable(at(3));
  log.commit_to(at(2));
  log.apply_to(at(1));
  log.reset(position(9, 4));
  EXPECT_EQ(log.base(), position(9, 4));
  EXPECT_EQ(log.last(), position(9, 4));
  EXPECT_EQ(log.snapshot(), at(9));
  EXPECT_EQ(log.committed(), at(9));
  EXPECT_EQ(log.stable(), at(9));
  EXPECT_EQ(log.applied(), at(1));
  EXPECT_EQ(log.window_bytes(), 0U);
  log.apply_to(at(9));
  log.append(entry(10, 4));
  EXPECT_EQ(copied(log, 10, 10, 0), (Indexes{10}));
}

TEST(Log, ASnapshotNeverTakesCommittedEntriesBack) {
  Log log = log_of({1, 3, 3});
  log.commit_to(at(2));
  EXPECT_THROW(log.reset(position(1, 4)), AssertionFailed);
  EXPECT_THROW(log.reset(position(5, 2)), AssertionFailed);
  log.reset(position(2, 3));
  EXPECT_EQ(log.last(), position(2, 3));
}

TEST(Log, ASleepingLogHoldsOnlyWhatIsNotDone) {
  Log log = settled({1, 1, 1, 1, 1, 1, 1, 1, 1});
  const std::size_t awake = log.memory();
  log.append(entry(10, 2));
  log.release_memory();
  EXPECT_EQ(log.window_first(), at(10));
  EXPECT_EQ(copied(log, 10, 10, 0), (Indexes{10}));
  EXPECT_LT(log.memory(), awake);
  log.truncate_from(at(10));
  log.release_memory();
  EXPECT_EQ(log.memory(), sizeof(TermRun));
}

std::uint64_t fingerprint(const Log& log) {
  Fingerprint into;
  log.fingerprint(into);
  return into.value();
}

TEST(Log, ItsFingerprintTellsStatesApart) {
  const std::uint64_t before = fingerprint(log_of({1, 1, 2}));
  EXPECT_EQ(before, fingerprint(log_of({1, 1, 2})));
  EXPECT_NE(before, fingerprint(log_of({1, 1, 1})));
  EXPECT_NE(before, fingerprint(log_of({1, 2, 2})));
  Log changed = log_of({1, 1, 2});
  changed.mark_stable(at(1));
  const std::uint64_t stable = fingerprint(changed);
  EXPECT_NE(before, stable);
  changed.commit_to(at(1));
  const std::uint64_t committed = fingerprint(changed);
  EXPECT_NE(stable, committed);
  changed.apply_to(at(1));
  EXPECT_NE(committed, fingerprint(changed));
}

TEST(Log, ItsFingerprintSeesPayloadsAndKinds) {
  Log command{{}, kRoomy};
  command.append({Term{1}, at(1), EntryKind::kCommand, {}});
  Log empty{{}, kRoomy};
  empty.append({Term{1}, at(1), EntryKind::kEmpty, {}});
  Log filled{{}, kRoomy};
  filled.append({Term{1}, at(1), EntryKind::kCommand, Bytes::copy_of("x")});
  EXPECT_NE(fingerprint(command), fingerprint(empty));
  EXPECT_NE(fingerprint(command), fingerprint(filled));
}

}  // namespace
}  // namespace quorate
