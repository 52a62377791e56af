// The rules of the design that the log must keep, each by its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wal/recovery.h"
#include "wal_fixture.h"

namespace quorate::wal::testing {
namespace {

using simenv::Survival;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct WalRules : ::testing::Test {
  LogOnDisk log;

  void SetUp() override {
    log.create();
    log.open();
  }
  void vote(std::uint64_t group, HardState hard_state) {
    Write write;
    write.group = GroupId{group};
    write.hard_state = hard_state;
    log.write(write);
  }
  // The newest batch that has such a record.
  Head batch_with(Kind kind) {
    Head found;
    const auto look = [&](const Segment& /*segment*/, const FoundBatch& batch) {
      for (const Record& record : batch.control.records) {
        found = record.kind == kind ? batch.control.head : found;
      }
    };
    EXPECT_TRUE(Recovery::read(log.disk.files(), Directory::log_of(kPath), kIdentity,
                               env::Open::kRead, look)
                    .ok());
    return found;
  }
  std::string segment(std::uint32_t number) {
    return read_all(log.disk.files(), LogOnDisk::segment_path(number), 1U << 20U).value();
  }
  void overwrite(std::uint32_t number, std::size_t at, std::string_view bytes) {
    auto file = log.disk.files().open(LogOnDisk::segment_path(number), env::Open::kWrite);
    ASSERT_TRUE(file.value()->write(at, bytes).ok());
    ASSERT_TRUE(file.value()->sync().ok());
  }
};

// Nothing carries a term before it is durable: so what sync() has said is there.
TEST_F(WalRules, Rule01ATermAndItsVoteAreThereAfterAnyPowerLossOnceSynced) {
  for (const Survival survival : {Survival::kNone, Survival::kPrefix, Survival::kAny}) {
    const Term term{static_cast<std::uint64_t>(survival) + 2};
    vote(7, {term, NodeId{2}});
    log.sync();
    vote(7, {term.next(), NodeId{3}});
    log.disk.crash(survival);
    log.open();
    const HardState found = log.recover(7).hard_state;
    EXPECT_TRUE(found == (HardState{term, NodeId{2}}) ||
                found == (HardState{term.next(), NodeId{3}}))
        << describe(found);
  }
}

TEST_F(WalRules, Rule01HardStateOutlivesTheSegmentItWasWrittenIn) {
  vote(7, {Term{9}, NodeId{2}});
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    const auto some = entries(i, i, 1);
    Write write = write_of(8, some);
    write.compact = i > 2 ? std::optional{Index{i - 2}} : std::nullopt;
    log.write(write);
    log.sync();
  }
  ASSERT_FALSE(log.disk.files().exists(LogOnDisk::segment_path(1)) && log.wal->segments() > 4);
  log.disk.crash(Survival::kNone);
  log.open();
  EXPECT_EQ(log.recover(7).hard_state, (HardState{Term{9}, NodeId{2}}));
}

// 2. Only an uncommitted suffix may shrink, and it is gone for good when something replaces it.
TEST_F(WalRules, Rule02AReplacedSuffixDoesNotComeBack) {
  log.append(7, 1, 9, 1);
  log.append(7, 4, 5, 2);
  log.sync();
  log.disk.crash(Survival::kAny);
  log.open();
  const Recovered found = log.recover(7);
  EXPECT_EQ(found.last, Index{5});
  EXPECT_THAT(found.runs, ElementsAre(TermRun{Index{1}, Term{1}}, TermRun{Index{4}, Term{2}}));
}

// 8. A configuration is rebuilt at restart from snapshot and log, and rolled back with its entry.
TEST_F(WalRules, Rule08AConfigurationIsRolledBackWithItsEntryAtRestartToo) {
  const Configuration two{{NodeId{1}, NodeId{2}}, {}, {}, {}};
  const std::vector<Entry> changed{entry(1, 1),
                                   {Term{1}, Index{2}, EntryKind::kConfiguration, two.encode()}};
  log.write(write_of(7, changed));
  log.sync();
  log.open();
  EXPECT_THAT(log.recover(7).configurations, ElementsAre(ConfigurationFound{Index{2}, two}));
  log.append(7, 2, 2, 2);
  log.sync();
  log.open();
  EXPECT_THAT(log.recover(7).configurations, IsEmpty());
}

// 11. A torn tail is cut off: what stood behind the tear is never part of a later log, though the
// batch that comes to stand before it has the number and the place of the one that tore.
TEST_F(WalRules, Rule11WhatIsCutOffIsNeverReadAgain) {
  log.append(7, 1, 2, 1);
  log.sync();
  const std::string before = segment(1);
  log.append(7, 3, 3, 1);
  log.append(7, 4, 4, 1);
  const std::string torn = segment(1);
  const std::size_t third = torn.find("entry 3/1");
  ASSERT_NE(third, std::string::npos);
  log.wal.reset();
  overwrite(1, third, "torn");
  log.open();
  ASSERT_TRUE(log.opened.torn.has_value());
  EXPECT_EQ(log.recover(7).last, Index{2});
  log.wal.reset();
  // The sectors of the tear come out as they were meant to be, too late.
  EXPECT_EQ(segment(1).substr(third, 4), "torn");
  overwrite(1, third, "entr");
  log.open();
  EXPECT_EQ(log.recover(7).last, Index{2}) << "its head is wiped";
}

// 11. A failed fsync is final: the kernel may go on to show what the disk does not hold, so what is
// read then is written once more before the log counts as open.
TEST_F(WalRules, Rule11WhatWasReadAfterAFailedSyncIsOnDiskWhenTheLogIsOpen) {
  log.append(7, 1, 1, 1);
  log.sync();
  log.append(7, 2, 2, 1);
  log.disk.inject({simenv::Call::kSync, segment_name(1)});
  ASSERT_FALSE(log.wal->sync().ok());
  log.wal.reset();
  log.disk.kill();
  log.open();
  const Index last = log.recover(7).last;
  log.disk.crash(Survival::kNone);
  log.open();
  EXPECT_EQ(log.recover(7).last, last);
}

// 11. Rot is told, also where all that is left of a segment is less than its header.
TEST_F(WalRules, Rule11ASegmentThatIsCutShortAnywhereIsAnErrorOrALossThatIsTold) {
  log.append(7, 1, 3, 1);
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  const std::string whole = segment(1);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{100}, kPage, kPage + 100, kFirstBatch}) {
    auto file = log.disk.files().open(LogOnDisk::segment_path(1), env::Open::kOverwrite);
    ASSERT_TRUE(file.value()->write(0, whole.substr(0, size)).ok());
    file.value().reset();
    const auto opened = log.try_open();
    ASSERT_FALSE(opened.ok()) << size;
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << error_of(opened);
  }
}

// 12. Of a lost record its identity is known, and exactly those bytes repair it.
TEST_F(WalRules, Rule12ALostRecordIsNamedByGroupTermIndexAndChecksum) {
  log.append(7, 1, 3, 2);
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  overwrite(1, segment(1).find("entry 2/2"), "rotten");
  log.open();
  ASSERT_EQ(log.opened.lost.size(), 1U);
  const Lost& lost = log.opened.lost.front();
  EXPECT_EQ(lost.group, GroupId{7});
  EXPECT_EQ(lost.position, (LogPosition{Index{2}, Term{2}}));
  EXPECT_FALSE(log.wal->repair(GroupId{7}, entry(2, 2, "entry 2/3")).ok());
  EXPECT_TRUE(log.wal->repair(GroupId{7}, entry(2, 2, "entry 2/2")).ok());
  log.sync();
  log.disk.crash(Survival::kNone);
  log.open();
  EXPECT_THAT(log.opened.lost, IsEmpty());
  EXPECT_EQ(log.read(7, 1, 3), entries(1, 3, 2));
}

// 12. Lost hard state (both copies, and no checkpoint behind them) counts as a wiped disk.
TEST_F(WalRules, Rule12LostHardStateCountsAsAWipedDisk) {
  vote(7, {Term{9}, NodeId{2}});
  log.append(7, 1, 3, 9);
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  const Head vote = batch_with(Kind::kHardState);
  overwrite(1, vote.offset, std::string(vote.size, '\0'));
  const auto opened = log.try_open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(error_of(opened), HasSubstr("hard state is lost"));
}

// 13. Who was met under which incarnation is kept in a file that is replaced as a whole.
TEST_F(WalRules, Rule13AFileThatIsReplacedIsTheOldOneOrTheNewOneAfterAPowerLoss) {
  const std::string path = kPath + "/peers";
  const std::string first(3000, '1');
  const std::string second(5000, '2');
  for (std::uint64_t round = 0; round < 20; ++round) {
    ASSERT_TRUE(env::replace(log.disk.files(), path, first).ok());
    log.disk.crash(Survival::kNone);
    EXPECT_EQ(env::read_all(log.disk.files(), path, 1U << 20U).value(), first)
        << "durable on return";
    log.disk.crash_after(log.disk.operations() + 1 + round % 4);
    try {
      static_cast<void>(env::replace(log.disk.files(), path, second));
    } catch (const simenv::PowerCut&) {
    }
    log.disk.crash(Survival::kAny);
    log.disk.crash_before(0);
    const std::string found = env::read_all(log.disk.files(), path, 1U << 20U).value();
    EXPECT_TRUE(found == first || found == second) << "after operation " << 1 + round % 4;
  }
}

}  // namespace
}  // namespace quorate::wal::testing
