// Power lost at every operation of a run, before and after it, and again during the recovery: what
// was synced is there, and nothing that was not written.
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "wal_model.h"

namespace quorate::wal::testing {
namespace {

using simenv::PowerCut;
using simenv::Survival;

constexpr std::uint32_t kSmallest = 16U << 10U;

// Several groups that append, truncate, compact, install, vote, and lag; segments of 16 KiB, so
// that they follow one another, are rewritten and recycled.
void run_script(LogOnDisk& log, Checked& checked) {
  Random random{42};
  for (int step = 0; step < 60; ++step) {
    std::vector<std::vector<Entry>> payloads;
    std::vector<Write> writes;
    payloads.reserve(2);
    for (std::uint64_t group = 1; group <= 2; ++group) {
      const NaiveLog& now = checked.now();
      const auto there = now.find(GroupId{group});
      const NaiveGroup known = there == now.end() ? NaiveGroup{} : there->second;
      const std::uint64_t last =
          known.entries.empty() ? known.base.index.value() : known.entries.rbegin()->first.value();
      const std::uint64_t term = 1 + static_cast<std::uint64_t>(step) / 10;
      Write write;
      write.group = GroupId{group};
      std::uint64_t first = last + 1;
      if (step % 9 == 4 && last > known.base.index.value() + 2 && step % 10 == 0) {
        first = last - 1;
      }
      if (step % 10 == 0) {
        write.hard_state = HardState{Term{term}, NodeId{group}};
        first = std::max(known.base.index.value() + 1, last > 1 ? last - 1 : 1);
      }
      if (step == 33 && group == 2) {
        write.install = meta(last + 10, term);
        first = last + 11;
      }
      payloads.push_back(
          entries(first, first + random.below(4), term, std::string(random.below(600), 'p')));
      write.entries = payloads.back();
      if (group == 1 && step % 7 == 3 && last > known.base.index.value() + 6) {
        write.snapshot = SnapshotMeta{{Index{last - 4}, known.entries.at(Index{last - 4}).term},
                                      meta(1, 1).configuration,
                                      Index{1}};
        write.compact = Index{last - 5};
      }
      if (group == 2 && step > 4 && step < 30) {
        continue;  // it lags
      }
      writes.push_back(write);
    }
    checked.write(writes);
    if (step % 3 != 1) {
      checked.sync();
    }
    if (step % 8 == 5) {
      ASSERT_TRUE(log.wal->close_window().ok());
      checked.allowed = {checked.allowed.back()};
    }
    if (step % 15 == 14) {
      ASSERT_TRUE(log.wal->tend().ok());
    }
  }
}

void prepare(LogOnDisk& log) {
  log.options.segment_bytes = kSmallest;
  log.options.max_segments = 3;
  log.options.rewrite_bytes = 2000;
  log.options.spare_segments = 1;
  log.create();
  log.open();
}

// The operation before or after which the power goes.
struct Point {
  std::uint64_t operation = 0;
  bool before = true;
};

void set(simenv::SimulatedDisk& disk, Point point) {
  if (point.before) {
    disk.crash_before(point.operation);
  } else {
    disk.crash_after(point.operation);
  }
}

// True when the run ended before the point was reached.
bool run_until(LogOnDisk& log, Checked& checked, Point point) {
  set(log.disk, point);
  try {
    run_script(log, checked);
    return true;
  } catch (const PowerCut&) {
    return false;
  }
}

std::string name_of(Point point, Survival survival) {
  return std::string{point.before ? "before" : "after"} + " operation " +
         std::to_string(point.operation) + ", survives: " + std::string{name_of(survival)};
}

void goes_on(LogOnDisk& log, Checked& checked) {
  const auto found = checked.now().find(GroupId{1});
  const NaiveGroup group = found == checked.now().end() ? NaiveGroup{} : found->second;
  const std::uint64_t last =
      group.entries.empty() ? group.base.index.value() : group.entries.rbegin()->first.value();
  const auto more = entries(last + 1, last + 3, 99);
  checked.write({write_of(1, more)});
  checked.sync();
  log.disk.crash(Survival::kNone);
  log.open();
  checked.expect_allowed("after it went on");
}

std::uint64_t operations_of_the_run() {
  LogOnDisk log;
  prepare(log);
  Checked checked{log};
  run_script(log, checked);
  return log.disk.operations();
}

TEST(WalCrash, AtEveryOperationLosesNothingThatWasSynced) {
  const std::uint64_t end = operations_of_the_run();
  EXPECT_GT(end, 150U);
  for (std::uint64_t operation = 1; operation <= end; ++operation) {
    for (const bool before : {true, false}) {
      for (const Survival survival :
           {Survival::kNone, Survival::kAll, Survival::kPrefix, Survival::kAny, Survival::kAny}) {
        if (before && survival != Survival::kAny) {
          continue;  // the same as after the operation before
        }
        const Point point{operation, before};
        LogOnDisk log{operation * 31 + static_cast<std::uint64_t>(survival)};
        prepare(log);
        if (log.disk.operations() >= operation) {
          break;
        }
        Checked checked{log};
        run_until(log, checked, point);
        log.disk.crash(survival);
        const auto opened = log.try_open();
        ASSERT_TRUE(opened.ok()) << name_of(point, survival) << ": " << error_of(opened);
        checked.expect_allowed(name_of(point, survival));
        goes_on(log, checked);
        if (::testing::Test::HasFailure()) {
          FAIL() << name_of(point, survival);
        }
      }
    }
  }
}

TEST(WalCrash, AgainAtEveryOperationOfTheRecoveryLosesNothingEither) {
  const std::uint64_t end = operations_of_the_run();
  std::uint64_t again = 0;
  for (std::uint64_t operation = 20; operation <= end; operation += 5) {
    for (std::uint64_t later = 1; later < 100; ++later) {
      LogOnDisk log{operation * 31 + later};
      prepare(log);
      Checked checked{log};
      run_until(log, checked, {operation, later % 2 == 0});
      log.disk.crash(Survival::kAny);
      bool done = true;
      log.disk.crash_after(log.disk.operations() + (later + 1) / 2);
      try {
        ASSERT_TRUE(log.try_open().ok());
      } catch (const PowerCut&) {
        done = false;
        ++again;
        log.disk.crash(Survival::kAny);
        ASSERT_TRUE(log.try_open().ok());
      }
      log.disk.crash_before(0);
      checked.expect_allowed("second crash " + std::to_string(later) + " after " +
                             std::to_string(operation));
      goes_on(log, checked);
      ASSERT_FALSE(::testing::Test::HasFailure()) << operation << " and " << later;
      if (done) {
        break;
      }
    }
  }
  EXPECT_GT(again, 100U);
}

TEST(WalCrash, WhileADirectoryIsMadeLeavesOneThatIsWholeOrCanBeMadeAgain) {
  for (std::uint64_t operation = 1;; ++operation) {
    LogOnDisk log{operation};
    log.options.segment_bytes = kSmallest;
    log.disk.crash_after(operation);
    try {
      log.create();
      break;
    } catch (const PowerCut&) {
    }
    log.disk.crash(Survival::kAny);
    if (const auto opened = log.try_open(); !opened) {
      ASSERT_EQ(opened.error().code, ErrorCode::kNotFound) << error_of(opened);
      log.create();
      log.open();
    }
    log.append(1, 1, 3, 1);
    log.sync();
    log.open();
    EXPECT_EQ(log.recover(1).last, Index{3});
  }
}

}  // namespace
}  // namespace quorate::wal::testing
