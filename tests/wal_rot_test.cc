// Bytes that rot, one at a time and by the page: each is harmless, told with its place, or above
// what is known to be durable; none makes the log say something else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal_model.h"
#include "wire/checksum.h"

namespace quorate::wal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A small log of two groups, and what it holds.
struct WalRot : ::testing::Test {
  LogOnDisk log;
  Checked checked{log};
  std::vector<std::vector<Entry>> kept;

  void SetUp() override {
    log.options.segment_bytes = 24U << 10U;
    log.create();
    log.open();
    for (std::uint64_t i = 0; i < 4; ++i) {
      Write one = write_of(1, keep(entries(3 * i + 1, 3 * i + 3, 1 + i / 2)));
      if (i == 1) {
        one.hard_state = HardState{Term{2}, NodeId{1}};
      }
      Write two = write_of(2, keep(entries(i + 1, i + 1, 1)));
      checked.write({one, two});
      checked.sync();
    }
    ASSERT_EQ(log.wal->segments(), 1U);
  }
  std::span<const Entry> keep(std::vector<Entry> made) {
    kept.push_back(std::move(made));
    return kept.back();
  }
  // The log as it was, but for what `change` does to a segment.
  template <class Change>
  Result<void> open_changed(LogOnDisk& other, const Change& change, std::uint32_t number = 1) {
    other.options = log.options;
    other.disk.copy_from(log.disk);
    {
      auto file = other.disk.files().open(LogOnDisk::segment_path(number), env::Open::kWrite);
      EXPECT_TRUE(file.ok());
      change(*file.value());
      EXPECT_TRUE(file.value()->sync().ok());
    }
    return other.try_open();
  }
  static char byte_at(env::File& file, std::uint64_t offset) {
    char byte = 0;
    EXPECT_TRUE(file.read(offset, std::as_writable_bytes(std::span{&byte, 1})).ok());
    return byte;
  }
  static auto flip(std::uint64_t offset) {
    return [offset](env::File& file) {
      const char changed = static_cast<char>(byte_at(file, offset) ^ 0x10);
      EXPECT_TRUE(file.write(offset, std::string_view{&changed, 1}).ok());
    };
  }
  static auto zero(std::uint64_t offset, std::size_t size) {
    return [offset, size](env::File& file) {
      EXPECT_TRUE(file.write(offset, std::string(size, '\0')).ok());
    };
  }
  void expect_the_same(LogOnDisk& other, const std::string& when) {
    const auto found = content_of(*other.wal, other.opened.groups);
    ASSERT_TRUE(found.has_value()) << when;
    EXPECT_EQ(*found, checked.now()) << when << "\n" << describe(*found);
  }
};

TEST_F(WalRot, OfAnyOneByteIsHarmlessOrToldWithItsPlaceAndRepaired) {
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  int lost = 0;
  int scars = 0;
  for (std::uint64_t offset = 0; offset < log.options.segment_bytes; ++offset) {
    const std::string when = "byte " + std::to_string(offset);
    LogOnDisk other;
    const auto opened = open_changed(other, flip(offset));
    ASSERT_TRUE(opened.ok()) << when << ": " << error_of(opened);
    ASSERT_THAT(other.opened.unknown, IsEmpty()) << when;
    scars += static_cast<int>(other.opened.scars.size());
    if (!other.opened.lost.empty()) {
      ++lost;
      ASSERT_THAT(other.opened.lost, SizeIs(1)) << when;
      const Lost what = other.opened.lost.front();
      EXPECT_LE(what.offset, offset);
      EXPECT_GT(what.offset + what.size, offset);
      EXPECT_TRUE(
          other.wal->read(what.group, what.position.index, what.position.index, 0).value().lost ==
          what);
      const Entry& right = checked.now().at(what.group).entries.at(what.position.index);
      ASSERT_TRUE(other.wal->repair(what.group, right).ok()) << when;
      ASSERT_TRUE(other.wal->sync().ok());
      expect_the_same(other, when);
      other.open();
    }
    ASSERT_THAT(other.opened.lost, IsEmpty()) << when;
    expect_the_same(other, when);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(lost, 250);
  EXPECT_GT(scars, 300);
}

// As the last test, but nothing was ever written behind the last batch: it cannot be told from one
// that was not durable.
TEST_F(WalRot, InTheLastBatchOfAWriterThatDidNotCloseItsWindowPassesForATornTail) {
  log.wal.reset();
  LogOnDisk other;
  const std::uint64_t last = [&] {
    LogOnDisk whole;
    EXPECT_TRUE(open_changed(whole, [](env::File&) {}).ok());
    return whole.wal->read(GroupId{2}, Index{4}, Index{4}, 0).value().entries.size();
  }();
  ASSERT_EQ(last, 1U);
  int cut = 0;
  for (std::uint64_t offset = kFirstBatch; offset < log.options.segment_bytes; offset += 3) {
    LogOnDisk rotten;
    ASSERT_TRUE(open_changed(rotten, flip(offset)).ok());
    const auto found = content_of(*rotten.wal, rotten.opened.groups);
    if (rotten.opened.lost.empty() && found != checked.now()) {
      ++cut;
      ASSERT_TRUE(rotten.opened.torn.has_value()) << offset;
      EXPECT_LE(rotten.opened.torn->offset, offset);
      EXPECT_EQ(found->at(GroupId{2}).entries.size(), 3U);
    }
  }
  EXPECT_GT(cut, 50);
}

TEST_F(WalRot, OfAWholePageLosesNoHardStateAndInventsNothing) {
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  int unknown = 0;
  for (std::uint64_t page = 0; page < log.options.segment_bytes; page += kPage) {
    const std::string when = "page at " + std::to_string(page);
    LogOnDisk other;
    const auto opened = open_changed(other, zero(page, kPage));
    if (!opened && page == kFirstBatch) {
      // The first checkpoint has its copies on two pages, but shares the first with what follows.
      continue;
    }
    ASSERT_TRUE(opened.ok()) << when << ": " << error_of(opened);
    unknown += static_cast<int>(other.opened.unknown.size());
    EXPECT_EQ(other.recover(1, 0).hard_state, checked.now().at(GroupId{1}).hard_state) << when;
    for (const GroupId id : other.opened.groups) {
      const NaiveGroup& right = checked.now().at(id);
      const Recovered found = other.recover(id.value(), 0);
      EXPECT_LE(found.last, right.entries.rbegin()->first);
      for (Index at{1}; at <= found.last; at = at.next()) {
        const auto read = other.wal->read(id, at, at, 0);
        ASSERT_TRUE(read.ok()) << when;
        if (!read.value().lost) {
          EXPECT_EQ(read.value().entries.front(), right.entries.at(at)) << when;
        }
      }
    }
  }
  EXPECT_GT(unknown, 0);
}

TEST_F(WalRot, WhoseIdentityIsUnknownIsToldUntilItWasDealtWith) {
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  // A page in which batches of entries alone stand: the one behind the second copy of the vote.
  for (std::uint64_t page = kFirstBatch + kPage; page < log.options.segment_bytes; page += kPage) {
    LogOnDisk other;
    ASSERT_TRUE(open_changed(other, zero(page, kPage)).ok());
    if (other.opened.unknown.empty()) {
      continue;
    }
    other.open();
    EXPECT_THAT(other.opened.unknown, SizeIs(1));
    ASSERT_TRUE(other.wal->settle().ok());
    ASSERT_TRUE(other.wal->sync().ok());
    other.open();
    EXPECT_THAT(other.opened.unknown, IsEmpty());
    return;
  }
  FAIL() << "no page did it";
}

TEST_F(WalRot, OfBothCopiesOfHardStateCountsAsAWipedDisk) {
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  LogOnDisk other;
  const auto opened = open_changed(other, zero(kFirstBatch + kAlignment, 2 * kPage + 256));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
}

TEST_F(WalRot, ARepairTakesExactlyWhatWasLost) {
  ASSERT_TRUE(log.wal->close_window().ok());
  EXPECT_THAT(error_of(log.wal->repair(GroupId{1}, entry(1, 1))), HasSubstr("nothing is lost"));
  log.wal.reset();
  for (std::uint64_t offset = kFirstBatch; offset < log.options.segment_bytes; ++offset) {
    LogOnDisk other;
    ASSERT_TRUE(open_changed(other, flip(offset)).ok());
    if (other.opened.lost.empty()) {
      continue;
    }
    const Lost what = other.opened.lost.front();
    const Entry& right = checked.now().at(what.group).entries.at(what.position.index);
    Entry wrong = right;
    wrong.payload = Bytes::copy_of(std::string(right.payload.size(), 'w'));
    EXPECT_THAT(error_of(other.wal->repair(what.group, wrong)), HasSubstr("is not what was lost"));
    wrong = right;
    wrong.term = wrong.term.next();
    EXPECT_FALSE(other.wal->repair(what.group, wrong).ok());
    EXPECT_TRUE(other.wal->repair(what.group, right).ok());
    return;
  }
  FAIL() << "no byte did it";
}

// ---- Files that are not what they should be: refused, with the name and the remedy

struct WalFiles : ::testing::Test {
  LogOnDisk log;

  void SetUp() override {
    log.create();
    log.open();
    for (std::uint64_t i = 0; i < 150; ++i) {
      log.append(1, i * 10 + 1, i * 10 + 10, 1);
      log.sync();
    }
    ASSERT_GE(log.wal->segments(), 3U);
    log.wal.reset();
  }
  void expect_refused(const std::string& why) {
    const auto paths = log.disk.paths();
    const std::uint64_t before = log.disk.operations();
    const auto opened = log.try_open();
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(error_of(opened), HasSubstr(why));
    EXPECT_EQ(log.disk.operations(), before) << "something was changed";
    EXPECT_EQ(log.disk.paths(), paths);
  }
};

TEST_F(WalFiles, ASegmentThatIsMissingInTheMiddleIsNamed) {
  log.disk.lose(LogOnDisk::segment_path(2));
  expect_refused("0000000002.log is missing");
}

TEST_F(WalFiles, TheNewestSegmentIsMissedToo) {
  log.disk.lose(LogOnDisk::segment_path(
      static_cast<std::uint32_t>(log.disk.files().list(Directory::log_of(kPath)).value().size())));
  expect_refused("is missing");
}

TEST_F(WalFiles, TheOldestSegmentIsMissedIfSomethingOfItIsNeeded) {
  log.disk.lose(LogOnDisk::segment_path(1));
  expect_refused("before the oldest that is there");
}

TEST_F(WalFiles, AllSegmentsGoneIsNoNewLog) {
  for (std::uint32_t i = 1; i < 30; ++i) {
    log.disk.lose(LogOnDisk::segment_path(i));
  }
  expect_refused("holds no segment");
}

TEST_F(WalFiles, TheDirectoryOfAnotherNodeIsRefused) {
  const auto other = Directory::open(log.disk.files(), kPath, kIdentity.cluster, NodeId{4});
  EXPECT_THAT(error_of(other), HasSubstr("belongs to node 3 of cluster 7"));
  const auto cluster = Directory::open(log.disk.files(), kPath, ClusterId{8}, kIdentity.node);
  EXPECT_THAT(error_of(cluster), HasSubstr("use the directory of that node"));
}

TEST_F(WalFiles, ADirectoryHasOneOwner) {
  const auto held = Directory::open(log.disk.files(), kPath, kIdentity.cluster, kIdentity.node);
  ASSERT_TRUE(held.ok());
  EXPECT_FALSE(log.try_open().ok());
}

TEST_F(WalFiles, ADirectoryIsNeitherMadeByOpeningNorMadeTwice) {
  auto none = Directory::open(log.disk.files(), "/none", kIdentity.cluster, kIdentity.node);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(log.disk.files().exists("/none"));
  EXPECT_THAT(error_of(Directory::create(log.disk.files(), kPath, kIdentity, kTiny)),
              HasSubstr("belongs to a node already"));
  log.disk.lose(kPath + "/identity");
  EXPECT_THAT(error_of(Directory::create(log.disk.files(), kPath, kIdentity, kTiny)),
              HasSubstr("is not empty"));
  expect_refused("is no node's directory");
}

TEST_F(WalFiles, ADamagedIdentityIsRefused) {
  log.disk.rot(kPath + "/identity", 30, simenv::Rot::kBit);
  expect_refused("is damaged");
}

TEST_F(WalFiles, ASegmentOfAnotherNodeIsRefused) {
  LogOnDisk other;
  const Identity stranger{kIdentity.cluster, NodeId{4}, Incarnation{1}};
  ASSERT_TRUE(Directory::create(other.disk.files(), "/other", stranger, kTiny).ok());
  const auto bytes = read_all(other.disk.files(), "/other/log/0000000001.log", kTiny);
  ASSERT_TRUE(bytes.ok());
  auto file = log.disk.files().open(LogOnDisk::segment_path(2), env::Open::kWrite);
  ASSERT_TRUE(file.value()->write(0, bytes.value()).ok());
  file.value().reset();
  expect_refused("belongs to node 4 of cluster 7");
}

TEST_F(WalFiles, ANewerFormatIsRefused) {
  auto file = log.disk.files().open(LogOnDisk::segment_path(2), env::Open::kWrite);
  std::string newer = encode(SegmentHeader{kIdentity, 2, 1, 1, 1, kTiny});
  newer = newer.substr(0, 72);
  newer[8] = 2;
  const std::uint64_t sum = wire::checksum_of(newer);
  for (int i = 0; i < 8; ++i) {
    newer.push_back(static_cast<char>(sum >> (8 * i) & 0xffU));
  }
  ASSERT_TRUE(file.value()->write(0, newer).ok());
  ASSERT_TRUE(file.value()->write(kPage, newer).ok());
  file.value().reset();
  expect_refused("has format 2, and this Quorate reads 1");
}

TEST_F(WalRot, WhatIsCutOffIsGoneWithTheLossesInIt) {
  ASSERT_TRUE(log.wal->close_window().ok());
  log.wal.reset();
  // Any loss in group 1 will do.
  for (std::uint64_t offset = 8192; offset < (24U << 10U); ++offset) {
    LogOnDisk other;
    if (!open_changed(other, flip(offset)) || other.opened.lost.empty() ||
        other.opened.lost.front().group != GroupId{1}) {
      continue;
    }
    const LogPosition lost = other.opened.lost.front().position;
    ASSERT_TRUE(other.wal->cut(GroupId{1}, lost.index).ok());
    ASSERT_TRUE(other.wal->sync().ok());
    EXPECT_EQ(other.wal->outline(GroupId{1}).value().last, lost.index.previous());
    other.wal.reset();
    ASSERT_TRUE(other.try_open().ok());
    EXPECT_THAT(other.opened.lost, IsEmpty());
    EXPECT_EQ(other.wal->recover(GroupId{1}, 1U << 20U).value().last, lost.index.previous());
    return;
  }
  FAIL() << "no byte is one of an entry of group 1";
}

}  // namespace
}  // namespace quorate::wal::testing
