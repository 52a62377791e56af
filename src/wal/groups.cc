#include "wal/groups.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate::wal {
namespace {

Extent extent_of_record(const Record& record, std::uint32_t segment, std::uint32_t offset) {
  return {record.index, record.term, record.count,         0,
          segment,      offset,      offset + record.body, offset + record.data};
}

// The part of an extent that lies in [first, end).
Extent part_of(Extent extent, Index first, Index end) {
  const Index from = std::max(extent.first, first);
  const Index to = std::min(extent.first + extent.count, end);
  extent.skip += static_cast<std::uint32_t>(from - extent.first);
  extent.first = from;
  extent.count = to > from ? static_cast<std::uint32_t>(to - from) : 0;
  return extent;
}

}  // namespace

std::uint64_t Live::of(std::uint32_t segment) const {
  const auto found = segments_.find(segment);
  return found == segments_.end() ? 0 : found->second.live;
}

Live::Count Live::all() const {
  Count sum;
  for (const auto& [segment, count] : segments_) {
    sum.live += count.live;
    sum.ever += count.ever;
  }
  return sum;
}

// ---- One group

LogPosition Group::last() const {
  return extents_.empty() ? base_ : LogPosition{extents_.back().last(), extents_.back().term};
}

std::optional<Term> Group::term_at(Index index) const {
  if (index == base_.index) {
    return base_.term;
  }
  if (index < base_.index || index > last().index) {
    return std::nullopt;
  }
  return extents_[extent_of(index)].term;
}

std::size_t Group::extent_of(Index index) const {
  QUORATE_ASSERT(index > base_.index);
  QUORATE_ASSERT(index <= last().index);
  std::size_t low = 0;
  std::size_t high = extents_.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    if (extents_[middle].first <= index) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

void Group::append(const Extent& extent, Live& live) {
  QUORATE_ASSERT(extent.count > 0);
  QUORATE_ASSERT(extent.first > base_.index);
  QUORATE_ASSERT(extent.first <= last().index.next());
  truncate_from(extent.first, live);
  extents_.push_back(extent);
  live.add(extent);
}

void Group::truncate_from(Index first, Live& live) {
  while (!extents_.empty() && extents_.back().last() >= first) {
    Extent& back = extents_.back();
    const Extent kept = part_of(back, back.first, first);
    live.remove(back, back.count - kept.count);
    if (kept.count == 0) {
      extents_.pop_back();
    } else {
      back = kept;
    }
  }
  while (!configurations_.empty() && configurations_.back() >= first) {
    configurations_.pop_back();
  }
}

void Group::compact(LogPosition upto, Live& live) {
  if (upto.index <= base_.index) {
    return;
  }
  while (!extents_.empty() && extents_.front().first <= upto.index) {
    Extent& front = extents_.front();
    const Extent kept = part_of(front, upto.index.next(), front.last().next());
    live.remove(front, front.count - kept.count);
    if (kept.count == 0) {
      extents_.pop_front();
    } else {
      front = kept;
    }
  }
  base_ = upto;
  std::erase_if(configurations_, [&](Index at) { return at <= upto.index; });
}

void Group::reset(LogPosition base, Live& live) {
  while (!extents_.empty()) {
    live.remove(extents_.back(), extents_.back().count);
    extents_.pop_back();
  }
  configurations_.clear();
  base_ = base;
}

void Group::note_configuration(Index index) {
  const auto at = std::ranges::lower_bound(configurations_, index);
  const bool known = at != configurations_.end() && *at == index;
  if (!known && index > base_.index && index <= last().index) {
    configurations_.insert(at, index);
  }
}

// Rare and of few extents, so it takes them all apart and puts them together again.
void Group::move(const Extent& extent, Live& live) {
  const Index end = extent.first + extent.count;
  std::vector<Extent> rebuilt;
  for (std::size_t i = 0; i < extents_.size(); ++i) {
    const Extent& old = extents_[i];
    const Extent moved = part_of(extent, old.first, old.last().next());
    if (moved.count == 0 || (old.term != extent.term && old.term != Term{})) {
      rebuilt.push_back(old);
      continue;
    }
    live.remove(old, moved.count);
    live.add(moved);
    for (const Extent& piece :
         {part_of(old, old.first, extent.first), moved, part_of(old, end, old.last().next())}) {
      if (piece.count > 0) {
        rebuilt.push_back(piece);
      }
    }
  }
  extents_.clear();
  for (const Extent& piece : rebuilt) {
    extents_.push_back(piece);
  }
}

// ---- All of them

Group* Groups::find(GroupId id) {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}
const Group* Groups::find(GroupId id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}

void Groups::forget(GroupId id) {
  if (Group* group = find(id)) {
    group->reset({}, live_);
    groups_.erase(id);
  }
}

void Groups::append(const Record& record, std::string_view control, std::uint32_t segment,
                    std::uint32_t offset) {
  Group& group = at(record.group);
  group.append(extent_of_record(record, segment, offset), live_);
  note_configurations(group, record, control);
}

void Groups::note_configurations(Group& group, const Record& record, std::string_view control) {
  for (std::uint32_t i = 0; i < record.count; ++i) {
    if (line_at(control, record.body + i * kTableBytes).kind == EntryKind::kConfiguration) {
      group.note_configuration(record.index + i);
    }
  }
}

void Groups::apply(const Record& record, std::string_view control, std::uint32_t segment,
                   std::uint32_t offset) {
  const LogPosition position{record.index, record.term};
  switch (record.kind) {
    case Kind::kEntries:
      return append(record, control, segment, offset);
    case Kind::kAgain:
      if (Group* group = find(record.group)) {
        group->move(extent_of_record(record, segment, offset), live_);
        note_configurations(*group, record, control);
      }
      return;
    case Kind::kHardState:
      at(record.group).hard_state = {record.term, NodeId{record.index.value()}};
      return;
    case Kind::kSnapshot:
      at(record.group).snapshot = meta_of(control.substr(record.body, record.count));
      return;
    case Kind::kInstall:
      at(record.group).snapshot = meta_of(control.substr(record.body, record.count));
      return at(record.group).reset(position, live_);
    case Kind::kCompact:
      return at(record.group).compact(position, live_);
    case Kind::kCut:
      return at(record.group).truncate_from(record.index, live_);
    case Kind::kForget:
      return forget(record.group);
    case Kind::kCheckpoint:
    case Kind::kLast:
    case Kind::kSettled:
      return;
  }
}

}  // namespace quorate::wal
