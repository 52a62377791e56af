#include "quorum/quorum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quorate::quorum {
namespace {

std::uint64_t reached(std::vector<std::uint64_t> values) {
  return reached_by_majority(std::span{values});
}

TEST(Quorum, AMajorityIsMoreThanHalf) {
  EXPECT_EQ(majority(1), 1U);
  EXPECT_EQ(majority(2), 2U);
  EXPECT_EQ(majority(3), 2U);
  EXPECT_EQ(majority(4), 3U);
  EXPECT_EQ(majority(5), 3U);
}

TEST(Quorum, TheReachedValueIsTheMediansLowerNeighbour) {
  EXPECT_EQ(reached({7}), 7U);
  EXPECT_EQ(reached({3, 9}), 3U);
  EXPECT_EQ(reached({3, 9, 5}), 5U);
  EXPECT_EQ(reached({9, 3, 5, 7}), 5U);
  EXPECT_EQ(reached({0, 0, 0, 9, 9}), 0U);
  EXPECT_EQ(reached({0, 0, 9, 9, 9}), 9U);
}

TEST(Quorum, AVoteIsDecidedAsSoonAsItCanBe) {
  EXPECT_EQ(outcome(0, 0, 1), Vote::kPending);
  EXPECT_EQ(outcome(1, 0, 1), Vote::kWon);
  EXPECT_EQ(outcome(0, 1, 1), Vote::kLost);
  EXPECT_EQ(outcome(2, 0, 4), Vote::kPending);
  EXPECT_EQ(outcome(2, 1, 4), Vote::kPending);
  EXPECT_EQ(outcome(2, 2, 4), Vote::kLost);
  EXPECT_EQ(outcome(3, 0, 4), Vote::kWon);
  EXPECT_EQ(outcome(2, 1, 3), Vote::kWon);
  EXPECT_EQ(outcome(1, 2, 3), Vote::kLost);
}

// Dissertation 4.3: a joint configuration needs both halves.
TEST(Quorum, AJointVoteIsTheWorseOfTwo) {
  EXPECT_EQ(both(Vote::kWon, Vote::kWon), Vote::kWon);
  EXPECT_EQ(both(Vote::kWon, Vote::kPending), Vote::kPending);
  EXPECT_EQ(both(Vote::kPending, Vote::kWon), Vote::kPending);
  EXPECT_EQ(both(Vote::kPending, Vote::kPending), Vote::kPending);
  EXPECT_EQ(both(Vote::kLost, Vote::kWon), Vote::kLost);
  EXPECT_EQ(both(Vote::kPending, Vote::kLost), Vote::kLost);
}

// The twins. Each voter says one thing; count by hand.

std::size_t count(const std::vector<std::uint8_t>& voters, std::uint8_t what) {
  return static_cast<std::size_t>(std::ranges::count(voters, what));
}

constexpr std::uint8_t kSilent = 0;
constexpr std::uint8_t kGrants = 1;
constexpr std::uint8_t kRefuses = 2;

bool wins(const std::vector<std::uint8_t>& voters) {
  return 2 * count(voters, kGrants) > voters.size();
}

// Whether those who are silent could still win it together.
bool can_win(std::vector<std::uint8_t> voters) {
  std::ranges::replace(voters, kSilent, kGrants);
  return wins(voters);
}

Vote vote_of(const std::vector<std::uint8_t>& voters) {
  return outcome(count(voters, kGrants), count(voters, kRefuses), voters.size());
}

rc::Gen<std::vector<std::uint8_t>> votes() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 3)));
}

using Values = std::vector<std::uint64_t>;

bool more_than_half_have(const Values& values, std::uint64_t wanted) {
  const auto there =
      std::ranges::count_if(values, [wanted](std::uint64_t v) { return v >= wanted; });
  return 2 * static_cast<std::size_t>(there) > values.size();
}

// Tries every value that anybody has.
std::uint64_t naive_reached(const Values& incoming, const Values& outgoing) {
  std::uint64_t best = 0;
  for (const Values* half : {&incoming, &outgoing}) {
    for (const std::uint64_t candidate : *half) {
      if (more_than_half_have(incoming, candidate) && more_than_half_have(outgoing, candidate)) {
        best = std::max(best, candidate);
      }
    }
  }
  return best;
}

rc::Gen<std::vector<std::uint64_t>> values() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 12)));
}

RC_GTEST_PROP(QuorumTwin, ReachedIsTheGreatestValueThatMoreThanHalfHave, ()) {
  const auto all = *values();
  RC_CLASSIFY(all.size() > 16, "large");
  RC_ASSERT(reached(all) == naive_reached(all, all));
}

RC_GTEST_PROP(QuorumTwin, AVoteIsWonLostOrOpenAsACountByHandSays, ()) {
  const auto voters = *votes();
  const Vote expected = wins(voters) ? Vote::kWon : can_win(voters) ? Vote::kPending : Vote::kLost;
  RC_ASSERT(vote_of(voters) == expected);
}

RC_GTEST_PROP(QuorumTwin, JointlyNothingIsReachedThatOneHalfHasNotReached, ()) {
  const auto incoming = *values();
  const auto outgoing = *values();
  const std::uint64_t jointly = std::min(reached(incoming), reached(outgoing));
  RC_ASSERT(jointly == naive_reached(incoming, outgoing));
}

RC_GTEST_PROP(QuorumTwin, AJointVoteIsDecidedByBothHalves, ()) {
  const auto incoming = *votes();
  const auto outgoing = *votes();
  Vote expected = Vote::kPending;
  if (!can_win(incoming) || !can_win(outgoing)) {
    expected = Vote::kLost;
  } else if (wins(incoming) && wins(outgoing)) {
    expected = Vote::kWon;
  }
  RC_ASSERT(both(vote_of(incoming), vote_of(outgoing)) == expected);
}

}  // namespace
}  // namespace quorate::quorum
