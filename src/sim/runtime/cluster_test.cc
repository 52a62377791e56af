// The real runtime on simulated machines: what clients saw has an order, whatever happened to the
// machines; and the judge is shown to see what is wrong.
#include "sim/runtime/cluster.h"

#include <gtest/gtest.h>

#include <string>

namespace quorate::simenv {
namespace {

ClusterSetup setup_of(std::uint64_t seed) {
  ClusterSetup setup;
  setup.seed = seed;
  setup.operations = 300;
  setup.snapshot_after_bytes = 2000;
  return setup;
}

TEST(Cluster, WithoutFaultsEverythingIsDone) {
  ClusterSetup setup = setup_of(1);
  setup.faults = false;
  const ClusterReport report = run_cluster(setup);
  EXPECT_EQ(report.wrong, "");
  EXPECT_EQ(report.done, setup.operations);
  EXPECT_EQ(report.elections, 1U);
}

TEST(Cluster, TheSameSeedIsTheSameRun) {
  for (const std::uint64_t seed : {3U, 4U}) {
    EXPECT_EQ(run_cluster(setup_of(seed)).hash, run_cluster(setup_of(seed)).hash);
  }
  EXPECT_NE(run_cluster(setup_of(3)).hash, run_cluster(setup_of(4)).hash);
}

TEST(Cluster, UnderFaultsWhatClientsSawHasAnOrderAndNothingIsLost) {
  ClusterReport all;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ClusterSetup setup = setup_of(seed);
    setup.nodes = seed % 3 == 0 ? 5 : 3;
    setup.machines_keep_themselves = seed % 2 == 0;
    const ClusterReport report = run_cluster(setup);
    EXPECT_EQ(report.wrong, "") << "seed " << seed;
    EXPECT_GE(report.done * 10, setup.operations * 3) << "seed " << seed;
    all.unknown += report.unknown;
    all.crashes += report.crashes;
    all.kills += report.kills;
    all.partitions += report.partitions;
    all.elections += report.elections;
    all.snapshots_installed += report.snapshots_installed;
  }
  // Against empty victories.
  EXPECT_GT(all.unknown, 0U);
  EXPECT_GT(all.crashes, 0U);
  EXPECT_GT(all.kills, 0U);
  EXPECT_GT(all.partitions, 0U);
  EXPECT_GT(all.elections, 40U);
  EXPECT_GT(all.snapshots_installed, 0U);
}

ClusterSetup setup_with_old_segments(std::uint64_t seed) {
  ClusterSetup setup = setup_of(seed);
  setup.operations = 600;
  setup.machines_keep_themselves = seed % 2 == 0;
  setup.segment_bytes = 16U << 10U;
  setup.padding = 400;
  setup.snapshot_after_bytes = 20'000;
  return setup;
}

// Rule 12.
TEST(Cluster, WhatRotsInOneLogComesBackFromTheOthers) {
  ClusterReport all;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ClusterSetup setup = setup_with_old_segments(seed);
    setup.rot = true;
    const ClusterReport report = run_cluster(setup);
    EXPECT_EQ(report.wrong, "") << "seed " << seed;
    all.rotten_bits += report.rotten_bits;
    all.repairs += report.repairs;
  }
  EXPECT_GT(all.rotten_bits, 40U);
  EXPECT_GT(all.repairs, 0U);
}

// Rule 12, scenario 37: nobody could lead at first.
TEST(Cluster, NodesThatHaveEachLostSomethingElseRepairEachOther) {
  std::size_t majorities = 0;  // that had lost something
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ClusterSetup setup = setup_with_old_segments(seed);
    setup.faults = false;
    setup.rot_everywhere_at_the_end = true;
    const ClusterReport report = run_cluster(setup);
    EXPECT_EQ(report.wrong, "") << "seed " << seed;
    majorities += report.repairs >= 2 ? 1 : 0;
  }
  EXPECT_GT(majorities, 0U);
}

TEST(Cluster, ADiskThatOnlyPretendsToSyncIsFoundOut) {
  bool found = false;
  for (std::uint64_t seed = 1; seed <= 40 && !found; ++seed) {
    ClusterSetup setup = setup_of(seed);
    setup.syncs_are_lies = true;
    found = !run_cluster(setup).wrong.empty();
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace quorate::simenv
