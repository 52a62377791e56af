// The log of a node, used as the node uses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal_fixture.h"

namespace quorate::wal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct WalTest : ::testing::Test {
  LogOnDisk log;

  void SetUp() override {
    log.create();
    log.open();
  }
};

TEST_F(WalTest, ANewLogHoldsNothing) {
  EXPECT_THAT(log.opened.groups, IsEmpty());
  EXPECT_EQ(log.wal->recover(GroupId{1}, 0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(log.wal->read(GroupId{1}, Index{1}, Index{1}, 0).error().code, ErrorCode::kNotFound);
}

TEST_F(WalTest, WhatWasSyncedIsThereAfterAPowerLoss) {
  Write write = write_of(1, {});
  const auto some = entries(1, 5, 2);
  write.hard_state = HardState{Term{2}, NodeId{3}};
  write.entries = some;
  log.write(write);
  log.append(1, 6, 8, 3);
  log.append(9, 1, 2, 1);
  log.sync();
  log.disk.crash(simenv::Survival::kNone);
  log.open();
  EXPECT_THAT(log.opened.groups, ElementsAre(GroupId{1}, GroupId{9}));
  const Recovered one = log.recover(1);
  EXPECT_EQ(one.hard_state, (HardState{Term{2}, NodeId{3}}));
  EXPECT_EQ(one.last, Index{8});
  EXPECT_EQ(one.runs, (std::vector<TermRun>{{Index{1}, Term{2}}, {Index{6}, Term{3}}}));
  EXPECT_EQ(one.tail.size(), 8U);
  EXPECT_EQ(log.read(1, 6, 8), entries(6, 8, 3));
  EXPECT_EQ(log.read(9, 1, 2), entries(1, 2, 1));
}

TEST_F(WalTest, WhatWasNotSyncedIsGoneOrWhole) {
  log.append(1, 1, 1, 1);
  log.sync();
  log.append(1, 2, 9, 1);
  log.disk.crash(simenv::Survival::kNone);
  log.open();
  EXPECT_EQ(log.recover(1).last, Index{1});
  log.append(1, 2, 2, 4);
  log.disk.crash(simenv::Survival::kAll);
  log.open();
  EXPECT_EQ(log.recover(1).last, Index{2});
}

TEST_F(WalTest, EntriesReplaceWhatFollowed) {
  log.append(1, 1, 10, 1);
  log.append(1, 4, 6, 2);
  log.sync();
  log.open();
  EXPECT_EQ(log.recover(1).last, Index{6});
  auto expected = entries(1, 3, 1);
  const auto replaced = entries(4, 6, 2);
  expected.insert(expected.end(), replaced.begin(), replaced.end());
  EXPECT_EQ(log.read(1, 1, 6), expected);
}

TEST_F(WalTest, AReadHoldsToItsBudgetButGivesOneEntry) {
  log.append(1, 1, 20, 1);
  EXPECT_EQ(log.read(1, 3, 20, 0), entries(3, 3, 1));
  EXPECT_EQ(log.read(1, 3, 20, 200).size(), 4U);
  EXPECT_EQ(log.read(1, 1, 99).size(), 20U);
}

TEST_F(WalTest, LargePayloadsAreWrittenAndReadBack) {
  std::vector<Entry> mixed{entry(1, 1, std::string(100'000, 'x')), entry(2, 1, "small"),
                           entry(3, 1, std::string(4096, 'y'))};
  log.write(write_of(1, mixed));
  log.sync();
  EXPECT_EQ(log.read(1, 1, 3), mixed);
  log.open();
  EXPECT_EQ(log.recover(1).tail, mixed);
}

TEST_F(WalTest, AnInstalledSnapshotReplacesTheLog) {
  log.append(1, 1, 10, 1);
  Write write;
  write.group = GroupId{1};
  write.install = meta(50, 4);
  const auto some = entries(51, 52, 5);
  write.entries = some;
  log.write(write);
  log.sync();
  log.open();
  const Recovered found = log.recover(1);
  EXPECT_EQ(found.snapshot, meta(50, 4));
  EXPECT_EQ(found.base, (LogPosition{Index{50}, Term{4}}));
  EXPECT_EQ(found.tail, some);
}

TEST_F(WalTest, ConfigurationsAfterTheSnapshotAreFound) {
  const Configuration members = meta(1, 1).configuration;
  std::vector<Entry> some = entries(1, 5, 1);
  for (const std::size_t at : {1U, 3U}) {
    some[at].kind = EntryKind::kConfiguration;
    some[at].payload = members.encode();
  }
  log.write(write_of(1, some));
  Write write;
  write.group = GroupId{1};
  write.snapshot = meta(3, 1);
  write.compact = Index{2};
  log.write(write);
  log.sync();
  log.open();
  const Recovered found = log.recover(1);
  EXPECT_EQ(found.configurations, (std::vector<ConfigurationFound>{{Index{4}, members}}));
  EXPECT_EQ(found.base, (LogPosition{Index{2}, Term{1}}));
}

TEST_F(WalTest, AForgottenGroupIsGoneForGood) {
  log.append(1, 1, 3, 1);
  log.append(2, 1, 3, 1);
  Write write;
  write.group = GroupId{1};
  write.forget = true;
  log.write(write);
  log.sync();
  log.open();
  EXPECT_THAT(log.opened.groups, ElementsAre(GroupId{2}));
}

// ---- Segments

TEST_F(WalTest, SegmentsFollowOneAnotherAndAreRecycled) {
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    const auto some = entries(i, i, 1 + i / 100);
    Write write = write_of(1, some);
    if (i > 20) {
      write.compact = Index{i - 20};
    }
    if (i % 10 == 0) {
      write.hard_state = HardState{Term{1 + i / 100}, NodeId{1}};
    }
    log.write(write);
    log.sync();
  }
  EXPECT_LE(log.wal->segments(), 4U);
  EXPECT_LE(log.disk.files().list(Directory::log_of(kPath)).value().size(), 6U);
  log.disk.crash(simenv::Survival::kNone);
  log.open();
  const Recovered found = log.recover(1);
  EXPECT_EQ(found.base.index, Index{2980});
  EXPECT_EQ(found.hard_state, (HardState{Term{31}, NodeId{1}}));
  EXPECT_EQ(found.tail.size(), 20U);
}

TEST_F(WalTest, AGroupThatLagsDoesNotPinSegmentsForEver) {
  log.options.max_segments = 3;
  log.open();
  log.append(1, 1, 30, 1);  // and then nothing more
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    const auto some = entries(i, i, 1);
    Write write = write_of(2, some);
    write.compact = Index{i - 1};
    log.write(write);
    log.sync();
  }
  EXPECT_LE(log.wal->segments(), 5U);
  EXPECT_EQ(log.read(1, 1, 30), entries(1, 30, 1));
  log.open();
  EXPECT_EQ(log.recover(1).tail, entries(1, 30, 1));
}

TEST_F(WalTest, ABatchLargerThanASegmentHasALargerOneOfItsOwn) {
  const std::vector<Entry> big{entry(1, 1, std::string(200'000, 'x'))};
  log.write(write_of(1, big));
  log.append(1, 2, 3, 1);
  log.sync();
  log.open();
  EXPECT_EQ(log.read(1, 1, 1), big);
  EXPECT_EQ(log.recover(1).last, Index{3});
}

TEST_F(WalTest, AFullDiskChangesNothingAndTheSameWriteMayBeTriedAgain) {
  std::uint64_t index = 1;
  log.append(1, index, index, 1);
  log.sync();
  log.disk.set_quota(log.disk.used_bytes());
  Result<void> result;
  for (; result.ok() && index < 1000; ++index) {
    const auto some = entries(index + 1, index + 1, 1);
    const Write write = write_of(1, some);
    result = log.wal->write(std::span{&write, 1});
  }
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kExhausted);
  ASSERT_TRUE(log.wal->sync().ok());
  log.disk.set_quota(0);
  log.append(1, index, index, 1);
  log.sync();
  log.disk.crash(simenv::Survival::kNone);
  log.open();
  EXPECT_EQ(log.recover(1).last, Index{index});
}

TEST_F(WalTest, AFailedSyncIsFinal) {
  log.append(1, 1, 1, 1);
  log.disk.inject({simenv::Call::kSync, segment_name(1)});
  const auto failed = log.wal->sync();
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(error_of(failed), HasSubstr("until the log is opened anew"));
  EXPECT_EQ(error_of(log.wal->sync()), error_of(failed));
  EXPECT_EQ(error_of(log.wal->write({})), error_of(failed));
  EXPECT_EQ(error_of(log.wal->close_window()), error_of(failed));
}

}  // namespace
}  // namespace quorate::wal::testing
