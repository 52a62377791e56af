// What `quorate log` says of a directory.
#include "wal/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal_fixture.h"

namespace quorate::wal::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

struct Report : ::testing::Test {
  LogOnDisk log;
  std::vector<std::string> lines;
  Say say = [this](const std::string& line) { lines.push_back(line); };

  void SetUp() override {
    log.create();
    log.open();
    Write write;
    write.group = GroupId{7};
    write.hard_state = HardState{Term{2}, NodeId{3}};
    log.write(write);
    log.append(7, 1, 3, 2);
    log.append(8, 1, 1, 1);
    ASSERT_TRUE(log.wal->close_window().ok());
    log.wal.reset();
  }
  bool verified() {
    lines.clear();
    const auto whole = verify(log.disk.files(), kPath, say);
    EXPECT_TRUE(whole.ok()) << error_of(whole);
    return whole && whole.value();
  }
};

TEST_F(Report, ADumpShowsEveryRecordAndChangesNothing) {
  const std::uint64_t before = log.disk.operations();
  ASSERT_TRUE(dump(log.disk.files(), kPath, say).ok());
  EXPECT_EQ(log.disk.operations(), before);
  EXPECT_THAT(lines, Contains(HasSubstr("hard state           7  term 2, vote 3")));
  EXPECT_THAT(lines, Contains(HasSubstr("entries              7  1/2 to 3/2, after term 0")));
}

TEST_F(Report, ALogThatIsWholeIsSaidToBe) {
  EXPECT_TRUE(verified());
  EXPECT_THAT(lines, Contains(HasSubstr("1 segments, 5 batches")));
  EXPECT_THAT(lines, Contains("nothing is broken"));
}

TEST_F(Report, ARottenEntryIsNamedWithSegmentAndOffset) {
  const auto text = read_all(log.disk.files(), LogOnDisk::segment_path(1), kTiny);
  const std::size_t at = text.value().find("entry 2/2");
  ASSERT_TRUE(log.disk.rot(LogOnDisk::segment_path(1), at, simenv::Rot::kBit));
  EXPECT_FALSE(verified());
  EXPECT_THAT(lines, Contains(HasSubstr("rotten: entry 2/2 of group 7")));
  EXPECT_THAT(lines, Contains(HasSubstr("segment 1 offset " + std::to_string(at - 4))));
}

TEST_F(Report, ATornTailIsToldAndNoDamage) {
  log.open();
  log.append(7, 4, 9, 2);
  log.wal.reset();
  const auto text = read_all(log.disk.files(), LogOnDisk::segment_path(1), kTiny);
  ASSERT_TRUE(log.disk.files()
                  .open(LogOnDisk::segment_path(1), env::Open::kWrite)
                  .value()
                  ->write(text.value().find("entry 5/2"), "torn")
                  .ok());
  EXPECT_TRUE(verified());
  EXPECT_THAT(lines, Contains(HasSubstr("torn: batch 6")));
}

TEST_F(Report, ADirectoryThatIsNoneIsRefused) {
  EXPECT_EQ(verify(log.disk.files(), "/none", say).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace quorate::wal::testing
