// What a batch may say, beyond that its checksum holds.
#include "wal/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "wal/batch.h"
#include "wal/scanner.h"

namespace quorate::wal {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kKey = 5;

// A log that is a checkpoint and this record behind it.
Result<void> replayed(Kind kind, GroupId group, Index index, Term term) {
  Batch batch;
  batch.add(Kind::kCheckpoint, GroupId{}, Index{}, Term{});
  batch.add(kind, group, index, term);
  batch.finish({.sequence = 1, .offset = kFirstBatch}, kKey);
  FoundBatch found;
  const std::string control{batch.control()};
  EXPECT_TRUE(decode_control(control, kKey, Copy::kFirst, found.control));
  found.bytes = control;
  Replay replay;
  replay.feed(found, 1);
  return replay.finish();
}

TEST(Replay, TakesWhatCanBe) {
  EXPECT_TRUE(replayed(Kind::kHardState, GroupId{7}, Index{3}, Term{2}).ok());
  EXPECT_TRUE(replayed(Kind::kCompact, GroupId{7}, Index{300}, Term{2}).ok());
}

TEST(Replay, ARecordThatIsWholeAndCannotBeIsAnErrorWithItsPlace) {
  const Index largest{std::numeric_limits<std::uint64_t>::max()};
  for (const Kind kind : {Kind::kLast, Kind::kCompact, Kind::kForget}) {
    const auto done = replayed(kind, GroupId{7}, largest, Term{1});
    ASSERT_FALSE(done.ok()) << describe(kind);
    EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(done.error().message, HasSubstr("segment 1, batch 1"));
  }
}

TEST(Replay, ALogOfMoreEntriesThanCanBeLostIsNone) {
  EXPECT_FALSE(replayed(Kind::kLast, GroupId{7}, Index{std::uint64_t{1} << 40U}, Term{1}).ok());
}

TEST(Replay, ASnapshotWithoutItsMetadataIsNone) {
  EXPECT_FALSE(replayed(Kind::kSnapshot, GroupId{7}, Index{5}, Term{1}).ok());
}

}  // namespace
}  // namespace quorate::wal
