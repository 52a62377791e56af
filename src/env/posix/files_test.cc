#include "env/posix/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace quorate::env {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A directory of its own for each test, gone with it.
class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = ::testing::TempDir() + "quorate-files-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~Files() override { std::filesystem::remove_all(root_); }

  [[nodiscard]] std::string path(std::string_view name) const { return join(root_, name); }
  std::unique_ptr<File> make(std::string_view name, std::string_view content = {}) {
    auto file = files_.open(path(name), Open::kCreate);
    EXPECT_TRUE(file.ok()) << file.error().message;
    EXPECT_TRUE(file.value()->write(0, content).ok());
    return std::move(file.value());
  }
  std::string content(std::string_view name) {
    auto text = read_all(files_, path(name), 1U << 20U);
    return text ? text.value() : text.error().message;
  }
  [[nodiscard]] unsigned mode(std::string_view name) const {
    struct stat status{};
    ::stat(path(name).c_str(), &status);
    return status.st_mode & 0777U;
  }

  PosixFiles files_;
  std::string root_;
};

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "none" : result.error().message;
}
template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.error().code;
}

TEST_F(Files, WhatIsWrittenIsReadBackWhereItWasWritten) {
  const auto file = make("a");
  ASSERT_TRUE(file->write(4, "four").ok());
  ASSERT_TRUE(file->write(0, "zero").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(content("a"), "zerofour");
  std::array<std::byte, 4> into{};
  EXPECT_EQ(file->read(2, into).value(), 4U);
  EXPECT_EQ(static_cast<char>(into[0]), 'r');
}

TEST_F(Files, AReadEndsWhereTheFileEnds) {
  const auto file = make("a", "short");
  std::array<std::byte, 16> into{};
  EXPECT_EQ(file->read(2, into).value(), 3U);
  EXPECT_EQ(file->read(5, into).value(), 0U);
  EXPECT_EQ(file->read(500, into).value(), 0U);
}

TEST_F(Files, ManyPartsAreWrittenAsOne) {
  std::vector<std::string> texts;
  std::vector<std::string_view> parts;
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    texts.push_back(i % 7 == 0 ? "" : std::to_string(i));
    all += texts.back();
  }
  parts.assign(texts.begin(), texts.end());
  const auto file = make("a");
  ASSERT_TRUE(file->write(0, std::span<const std::string_view>{parts}).ok());
  EXPECT_EQ(content("a"), all);
}

TEST_F(Files, AFileGrowsAndShrinksToTheSizeAskedFor) {
  const auto file = make("a", "12345678");
  ASSERT_TRUE(file->resize(3).ok());
  EXPECT_EQ(content("a"), "123");
  ASSERT_TRUE(file->resize(5).ok());
  EXPECT_EQ(file->size().value(), 5U);
  EXPECT_EQ(content("a"), std::string("123\0\0", 5));
}

TEST_F(Files, WhatIsMadeIsForItsOwnerAlone) {
  make("a");
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  EXPECT_EQ(mode("a"), 0600U);
  EXPECT_EQ(mode("d"), 0700U);
}

TEST_F(Files, EachWayOfOpeningWantsWhatItSays) {
  EXPECT_EQ(code_of(files_.open(path("a"), Open::kRead)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(files_.open(path("a"), Open::kWrite)), ErrorCode::kNotFound);
  make("a", "text");
  EXPECT_EQ(code_of(files_.open(path("a"), Open::kCreate)), ErrorCode::kInvalid);
  EXPECT_TRUE(files_.open(path("a"), Open::kWrite).ok());
  EXPECT_EQ(content("a"), "text");
  EXPECT_TRUE(files_.open(path("a"), Open::kOverwrite).ok());
  EXPECT_EQ(content("a"), "");
}

TEST_F(Files, AFileThatIsOnlyReadIsNotWritten) {
  make("a", "text");
  const auto file = files_.open(path("a"), Open::kRead);
  EXPECT_EQ(code_of(file.value()->write(0, "x")), ErrorCode::kIo);
  EXPECT_EQ(content("a"), "text");
}

TEST_F(Files, AWriteDoesNotFollowASymbolicLink) {
  make("a", "text");
  std::filesystem::create_symlink(path("a"), path("link"));
  EXPECT_FALSE(files_.open(path("link"), Open::kWrite).ok());
  EXPECT_FALSE(files_.open(path("link"), Open::kOverwrite).ok());
  EXPECT_FALSE(files_.lock(path("link")).ok());
  EXPECT_EQ(content("link"), "text");
}

TEST_F(Files, ErrorsNameThePathAndTheReason) {
  EXPECT_THAT(error_of(files_.open(path("missing"), Open::kRead)),
              HasSubstr("cannot open " + path("missing") + ": No such file or directory"));
  EXPECT_THAT(error_of(files_.rename(path("from"), path("to"))),
              HasSubstr(path("from") + " to " + path("to")));
}

TEST_F(Files, NoRoomIsAnErrorOfItsOwn) {
  const auto full = files_.open("/dev/full", Open::kWrite);
  ASSERT_TRUE(full.ok());
  const auto written = full.value()->write(0, "text");
  EXPECT_EQ(code_of(written), ErrorCode::kExhausted);
  EXPECT_THAT(error_of(written), HasSubstr("/dev/full: No space left on device"));
}

TEST_F(Files, ASyncThatFailsSaysSo) {
  const auto full = files_.open("/dev/full", Open::kWrite);
  EXPECT_EQ(code_of(full.value()->sync()), ErrorCode::kIo);
}

TEST_F(Files, ADirectoryListsItsNamesInOrder) {
  make("b");
  make("a");
  ASSERT_TRUE(files_.make_directory(path("c")).ok());
  std::filesystem::create_symlink(path("c"), path("d"));
  std::vector<std::string> names;
  const auto entries = files_.list(root_);
  for (const Entry& entry : entries.value()) {
    names.push_back(entry.name + (entry.directory ? "/" : ""));
  }
  EXPECT_THAT(names, ElementsAre("a", "b", "c/", "d"));
  EXPECT_EQ(code_of(files_.list(path("none"))), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(files_.list(path("a"))), ErrorCode::kInvalid);
}

TEST_F(Files, ADirectoryMayBeThereAlreadyButAFileMayNot) {
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  EXPECT_TRUE(files_.make_directory(path("d")).ok());
  make("a");
  EXPECT_EQ(code_of(files_.make_directory(path("a"))), ErrorCode::kInvalid);
  EXPECT_EQ(code_of(files_.make_directory(path("x/y"))), ErrorCode::kNotFound);
}

TEST_F(Files, RenamingReplacesAFile) {
  make("a", "new");
  make("b", "old");
  ASSERT_TRUE(files_.rename(path("a"), path("b")).ok());
  ASSERT_TRUE(files_.sync_directory(root_).ok());
  EXPECT_FALSE(files_.exists(path("a")));
  EXPECT_EQ(content("b"), "new");
}

TEST_F(Files, ALinkIsASecondNameForTheSameFile) {
  const auto file = make("a", "text");
  ASSERT_TRUE(files_.link(path("a"), path("b")).ok());
  ASSERT_TRUE(file->write(0, "next").ok());
  ASSERT_TRUE(files_.remove(path("a")).ok());
  EXPECT_EQ(content("b"), "next");
}

TEST_F(Files, RemovingTakesFilesAndEmptyDirectories) {
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  make("d/a");
  EXPECT_EQ(code_of(files_.remove(path("d"))), ErrorCode::kInvalid);
  EXPECT_TRUE(files_.remove(path("d/a")).ok());
  EXPECT_TRUE(files_.remove(path("d")).ok());
  EXPECT_EQ(code_of(files_.remove(path("d"))), ErrorCode::kNotFound);
}

TEST_F(Files, RemovingAllTakesWhatIsBelowButNotWhatALinkLeadsTo) {
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  ASSERT_TRUE(files_.make_directory(path("d/e")).ok());
  ASSERT_TRUE(files_.make_directory(path("kept")).ok());
  make("d/e/a");
  make("kept/a", "text");
  std::filesystem::create_directory_symlink(path("kept"), path("d/link"));
  EXPECT_TRUE(remove_all(files_, path("d")).ok());
  EXPECT_FALSE(files_.exists(path("d")));
  EXPECT_EQ(content("kept/a"), "text");
  EXPECT_TRUE(remove_all(files_, path("d")).ok());
}

TEST_F(Files, AFileLargerThanTheLimitIsNotRead) {
  make("a", "12345");
  EXPECT_EQ(read_all(files_, path("a"), 5).value(), "12345");
  EXPECT_THAT(error_of(read_all(files_, path("a"), 4)), HasSubstr("more than the 4"));
}

TEST_F(Files, ALockIsRefusedToASecondOwnerUntilTheFirstLetsGo) {
  auto held = files_.lock(path("lock"));
  ASSERT_TRUE(held.ok());
  const auto second = files_.lock(path("lock"));
  EXPECT_EQ(code_of(second), ErrorCode::kInvalid);
  EXPECT_THAT(error_of(second), HasSubstr("one owner"));
  held.value().reset();
  EXPECT_TRUE(files_.lock(path("lock")).ok());
}

TEST_F(Files, ALockIsRefusedToAnotherProcess) {
  const auto held = files_.lock(path("lock"));
  const pid_t child = ::fork();
  if (child == 0) {
    const char* program = files_.lock(path("lock")).ok() ? "/bin/false" : "/bin/true";
    ::execl(program, program, nullptr);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Files, TheRoomIsKnown) {
  EXPECT_GT(files_.free_bytes(root_).value(), 0U);
  EXPECT_EQ(code_of(files_.free_bytes(path("none"))), ErrorCode::kNotFound);
}

TEST_F(Files, PathsAreJoinedWithOneSlash) {
  EXPECT_EQ(join("a", "b"), "a/b");
  EXPECT_EQ(join("a/", "b"), "a/b");
  EXPECT_EQ(join("/", "b"), "/b");
  EXPECT_EQ(join("", "b"), "b");
}

}  // namespace
}  // namespace quorate::env
