#include "sim/env/disk.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace quorate::simenv {
namespace {

using env::Open;

std::string block(char letter, std::size_t size = 512) { return std::string(size, letter); }

struct DiskTest : testing::Test {
  SimulatedDisk disk{7};
  env::Files& files = disk.files();

  std::unique_ptr<env::File> open(const std::string& path, Open how) {
    return std::move(files.open(path, how).value());
  }
  // Made, and all of it durable.
  std::unique_ptr<env::File> durable_file(const std::string& path, const std::string& bytes) {
    auto file = open(path, Open::kCreate);
    (void)file->write(0, bytes);
    EXPECT_TRUE(file->sync().ok());
    EXPECT_TRUE(files.sync_directory("/").ok());
    return file;
  }
  std::string names(const std::string& directory) {
    const auto entries = files.list(directory);
    std::string names;
    for (const env::Entry& entry : entries.value()) {
      names += entry.name + (entry.directory ? "/" : "");
    }
    return names;
  }
  std::string content(const std::string& path) {
    auto opened = files.open(path, Open::kRead);
    if (!opened) {
      return "(" + opened.error().message + ")";
    }
    std::string bytes(opened.value()->size().value(), '?');
    const auto into = std::as_writable_bytes(std::span{bytes.data(), bytes.size()});
    bytes.resize(opened.value()->read(0, into).value());
    return bytes;
  }
};

TEST_F(DiskTest, ShowsWhatWasWrittenBeforeItIsDurable) {
  auto file = open("/a", Open::kCreate);
  const std::array<std::string_view, 2> parts{"one", "two"};
  ASSERT_TRUE(file->write(2, parts).ok());
  EXPECT_EQ(content("/a"), std::string(2, '\0') + "onetwo");
  ASSERT_TRUE(file->resize(5).ok());
  EXPECT_EQ(content("/a"), std::string(2, '\0') + "one");
  ASSERT_TRUE(file->resize(7).ok());
  EXPECT_EQ(content("/a"), std::string(2, '\0') + "one" + std::string(2, '\0'));
}

TEST_F(DiskTest, RefusesWithTheReasonAndThePath) {
  const auto code = [](const auto& result) { return result.error().code; };
  durable_file("/a", "x");
  ASSERT_TRUE(files.make_directory("/d").ok());
  ASSERT_TRUE(files.make_directory("/d").ok());
  ASSERT_TRUE(open("/d/b", Open::kCreate) != nullptr);
  EXPECT_EQ(code(files.open("/none", Open::kRead)), ErrorCode::kNotFound);
  EXPECT_EQ(code(files.open("/none/a", Open::kCreate)), ErrorCode::kNotFound);
  EXPECT_EQ(code(files.open("/a", Open::kCreate)), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.open("/d", Open::kWrite)), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.make_directory("/a")), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.remove("/d")), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.remove("/none")), ErrorCode::kNotFound);
  EXPECT_EQ(code(files.rename("/none", "/b")), ErrorCode::kNotFound);
  EXPECT_EQ(code(files.rename("/a", "/d")), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.rename("/d", "/d/e")), ErrorCode::kInvalid);
  EXPECT_EQ(code(files.link("/a", "/d/b")), ErrorCode::kInvalid);
  EXPECT_EQ(code(open("/a", Open::kRead)->write(0, "y")), ErrorCode::kInvalid);
  EXPECT_NE(files.remove("/none").error().message.find("/none"), std::string::npos);
}

TEST_F(DiskTest, ListsNamesInOrder) {
  for (const char* path : {"/b", "/a", "/c"}) {
    open(path, Open::kCreate);
  }
  ASSERT_TRUE(files.make_directory("/ab").ok());
  EXPECT_EQ(names("/"), "aab/bc");
}

TEST_F(DiskTest, ALockIsHeldOnceAndGoneWithTheProcess) {
  auto lock = files.lock("/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(files.lock("/lock").error().code, ErrorCode::kInvalid);
  disk.kill();
  auto again = files.lock("/lock");
  ASSERT_TRUE(again.ok());
  lock.value().reset();  // Of the process that died: holds nothing any more.
  EXPECT_FALSE(files.lock("/lock").ok());
  again.value().reset();
  EXPECT_TRUE(files.lock("/lock").ok());
}

// ---- Crashes

TEST_F(DiskTest, WhatIsSyncedSurvivesEveryCrash) {
  for (const Survival survival :
       {Survival::kNone, Survival::kAll, Survival::kPrefix, Survival::kAny}) {
    const std::string path = "/" + std::string{name_of(survival)};
    durable_file(path, block('a', 5000));
    disk.crash(survival);
    EXPECT_EQ(content(path), block('a', 5000)) << name_of(survival);
  }
}

TEST_F(DiskTest, TheExtremesKeepNothingOrAll) {
  auto file = durable_file("/a", block('a', 1024));
  (void)file->write(512, block('b', 1024));
  disk.kill();
  EXPECT_EQ(content("/a"), block('a') + block('b', 1024));
  EXPECT_FALSE(file->write(0, "x").ok());  // It was the dead process's.
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), block('a', 1024));
  (void)open("/a", Open::kWrite)->write(512, block('b', 1024));
  disk.crash(Survival::kAll);
  EXPECT_EQ(content("/a"), block('a') + block('b', 1024));
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), block('a') + block('b', 1024));
}

// Each of two sectors holds one of the three versions it had, each by itself, and all nine come.
TEST(DiskCrash, AnyVersionOfEachSectorMaySurvive) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimulatedDisk disk{seed};
    auto file = std::move(disk.files().open("/a", Open::kCreate).value());
    (void)file->write(0, block('a', 1024));
    (void)file->sync();
    (void)disk.files().sync_directory("/");
    (void)file->write(0, block('b', 1024));
    (void)file->write(0, block('c', 1024));
    disk.crash(Survival::kAny);
    std::string bytes(1024, '?');
    auto again = std::move(disk.files().open("/a", Open::kRead).value());
    (void)again->read(0, std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
    EXPECT_EQ(bytes, block(bytes[0]) + block(bytes[512]));
    seen.insert({bytes[0], bytes[512]});
  }
  EXPECT_EQ(seen.size(), 9U);
}

TEST(DiskCrash, APrefixKeepsWhatCameFirst) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedDisk disk{seed};
    auto file = std::move(disk.files().open("/a", Open::kCreate).value());
    (void)file->write(0, block('.', 2048));
    (void)file->sync();
    (void)disk.files().sync_directory("/");
    for (std::uint64_t i = 0; i < 4; ++i) {
      (void)file->write(i * 512, block('x'));
    }
    disk.crash(Survival::kPrefix);
    std::string bytes(2048, '?');
    auto again = std::move(disk.files().open("/a", Open::kRead).value());
    (void)again->read(0, std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
    seen.insert({bytes[0], bytes[512], bytes[1024], bytes[1536]});
  }
  EXPECT_EQ(seen, (std::set<std::string>{"....", "x...", "xx..", "xxx.", "xxxx"}));
}

// A file that grew may be long without the bytes, and then holds zeros; never anything else.
TEST(DiskCrash, AGrowingFileMayHoldZeros) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedDisk disk{seed};
    auto file = std::move(disk.files().open("/a", Open::kCreate).value());
    (void)disk.files().sync_directory("/");
    (void)file->write(0, block('x'));
    disk.crash(Survival::kAny);
    auto again = std::move(disk.files().open("/a", Open::kRead).value());
    std::string bytes(again->size().value(), '?');
    (void)again->read(0, std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
    seen.insert(bytes);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", block('\0'), block('x')}));
}

TEST(DiskCrash, ATruncationSurvivesWhereANewerWriteDid) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimulatedDisk disk{seed};
    auto file = std::move(disk.files().open("/a", Open::kCreate).value());
    (void)file->write(0, block('a', 1024));
    (void)file->sync();
    (void)disk.files().sync_directory("/");
    (void)file->resize(0);
    (void)file->write(0, block('b'));
    disk.crash(Survival::kAny);
    auto again = std::move(disk.files().open("/a", Open::kRead).value());
    std::string bytes(again->size().value(), '?');
    (void)again->read(0, std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
    seen.insert(bytes);
  }
  EXPECT_EQ(seen, (std::set<std::string>{block('a', 1024), "", block('\0'), block('b')}));
}

TEST_F(DiskTest, AFailedSyncForgetsWhatReadsStillShow) {
  auto file = durable_file("/a", block('a', 1024));
  disk.inject({.call = Call::kSync, .path = "/a"});
  (void)file->write(0, block('b', 1024));
  EXPECT_EQ(file->sync().error().code, ErrorCode::kIo);
  EXPECT_EQ(content("/a"), block('b', 1024));
  (void)file->write(0, block('c'));
  EXPECT_TRUE(file->sync().ok());  // As Linux would have it: only what was written again.
  EXPECT_EQ(content("/a"), block('c') + block('b'));
  disk.crash(Survival::kAll);
  EXPECT_EQ(content("/a"), block('c') + block('a'));
}

// ---- Names

TEST_F(DiskTest, ANameIsDurableWithItsDirectoryAlone) {
  ASSERT_TRUE(files.make_directory("/d").ok());
  (void)open("/d/a", Open::kCreate)->sync();
  ASSERT_TRUE(files.sync_directory("/d").ok());
  disk.crash(Survival::kNone);
  EXPECT_FALSE(files.exists("/d"));

  ASSERT_TRUE(files.make_directory("/d").ok());
  ASSERT_TRUE(files.sync_directory("/").ok());
  (void)open("/d/a", Open::kCreate)->sync();
  disk.crash(Survival::kNone);
  EXPECT_TRUE(files.exists("/d"));
  EXPECT_FALSE(files.exists("/d/a"));
}

TEST_F(DiskTest, ARenameIsWhollyThereOrNotAtAll) {
  std::set<std::string> seen;
  for (int round = 0; round < 60; ++round) {
    disk.wipe();
    durable_file("/old", "old");
    (void)open("/new", Open::kCreate)->write(0, "new");
    (void)open("/new", Open::kWrite)->sync();
    ASSERT_TRUE(files.sync_directory("/").ok());
    ASSERT_TRUE(files.rename("/new", "/old").ok());
    disk.crash(Survival::kAny);
    seen.insert(content("/old") + (files.exists("/new") ? "+" : ""));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old+", "new"}));
}

TEST_F(DiskTest, ChangesOfOneNameSurviveInTheirOrder) {
  std::set<std::string> seen;
  for (int round = 0; round < 1000; ++round) {
    disk.wipe();
    open("/a", Open::kCreate);
    ASSERT_TRUE(files.rename("/a", "/b").ok());
    open("/a", Open::kCreate);
    open("/c", Open::kCreate);
    disk.crash(Survival::kAny);
    seen.insert(names("/"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "a", "b", "ab", "c", "ac", "bc", "abc"}));
}

TEST_F(DiskTest, ARemovedFileComesBackWithItsContent) {
  durable_file("/a", "text");
  ASSERT_TRUE(files.remove("/a").ok());
  EXPECT_FALSE(files.exists("/a"));
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), "text");
}

TEST_F(DiskTest, ALinkIsASecondName) {
  auto file = durable_file("/a", "text");
  ASSERT_TRUE(files.link("/a", "/b").ok());
  (void)file->write(0, "next");
  EXPECT_EQ(content("/b"), "next");
  EXPECT_EQ(disk.used_bytes(), 4096U);
  ASSERT_TRUE(files.remove("/a").ok());
  EXPECT_EQ(content("/b"), "next");
}

TEST_F(DiskTest, AFailedDirectorySyncIsFinal) {
  open("/a", Open::kCreate);
  disk.inject({.call = Call::kSyncDirectory, .path = "/"});
  EXPECT_FALSE(files.sync_directory("/").ok());
  EXPECT_TRUE(files.sync_directory("/").ok());
  disk.crash(Survival::kAll);
  EXPECT_FALSE(files.exists("/a"));
}

// ---- Crash points

TEST_F(DiskTest, CrashesBeforeOrAfterTheOperationThatIsAskedFor) {
  durable_file("/a", block('a'));
  const std::uint64_t next = disk.operations() + 1;
  auto file = open("/a", Open::kWrite);
  disk.crash_before(next);
  EXPECT_THROW((void)file->write(0, block('b')), PowerCut);
  EXPECT_FALSE(file->sync().ok());  // Off.
  EXPECT_FALSE(files.remove("/a").ok());
  disk.crash(Survival::kAll);
  EXPECT_EQ(content("/a"), block('a'));

  file = open("/a", Open::kWrite);
  disk.crash_after(disk.operations() + 2);
  EXPECT_TRUE(file->write(0, block('b')).ok());
  try {
    (void)file->sync();
    FAIL();
  } catch (const PowerCut& cut) {
    EXPECT_EQ(cut.what, "after operation " + std::to_string(cut.operation) + ": sync /a");
  }
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), block('b'));
}

TEST_F(DiskTest, CountsOnlyWhatChangesTheDisk) {
  auto file = durable_file("/a", "x");
  const std::uint64_t before = disk.operations();
  EXPECT_EQ(before, 4U);  // open, write, sync, sync_directory
  content("/a");
  (void)files.list("/");
  (void)files.exists("/a");
  EXPECT_EQ(disk.operations(), before);
}

// ---- Faults

TEST_F(DiskTest, InjectedFaultsStrikeTheCallThatIsNamed) {
  auto file = durable_file("/a", block('a'));
  disk.inject({.call = Call::kWrite, .path = "/a", .code = ErrorCode::kIo, .skip = 1, .times = 2});
  EXPECT_TRUE(file->write(0, "1").ok());
  EXPECT_FALSE(file->write(0, "2").ok());
  EXPECT_FALSE(file->write(0, "3").ok());
  EXPECT_TRUE(file->write(0, "4").ok());
  disk.inject({.call = Call::kRead});
  std::array<std::byte, 1> into{};
  EXPECT_EQ(file->read(0, into).error().message, "/a: input/output error");
  EXPECT_TRUE(file->read(0, into).ok());
}

TEST_F(DiskTest, AFullDiskRefusesAndRecovers) {
  disk.set_quota(8192);
  auto file = durable_file("/a", block('a', 4096));
  EXPECT_EQ(files.free_bytes("/").value(), 4096U);
  EXPECT_EQ(file->write(4096, block('b', 4097)).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(file->size().value(), 4096U);
  EXPECT_TRUE(file->write(4096, block('b', 4096)).ok());
  EXPECT_TRUE(file->write(0, block('c', 8192)).ok());  // What is there needs no room.
  EXPECT_EQ(open("/b", Open::kCreate)->resize(1).error().code, ErrorCode::kExhausted);
  ASSERT_TRUE(files.remove("/a").ok());
  EXPECT_EQ(files.free_bytes("/").value(), 8192U);
}

TEST_F(DiskTest, RotChangesWhatIsDurable) {
  auto file = durable_file("/a", block('a', 8192));
  ASSERT_TRUE(disk.rot("/a", 600, Rot::kSector));
  EXPECT_EQ(content("/a"), block('a') + block('\0') + block('a', 7168));
  ASSERT_TRUE(disk.rot("/a", 8000, Rot::kPage));
  EXPECT_EQ(content("/a"), block('a') + block('\0') + block('a', 3072) + block('\0', 4096));
  ASSERT_TRUE(disk.rot("/a", 3, Rot::kBit));
  EXPECT_NE(content("/a")[3], 'a');
  EXPECT_FALSE(disk.rot("/a", 8192, Rot::kBit));
  EXPECT_FALSE(disk.rot("/b", 0, Rot::kBit));
}

TEST_F(DiskTest, RotUnderAWriteShowsOnlyWhereTheWriteIsLost) {
  auto file = durable_file("/a", block('a'));
  (void)file->write(0, block('b'));
  ASSERT_TRUE(disk.rot("/a", 0, Rot::kSector));
  EXPECT_EQ(content("/a"), block('b'));
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), block('\0'));
}

TEST_F(DiskTest, RotSomewhereSaysWhere) {
  EXPECT_FALSE(disk.rot_somewhere().has_value());
  durable_file("/a", block('a', 8192));
  durable_file("/b", block('b', 8192));
  const auto rotten = disk.rot_somewhere("b");
  ASSERT_TRUE(rotten.has_value());
  EXPECT_EQ(rotten->path, "/b");
  EXPECT_EQ(content("/a"), block('a', 8192));
  EXPECT_NE(content("/b"), block('b', 8192));
}

TEST_F(DiskTest, AMisdirectedWriteLandsElsewhereAndSaysNothing) {
  auto a = durable_file("/a", block('a', 1024));
  auto b = durable_file("/b", block('b', 1024));
  disk.misdirect("/a", "/b", 512);
  EXPECT_TRUE(a->write(0, block('x')).ok());
  EXPECT_EQ(content("/a"), block('a', 1024));
  EXPECT_EQ(content("/b"), block('b') + block('x'));
  EXPECT_TRUE(a->write(0, block('y')).ok());
  EXPECT_EQ(content("/a"), block('y') + block('a'));
}

TEST_F(DiskTest, ALostFileIsGoneForGood) {
  durable_file("/a", "x");
  ASSERT_TRUE(disk.lose("/a"));
  EXPECT_FALSE(files.exists("/a"));
  disk.crash(Survival::kNone);
  EXPECT_FALSE(files.exists("/a"));
  EXPECT_FALSE(disk.lose("/a"));
}

TEST_F(DiskTest, AnImageCanBePutBack) {
  durable_file("/a", "old");
  ASSERT_TRUE(files.link("/a", "/b").ok());
  SimulatedDisk backup{1};
  backup.copy_from(disk);
  (void)open("/a", Open::kWrite)->write(0, "new");
  ASSERT_TRUE(files.remove("/b").ok());
  disk.copy_from(backup);
  disk.crash(Survival::kNone);
  EXPECT_EQ(content("/a"), "old");
  EXPECT_EQ(content("/b"), "old");
  EXPECT_EQ(disk.used_bytes(), 4096U);
}

TEST(Disk, OneSeedIsOneHistory) {
  const auto run = [](std::uint64_t seed) {
    SimulatedDisk disk{seed};
    disk.climate().write_errors = 200'000;
    std::string shown;
    for (int i = 0; i < 50; ++i) {
      auto file = std::move(disk.files().open("/a", Open::kOverwrite).value());
      shown += file->write(0, block('a', 4096)).ok() ? '+' : '-';
      disk.crash(Survival::kAny);
      (void)disk.files().open("/a", Open::kOverwrite);
    }
    return shown + std::to_string(disk.hash());
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

// A segment of zeros takes no memory, and no time to speak of.
TEST(Disk, ZerosAreCheap) {
  SimulatedDisk disk{1};
  auto file = std::move(disk.files().open("/a", Open::kCreate).value());
  const std::string zeros(1 << 20U, '\0');
  for (std::uint64_t i = 0; i < 64; ++i) {
    ASSERT_TRUE(file->write(i << 20U, zeros).ok());
  }
  EXPECT_EQ(file->size().value(), 64U << 20U);
  EXPECT_TRUE(file->sync().ok());
}

}  // namespace
}  // namespace quorate::simenv
