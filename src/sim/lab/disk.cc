#include "sim/lab/disk.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate::lab {

Disk::Disk(Configuration bootstrap) { state_.snapshot.configuration = std::move(bootstrap); }

void Disk::record_snapshot(const SnapshotMeta& meta, const StagedSnapshots& staged) {
  const auto content = staged.find(meta.last.index);
  QUORATE_ASSERT(content != staged.end(), "no content for the snapshot " + describe(meta));
  state_.snapshot = meta;
  snapshot_content_ = content->second;
}

void Disk::append(const std::vector<Entry>& entries) {
  const Index first = entries.front().index;
  QUORATE_ASSERT(first > state_.base.index);
  QUORATE_ASSERT(first <= last().next());
  state_.entries.resize(first - state_.base.index - 1);
  state_.entries.insert(state_.entries.end(), entries.begin(), entries.end());
}

void Disk::compact(Index upto) {
  if (upto <= state_.base.index) {
    return;
  }
  QUORATE_ASSERT(upto <= last());
  const auto dropped =
      state_.entries.begin() + static_cast<std::ptrdiff_t>(upto - state_.base.index);
  state_.base = std::prev(dropped)->position();
  state_.entries.erase(state_.entries.begin(), dropped);
}

void Disk::write(const Persist& persist, const StagedSnapshots& staged) {
  if (persist.hard_state) {
    state_.hard_state = *persist.hard_state;
  }
  if (persist.install) {
    record_snapshot(*persist.install, staged);
    state_.base = persist.install->last;
    state_.entries.clear();
  }
  if (persist.snapshot) {
    record_snapshot(*persist.snapshot, staged);
  }
  if (!persist.entries.empty()) {
    append(persist.entries);
  }
  if (persist.compact) {
    compact(*persist.compact);
  }
}

Result<std::vector<Entry>> Disk::read(Index first, Index last_wanted,
                                      std::uint64_t max_bytes) const {
  if (first <= state_.base.index || first > last()) {
    return Error{ErrorCode::kNotFound,
                 "entry " + std::to_string(first.value()) + " is not on disk any more, or not yet"};
  }
  std::vector<Entry> result;
  std::uint64_t bytes = 0;
  for (Index i = first; i <= std::min(last_wanted, last()); i = i.next()) {
    const Entry& entry = state_.entries[i - state_.base.index - 1];
    bytes += entry.cost();
    if (!result.empty() && bytes > max_bytes) {
      break;
    }
    result.push_back(entry);
  }
  return result;
}

Result<Restored> Disk::restore() const {
  return Restored::from_entries(state_.hard_state, state_.snapshot, state_.base, state_.entries,
                                state_.snapshot.last.index);
}

std::size_t Disk::state_size() const {
  std::string bytes;
  wire::encode(state_, bytes);
  return bytes.size();
}

}  // namespace quorate::lab
