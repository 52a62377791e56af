// What a log should hold, said as plainly as can be: a twin for comparison.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wal_fixture.h"

namespace quorate::wal::testing {

struct NaiveGroup {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;
  LogPosition base;
  std::map<Index, Entry> entries;

  bool operator==(const NaiveGroup&) const = default;
};

using NaiveLog = std::map<GroupId, NaiveGroup>;

inline void apply(NaiveLog& log, const Write& write) {
  if (write.forget) {
    log.erase(write.group);
    return;
  }
  if (!write.hard_state && !write.install && !write.snapshot && write.entries.empty() &&
      !write.compact) {
    return;
  }
  NaiveGroup& group = log[write.group];
  if (write.hard_state) {
    group.hard_state = *write.hard_state;
  }
  if (write.install) {
    group.snapshot = write.install;
    group.base = write.install->last;
    group.entries.clear();
  }
  if (write.snapshot) {
    group.snapshot = write.snapshot;
  }
  if (!write.entries.empty()) {
    group.entries.erase(group.entries.lower_bound(write.entries.front().index),
                        group.entries.end());
  }
  for (const Entry& entry : write.entries) {
    group.entries[entry.index] = entry;
  }
  if (write.compact && *write.compact > group.base.index) {
    group.base = group.entries.at(*write.compact).position();
    group.entries.erase(group.entries.begin(), group.entries.upper_bound(*write.compact));
  }
}

// All that a log answers, put together again. Nothing where it does not answer.
inline std::optional<NaiveLog> content_of(Wal& wal, const std::vector<GroupId>& groups) {
  NaiveLog log;
  for (const GroupId id : groups) {
    auto found = wal.recover(id, 200);
    if (!found) {
      return std::nullopt;
    }
    NaiveGroup& group = log[id];
    group.hard_state = found.value().hard_state;
    group.snapshot = found.value().snapshot;
    group.base = found.value().base;
    for (Index at = group.base.index.next(); at <= found.value().last;) {
      auto some = wal.read(id, at, found.value().last, 300);
      if (!some || some.value().lost || some.value().entries.empty()) {
        return std::nullopt;
      }
      for (Entry& entry : some.value().entries) {
        at = entry.index.next();
        group.entries[entry.index] = std::move(entry);
      }
    }
    for (const Entry& entry : found.value().tail) {
      if (!group.entries.contains(entry.index) || !(group.entries[entry.index] == entry)) {
        return std::nullopt;
      }
    }
  }
  return log;
}

inline std::string describe(const NaiveLog& log) {
  std::string text;
  for (const auto& [id, group] : log) {
    text += "group " + std::to_string(id.value()) + ": " + quorate::describe(group.hard_state) +
            " base " + quorate::describe(group.base) + " entries";
    for (const auto& [index, entry] : group.entries) {
      text += " " + quorate::describe(entry.position());
    }
    text += "\n";
  }
  return text;
}

// A log that is used, and the states that it may show after a crash: the one that was synced last,
// and those that were written since.
class Checked {
 public:
  explicit Checked(LogOnDisk& log) : log_(log) {}

  void write(const std::vector<Write>& writes) {
    NaiveLog next = allowed.back();
    for (const Write& write : writes) {
      apply(next, write);
    }
    allowed.push_back(std::move(next));  // before it is done: it may be done in part
    const auto written = log_.wal->write(writes);
    ASSERT_TRUE(written.ok()) << error_of(written);
  }
  void sync() {
    log_.sync();
    allowed = {allowed.back()};
  }
  // What is there after it was opened anew is one of the states that may be; it is the one from
  // here on.
  void expect_allowed(const std::string& when) {
    const auto found = content_of(*log_.wal, log_.opened.groups);
    ASSERT_TRUE(found.has_value()) << when;
    EXPECT_TRUE(log_.opened.lost.empty())
        << when << ": " << quorate::wal::describe(log_.opened.lost.front());
    EXPECT_TRUE(log_.opened.unknown.empty()) << when;
    for (const NaiveLog& state : allowed) {
      if (state == *found) {
        allowed = {state};
        return;
      }
    }
    FAIL() << when << ": found\n"
           << describe(*found) << "but synced was\n"
           << describe(allowed.front()) << "and written\n"
           << describe(allowed.back());
  }
  [[nodiscard]] const NaiveLog& now() const { return allowed.back(); }

  std::vector<NaiveLog> allowed{NaiveLog{}};

 private:
  LogOnDisk& log_;
};

}  // namespace quorate::wal::testing
