#include "sim/env/content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace quorate::simenv {
namespace {

// The dumb twin: every state that the file went through since it was durable, each a copy of it
// all.
struct Twin {
  std::vector<std::string> states{""};

  void write(std::uint64_t offset, const std::string& bytes) {
    std::string next = states.back();
    next.resize(std::max<std::size_t>(next.size(), offset + bytes.size()), '\0');
    next.replace(offset, bytes.size(), bytes);
    states.push_back(next);
  }
  void resize(std::uint64_t size) {
    std::string next = states.back();
    next.resize(size, '\0');
    states.push_back(next);
  }
  void sync() { states.erase(states.begin(), states.end() - 1); }

  static std::string sector(const std::string& state, std::size_t at, std::size_t size) {
    std::string bytes = at < state.size() ? state.substr(at, size) : "";
    bytes.resize(size, '\0');
    return bytes;
  }
  // Each sector as it was in some state, and the size as well.
  [[nodiscard]] bool may_leave(const std::string& found) const {
    const auto in_some = [&](const auto& holds) {
      return std::any_of(states.begin(), states.end(), holds);
    };
    if (!in_some([&](const std::string& state) { return state.size() == found.size(); })) {
      return false;
    }
    for (std::size_t at = 0; at < found.size(); at += Content::kSector) {
      const std::size_t size = std::min<std::size_t>(Content::kSector, found.size() - at);
      const std::string bytes = found.substr(at, size);
      if (!in_some([&](const std::string& one) { return sector(one, at, size) == bytes; })) {
        return false;
      }
    }
    return true;
  }
};

std::string all_of(const Content& content) {
  std::string bytes(content.size(), '?');
  content.read(0, std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
  return bytes;
}

// One random history, with a crash at its end.
void run(std::uint64_t seed) {
  Random random{seed};
  Content content;
  Twin twin;
  std::uint64_t operation = 0;
  for (std::uint64_t left = random.below(30); left > 0; --left) {
    ++operation;
    const std::uint64_t kind = random.below(10);
    if (kind < 7) {
      const std::string bytes(random.below(1500), static_cast<char>('a' + random.below(26)));
      const std::uint64_t offset = random.below(5000);
      content.write(operation, offset, bytes);
      if (!bytes.empty()) {
        twin.write(offset, bytes);
      }
    } else if (kind < 9) {
      const std::uint64_t size = random.below(6000);
      content.resize(operation, size);
      twin.resize(size);
    } else {
      content.sync(operation);
      twin.sync();
    }
    ASSERT_TRUE(all_of(content) == twin.states.back()) << "seed " << seed;
  }
  const auto survival = static_cast<Survival>(random.below(4));
  Fate fate{survival, Random{seed}, content.oldest().value_or(operation + 1), operation + 1};
  content.crash(fate);
  const std::string found = all_of(content);
  EXPECT_TRUE(twin.may_leave(found)) << "seed " << seed << " " << name_of(survival);
  if (survival == Survival::kNone) {
    EXPECT_TRUE(found == twin.states.front()) << "seed " << seed;
  }
  if (survival == Survival::kAll) {
    EXPECT_TRUE(found == twin.states.back()) << "seed " << seed;
  }
  // What lies behind the end is zero when the file grows again.
  content.resize(operation + 1, 8000);
  EXPECT_TRUE(all_of(content).substr(found.size()) == std::string(8000 - found.size(), '\0'));
}

TEST(Content, IsWhatItsTwinIsAndACrashLeavesOnlyWhatWasThere) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    run(seed);
  }
}

TEST(Content, WhatIsWrittenWhileASyncRunsIsNotPartOfIt) {
  Content content;
  content.write(1, 0, "before");
  content.write(3, 0, "during");
  content.sync(3);
  EXPECT_EQ(content.oldest(), 3U);
  Fate fate{Survival::kNone, Random{1}, 3, 4};
  content.crash(fate);
  EXPECT_EQ(all_of(content), "before");
}

TEST(Content, AFailedSyncKeepsWhatTheDiskHeldBeforeAnEarlierOne) {
  Content content;
  content.write(1, 0, "disk");
  content.sync(2);
  content.write(2, 0, "lost");
  content.forget(3);
  content.write(4, 4, " more");
  content.forget(5);
  EXPECT_EQ(all_of(content), "lost more");
  Fate fate{Survival::kAll, Random{1}, 5, 6};
  content.crash(fate);
  EXPECT_EQ(all_of(content), "disk");
}

}  // namespace
}  // namespace quorate::simenv
