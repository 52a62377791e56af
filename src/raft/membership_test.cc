#include "raft/membership.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/assert.h"

namespace quorate {
namespace {

Configuration voters(std::vector<std::uint64_t> ids) {
  Configuration configuration;
  for (const std::uint64_t id : ids) {
    configuration.voters.emplace_back(id);
  }
  return configuration;
}

ConfigurationAt from(std::uint64_t index, std::vector<std::uint64_t> ids) {
  return {Index{index}, voters(std::move(ids))};
}

// Bootstrapped with {1}; 2 joins at 3, and 3 at 7.
Membership grown() { return {from(0, {1}), {from(3, {1, 2}), from(7, {1, 2, 3})}}; }

TEST(Membership, TheLatestIsInEffectAndTheOneBeforeIsKnown) {
  const Membership membership = grown();
  EXPECT_EQ(membership.latest(), voters({1, 2, 3}));
  EXPECT_EQ(membership.latest_index(), Index{7});
  EXPECT_EQ(membership.previous(), voters({1, 2}));
}

TEST(Membership, TheOnlyOneIsAlsoTheOneBefore) {
  const Membership membership{from(0, {1}), {}};
  EXPECT_EQ(membership.latest(), voters({1}));
  EXPECT_EQ(membership.previous(), voters({1}));
}

TEST(Membership, EachIsInEffectFromItsIndexOn) {
  const Membership membership = grown();
  EXPECT_EQ(membership.at(Index{0}), from(0, {1}));
  EXPECT_EQ(membership.at(Index{2}), from(0, {1}));
  EXPECT_EQ(membership.at(Index{3}), from(3, {1, 2}));
  EXPECT_EQ(membership.at(Index{6}), from(3, {1, 2}));
  EXPECT_EQ(membership.at(Index{7}), from(7, {1, 2, 3}));
  EXPECT_EQ(membership.at(Index{99}), from(7, {1, 2, 3}));
}

TEST(Membership, IndexesGoUp) {
  Membership membership = grown();
  EXPECT_THROW(membership.appended(Index{7}, voters({1})), AssertionFailed);
  membership.appended(Index{8}, voters({1}));
  EXPECT_EQ(membership.latest(), voters({1}));
}

TEST(Membership, NamesAreFoundAfterAnIndexOnly) {
  const Membership membership = grown();
  EXPECT_TRUE(membership.names_after(Index{6}, NodeId{3}));
  EXPECT_FALSE(membership.names_after(Index{7}, NodeId{3}));
  EXPECT_FALSE(membership.names_after(Index{0}, NodeId{4}));
}

TEST(Membership, TruncationTakesThoseThatGoWithTheirEntries) {
  Membership membership = grown();
  membership.truncated_from(Index{8});
  EXPECT_EQ(membership.latest_index(), Index{7});
  membership.truncated_from(Index{7});
  EXPECT_EQ(membership.latest_index(), Index{3});
  membership.truncated_from(Index{1});
  EXPECT_EQ(membership.latest(), voters({1}));
  membership.truncated_from(Index{0});
  EXPECT_EQ(membership.latest(), voters({1}));  // the base stays
}

TEST(Membership, CompactionForgetsWhatOnlyOlderEntriesNeeded) {
  Membership membership = grown();
  membership.compacted_to(Index{2});
  EXPECT_EQ(membership.at(Index{2}), from(0, {1}));
  membership.compacted_to(Index{3});
  EXPECT_EQ(membership.at(Index{1}), from(3, {1, 2}));
  membership.compacted_to(Index{99});
  EXPECT_EQ(membership.at(Index{1}), from(7, {1, 2, 3}));
  EXPECT_EQ(membership.latest(), voters({1, 2, 3}));
}

TEST(Membership, ASnapshotReplacesAll) {
  Membership membership = grown();
  membership.replaced_by(from(20, {4, 5}));
  EXPECT_EQ(membership.latest(), voters({4, 5}));
  EXPECT_EQ(membership.at(Index{3}), from(20, {4, 5}));
}

}  // namespace
}  // namespace quorate
