// Groups: what the log holds of each group, and where. Built by applying records in the order of
// the log; knows nothing of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "wal/format.h"

namespace quorate::wal {

// Consecutive entries of one term that stand in one record, or a part of them.
struct Extent {
  Index first;
  Term term;
  std::uint32_t count = 0;
  std::uint32_t skip = 0;     // so many entries of the record stand before the first
  std::uint32_t segment = 0;  // 0: nobody knows where, or what
  std::uint32_t batch = 0;    // offsets in the segment: of the batch,
  std::uint32_t table = 0;    // of the record's table,
  std::uint32_t data = 0;     // of the record's first entry

  [[nodiscard]] Index last() const { return first + (count - 1); }
  [[nodiscard]] bool missing() const { return segment == 0; }
};

// How many entries of each segment are still needed, of those that ever were.
class Live {
 public:
  struct Count {
    std::uint64_t live = 0;
    std::uint64_t ever = 0;
  };

  void add(const Extent& extent) {
    if (!extent.missing()) {
      Count& count = segments_[extent.segment];
      count.live += extent.count;
      count.ever += extent.count;
    }
  }
  void remove(const Extent& extent, std::uint32_t entries) {
    if (!extent.missing()) {
      segments_[extent.segment].live -= entries;
    }
  }
  void drop(std::uint32_t segment) { segments_.erase(segment); }
  [[nodiscard]] std::uint64_t of(std::uint32_t segment) const;
  [[nodiscard]] Count all() const;

 private:
  std::map<std::uint32_t, Count> segments_;
};

class Group {
 public:
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;

  // The log begins after this position.
  [[nodiscard]] LogPosition base() const { return base_; }
  [[nodiscard]] LogPosition last() const;
  // Nothing for an index before the base or after the last; term 0 where it is not known.
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  [[nodiscard]] const Ring<Extent>& extents() const { return extents_; }
  // Which one holds it; it is after the base, and at most the last.
  [[nodiscard]] std::size_t extent_of(Index index) const;
  // The indexes of configuration entries, rising.
  [[nodiscard]] const std::vector<Index>& configurations() const { return configurations_; }

  // The extent begins after the base and at most right behind the last; what stood from its first
  // on is gone.
  void append(const Extent& extent, Live& live);
  // The entry there is one; passed over where the log does not hold it.
  void note_configuration(Index index);
  void truncate_from(Index first, Live& live);
  void compact(LogPosition upto, Live& live);
  void reset(LogPosition base, Live& live);
  // The same entries stand elsewhere as well; those of them that the log does not hold are passed
  // over.
  void move(const Extent& extent, Live& live);

 private:
  LogPosition base_;
  Ring<Extent> extents_;  // without a gap between them
  std::vector<Index> configurations_;
};

class Groups {
 public:
  [[nodiscard]] Group* find(GroupId id);
  [[nodiscard]] const Group* find(GroupId id) const;
  Group& at(GroupId id) { return groups_[id]; }
  [[nodiscard]] const std::map<GroupId, Group>& all() const { return groups_; }
  [[nodiscard]] std::map<GroupId, Group>& all() { return groups_; }
  [[nodiscard]] const Live& live() const { return live_; }
  [[nodiscard]] Live& live() { return live_; }

  // A record of a batch that begins at `offset` of the segment; `control` is the batch's control
  // section. The record connects to what is there.
  void apply(const Record& record, std::string_view control, std::uint32_t segment,
             std::uint32_t offset);
  void forget(GroupId id);

 private:
  static void note_configurations(Group& group, const Record& record, std::string_view control);
  void append(const Record& record, std::string_view control, std::uint32_t segment,
              std::uint32_t offset);

  std::map<GroupId, Group> groups_;
  Live live_;
};

}  // namespace quorate::wal
