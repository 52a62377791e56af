// The log and a naive one beside it, through random writes, syncs, crashes and reopenings.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"
#include "wal_model.h"

namespace quorate::wal::testing {
namespace {

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : random_(seed), log_(seed), checked_(log_) {
    log_.options.segment_bytes = 4096 * static_cast<std::uint32_t>(random_.below(12) + 4);
    log_.options.max_segments = static_cast<std::uint32_t>(random_.below(5) + 2);
    log_.options.rewrite_bytes = random_.below(4000) + 1;
    log_.options.spare_segments = static_cast<std::uint32_t>(random_.below(3));
    log_.create();
    log_.open();
  }

  void step() {
    switch (random_.below(12)) {
      case 0:
      case 1:
        return checked_.sync();
      case 2:
        ASSERT_TRUE(log_.wal->close_window().ok());
        checked_.allowed = {checked_.now()};
        return;
      case 3:
        ASSERT_TRUE(log_.wal->tend().ok());
        return;
      case 4:
        return reopen();
      default:
        return write();
    }
  }
  void reopen() {
    if (random_.below(2) == 0) {
      log_.disk.crash(simenv::Survival::kAny);
    } else {
      log_.disk.kill();
    }
    log_.open();
    checked_.expect_allowed("reopened");
  }

 private:
  void write() {
    std::vector<Write> writes;
    kept_.clear();
    kept_.reserve(8);
    NaiveLog now = checked_.now();
    for (std::uint64_t i = random_.below(4) + 1; i > 0; --i) {
      writes.push_back(one(now));
      testing::apply(now, writes.back());
    }
    checked_.write(writes);
  }
  Write one(const NaiveLog& now) {
    Write write;
    write.group = GroupId{random_.below(4) + 1};
    const auto found = now.find(write.group);
    const NaiveGroup group = found == now.end() ? NaiveGroup{} : found->second;
    LogPosition last =
        group.entries.empty() ? group.base : group.entries.rbegin()->second.position();
    if (random_.below(40) == 0) {
      write.forget = true;
      return write;
    }
    if (random_.below(6) == 0) {
      write.hard_state = HardState{Term{random_.below(1000)}, NodeId{random_.below(4)}};
    }
    if (random_.below(25) == 0) {
      last = {last.index + random_.below(20) + 1, last.term + random_.below(2)};
      write.install = SnapshotMeta{last, meta(1, 1).configuration, Index{1}};
    } else if (!group.entries.empty() && random_.below(5) == 0) {
      // Back to an earlier position, where another leader's entries begin.
      auto at = group.entries.begin();
      std::advance(at, random_.below(group.entries.size()));
      const Index before = at->first.previous();
      last = {before, before == group.base.index ? group.base.term : group.entries.at(before).term};
      last.term = std::max(last.term, group.entries.rbegin()->second.term);
    }
    if (random_.below(8) != 0) {
      kept_.push_back(entries(
          last.index.value() + 1, last.index.value() + 1 + random_.below(6),
          last.term.value() + random_.below(2),
          std::string(random_.below(10) == 0 ? random_.below(9000) : random_.below(80), 'x')));
      write.entries = kept_.back();
    }
    const Index first = group.base.index.next();
    if (!write.install && last.index > first && random_.below(3) == 0) {
      write.compact = first + random_.below(last.index - first);
    }
    return write;
  }

  Random random_;
  LogOnDisk log_;
  Checked checked_;
  std::vector<std::vector<Entry>> kept_;
};

RC_GTEST_PROP(WalTwin, TheLogHoldsWhatANaiveOneHolds, ()) {
  Pair pair{*rc::gen::arbitrary<std::uint64_t>()};
  for (int i = 0; i < 120; ++i) {
    pair.step();
    RC_ASSERT_FALSE(::testing::Test::HasFailure());
  }
  pair.reopen();
  RC_ASSERT_FALSE(::testing::Test::HasFailure());
}

}  // namespace
}  // namespace quorate::wal::testing
