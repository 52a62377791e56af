#include "wal/replay.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace quorate::wal {
namespace {

// No log goes beyond this, so that counting on from an index that does not is safe.
constexpr std::uint64_t kMostIndex = std::uint64_t{1} << 62U;

bool has_index(Kind kind) { return kind != Kind::kHardState && kind != Kind::kSettled; }
bool has_entries(Kind kind) { return kind == Kind::kEntries || kind == Kind::kAgain; }

}  // namespace

void Replay::feed(const FoundBatch& batch, std::uint32_t segment) {
  boot_ = std::max(boot_, batch.control.head.boot);
  in_checkpoint_ = false;
  for (const Record& record : batch.control.records) {
    if (can_be(record, batch.bytes)) {
      apply(record, batch, segment);
    } else if (!impossible_) {
      impossible_ =
          corrupt("segment " + std::to_string(segment) + ", batch " +
                  std::to_string(batch.control.head.sequence) + ": a record (" +
                  describe(record.kind) + " of group " + std::to_string(record.group.value()) +
                  ") that is whole and cannot be; written by a Quorate with a fault? "
                  "Remove the node from its groups, and add it as a new one with an "
                  "empty directory");
    }
  }
  for (const BrokenEntry& broken : batch.broken) {
    const Record& record = batch.control.records[broken.record];
    candidates_.push_back({{record.group,
                            {record.index + broken.position, record.term},
                            broken.line.kind,
                            broken.line.checksum,
                            broken.line.size,
                            segment,
                            broken.offset},
                           batch.control.head.offset + record.body});
  }
}

// What a checksum says is what was written. That it makes sense is another matter.
bool Replay::can_be(const Record& record, std::string_view control) const {
  if (has_index(record.kind) && record.index.value() > kMostIndex) {
    return false;
  }
  if (record.kind == Kind::kSnapshot || record.kind == Kind::kInstall) {
    const auto meta = meta_of(control.substr(record.body, record.count));
    return meta && meta->last == LogPosition{record.index, record.term};
  }
  if (!has_entries(record.kind) && record.kind != Kind::kLast) {
    return true;
  }
  const Group* group = groups_.find(record.group);
  const Index last = group != nullptr ? group->last().index : Index{};
  const bool near =
      record.index <= last || record.index - last <= std::numeric_limits<std::uint32_t>::max();
  return near && (record.kind == Kind::kLast || record.index > Index{});
}

void Replay::lost(const Unknown& unknown, std::uint64_t newest_state) {
  ever_lost_ = true;
  unknown_.push_back(unknown);
  if (newest_state >= unknown.first_sequence) {
    state_lost_in_ = newest_state;
  }
}

void Replay::apply(const Record& record, const FoundBatch& batch, std::uint32_t segment) {
  switch (record.kind) {
    case Kind::kEntries:
      if (record.count == 0 || record.index <= groups_.at(record.group).base().index) {
        return;
      }
      connect(record);
      break;
    case Kind::kCheckpoint:
      return begin_checkpoint(batch.control);
    case Kind::kLast:
      return check_last(record);
    case Kind::kCut:
      if (record.index <= groups_.at(record.group).base().index) {
        return;
      }
      break;
    case Kind::kCompact:
      check_base(record);
      break;
    case Kind::kSettled:
      std::erase_if(unknown_,
                    [&](const Unknown& u) { return u.last_sequence <= record.index.value(); });
      return;
    default:
      break;
  }
  groups_.apply(record, batch.bytes, segment, batch.control.head.offset);
}

// Nobody knows any more what stood from `first` to `last`; the last of them is known to be of
// `term`.
void Replay::forget_entries(Group& group, Index first, Index last, Term term, Live& live) {
  if (first < last) {
    group.append({first, Term{}, static_cast<std::uint32_t>(last - first)}, live);
  }
  group.append({last, term, 1}, live);
}

// Makes the group's log one that the record may follow. What is lost leaves a gap, or an entry of
// another term in front of the record: then that is not what stood there.
void Replay::connect(const Record& record) {
  Group& group = groups_.at(record.group);
  const Index before = record.index.previous();
  const std::optional<Term> term = group.term_at(before);
  if (!term) {
    forget_entries(group, group.last().index.next(), before, record.before, groups_.live());
  } else if (*term != record.before && before != group.base().index) {
    forget_entries(group, before, before, record.before, groups_.live());
  }
}

// It names every group, so others are gone, and what it says of them holds whatever was lost
// before.
void Replay::begin_checkpoint(const Control& control) {
  in_checkpoint_ = true;
  state_known_ = true;
  state_lost_in_ = 0;
  std::set<GroupId> named;
  for (const Record& record : control.records) {
    named.insert(record.group);
  }
  std::vector<GroupId> gone;
  for (const auto& [id, group] : groups_.all()) {
    if (!named.contains(id)) {
      gone.push_back(id);
    }
  }
  for (const GroupId id : gone) {
    groups_.forget(id);
  }
}

void Replay::check_base(const Record& record) {
  Group& group = groups_.at(record.group);
  const std::optional<Term> term = group.term_at(record.index);
  const bool known = term && (*term == record.term || *term == Term{});
  if (!known && record.index > group.base().index) {
    group.reset({record.index, record.term}, groups_.live());
  }
}

void Replay::check_last(const Record& record) {
  Group& group = groups_.at(record.group);
  if (record.index <= group.base().index) {
    group.reset(group.base(), groups_.live());
    return;
  }
  const std::optional<Term> term = group.term_at(record.index);
  if (!term) {
    forget_entries(group, group.last().index.next(), record.index, record.term, groups_.live());
    return;
  }
  group.truncate_from(record.index.next(), groups_.live());
  if (*term != record.term) {
    forget_entries(group, record.index, record.index, record.term, groups_.live());
  }
}

Result<void> Replay::finish() {
  if (impossible_) {
    return *impossible_;
  }
  if (!state_known_ || state_lost_in_ != 0) {
    return corrupt(
        "hard state is lost, both copies of it" +
        (state_lost_in_ != 0 ? " (in batch " + std::to_string(state_lost_in_) + ")" : "") +
        ": what this node has promised is not known any more. Its disk counts as wiped: remove "
        "the node from its groups, and add it as a new one with an empty directory");
  }
  return cut_groups();
}

Result<void> Replay::cut_groups() {
  for (auto& [id, group] : groups_.all()) {
    const Ring<Extent>& extents = group.extents();
    for (std::size_t i = 0; i < extents.size(); ++i) {
      if (!extents[i].missing()) {
        continue;
      }
      if (!ever_lost_) {
        return corrupt("entries " + std::to_string(extents[i].first.value()) + " to " +
                       std::to_string(extents[i].last().value()) + " of group " +
                       std::to_string(id.value()) +
                       " stood in a segment before the oldest that is there; put it back, or "
                       "remove the node from its groups and add it as a new one with an empty "
                       "directory");
      }
      group.truncate_from(extents[i].first, groups_.live());
      break;
    }
  }
  return {};
}

std::vector<Lost> Replay::lost() const {
  std::vector<Lost> still;
  for (const Candidate& candidate : candidates_) {
    const Lost& lost = candidate.lost;
    const Group* group = groups_.find(lost.group);
    if (group == nullptr || lost.position.index <= group->base().index ||
        lost.position.index > group->last().index) {
      continue;
    }
    const Extent& extent = group->extents()[group->extent_of(lost.position.index)];
    if (extent.segment == lost.segment && extent.table == candidate.table) {
      still.push_back(lost);
    }
  }
  return still;
}

}  // namespace quorate::wal
