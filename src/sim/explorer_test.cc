#include "sim/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quorate::sim {
namespace {

using testing::ElementsAre;

// A token on a board of `size` by `size` fields, moved by one field at a time from the corner (0,
// 0).
struct Board {
  using Move = char;
  std::uint32_t size = 3;
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::optional<std::pair<std::uint32_t, std::uint32_t>> trap{};

  void moves(std::vector<char>& out) const { out.insert(out.end(), {'l', 'r', 'd', 'u'}); }
  bool make(const char& move) {
    const Board before = *this;
    switch (move) {
      case 'l':
        x -= 1;
        break;
      case 'r':
        x += 1;
        break;
      case 'd':
        y -= 1;
        break;
      default:
        y += 1;
    }
    if (x >= size || y >= size) {
      *this = before;
      return false;
    }
    return true;
  }
  [[nodiscard]] std::uint64_t fingerprint() const { return x + std::uint64_t{1000} * y; }
  [[nodiscard]] std::optional<std::string> violation() const {
    return trap == std::pair{x, y} ? std::optional<std::string>{"trapped"} : std::nullopt;
  }
};
static_assert(Explorable<Board>);

TEST(SearchTest, CountsEveryStateOnceAndEveryTransition) {
  const auto explored = explore(Board{.size = 4});
  EXPECT_TRUE(explored.exhausted);
  EXPECT_FALSE(explored.violation.has_value());
  EXPECT_EQ(explored.states, 16U);
  EXPECT_EQ(explored.transitions, 48U);  // 2 * 2 * 4 * 3: each of 24 edges both ways
  EXPECT_EQ(explored.depth, 6U);         // to the opposite corner
  EXPECT_EQ(explored.widest, 4U);        // the diagonal
}

TEST(SearchTest, FindsTheShortestWayToAViolation) {
  const auto explored = explore(Board{.size = 100, .trap = std::pair{2U, 1U}});
  EXPECT_FALSE(explored.exhausted);
  EXPECT_EQ(explored.violation, "trapped");
  EXPECT_EQ(explored.path.size(), 3U);
  Board replayed{.size = 100, .trap = std::pair{2U, 1U}};
  for (const char move : explored.path) {
    EXPECT_FALSE(replayed.violation().has_value());
    EXPECT_TRUE(replayed.make(move));
  }
  EXPECT_EQ(replayed.violation(), "trapped");
}

TEST(SearchTest, AViolationInTheFirstStateHasAnEmptyPath) {
  const auto explored = explore(Board{.size = 3, .trap = std::pair{0U, 0U}});
  EXPECT_EQ(explored.violation, "trapped");
  EXPECT_THAT(explored.path, ElementsAre());
  EXPECT_FALSE(explored.exhausted);
}

TEST(SearchTest, WorldsThatAreNotKeptAreMadeAnewAndNothingChanges) {
  const Board board{.size = 40, .trap = std::pair{39U, 39U}};
  const auto kept = explore(board);
  for (const std::size_t limit : {0U, 1U, 17U}) {
    const auto made_anew = explore(board, {.kept_worlds = limit});
    EXPECT_EQ(made_anew.states, kept.states);
    EXPECT_EQ(made_anew.transitions, kept.transitions);
    EXPECT_EQ(made_anew.path, kept.path);
  }
}

TEST(SearchTest, ACutSearchSaysSo) {
  const auto explored = explore(Board{.size = 1000}, {.states = 500});
  EXPECT_FALSE(explored.exhausted);
  EXPECT_GE(explored.states, 500U);
  EXPECT_LT(explored.states, 504U);
}

TEST(SearchTest, AWatcherSeesProgressAndCanStopIt) {
  SearchPulse pulse;
  EXPECT_TRUE(explore(Board{.size = 4}, {}, &pulse).exhausted);
  EXPECT_EQ(pulse.states.load(), 16U);
  EXPECT_EQ(pulse.frontier.load(), 0U);
  pulse.stop = true;
  EXPECT_FALSE(explore(Board{.size = 4}, {}, &pulse).exhausted);
}

TEST(FingerprintSetTest, HoldsEachOnceThoughTheyCollideAndThoughOneIsZero) {
  FingerprintSet set;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    EXPECT_TRUE(set.insert(i << 32U));  // all of them want the first slot, and the first is 0
  }
  for (std::uint64_t i = 0; i < 5000; ++i) {
    EXPECT_FALSE(set.insert(i << 32U));
  }
  EXPECT_EQ(set.size(), 5000U);
}

}  // namespace
}  // namespace quorate::sim
