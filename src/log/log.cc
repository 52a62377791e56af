#include "log/log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"

namespace quorate {

Log::Log(Restored restored, std::uint64_t window_bytes)
    : runs_(std::move(restored.runs)),
      window_limit_(window_bytes),
      snapshot_(restored.snapshot),
      applied_(restored.applied),
      committed_(restored.applied),
      stable_(last().index) {
  QUORATE_ASSERT(base().index <= snapshot_);
  QUORATE_ASSERT(snapshot_ <= applied_);
  QUORATE_ASSERT(applied_ <= last().index);
  QUORATE_ASSERT(restored.tail.size() <= last().index - base().index);
  Index expected = last().index + 1 - restored.tail.size();
  for (Entry& entry : restored.tail) {
    QUORATE_ASSERT(entry.index == expected, describe(entry));
    QUORATE_ASSERT(matches(entry.position()), describe(entry));
    expected = expected.next();
    bytes_ += entry.cost();
    entries_.push_back(std::move(entry));
  }
  trim();
}

void Log::truncate_from(Index first) {
  // 5.4.3, Leader Completeness: no leader conflicts with what is committed.
  QUORATE_ASSERT(first > committed_, std::to_string(first.value()) + " is committed");
  runs_.truncate_from(first);
  while (!entries_.empty() && entries_.back().index >= first) {
    bytes_ -= entries_.back().cost();
    entries_.pop_back();
  }
  stable_ = std::min(stable_, last().index);
}

void Log::apply_to(Index index) {
  QUORATE_ASSERT(index >= applied_);
  QUORATE_ASSERT(index <= committed_);
  QUORATE_ASSERT(index <= stable_);
  applied_ = index;
}

void Log::snapshot_at(Index index) {
  QUORATE_ASSERT(index >= snapshot_);
  QUORATE_ASSERT(index <= applied_);
  snapshot_ = index;
}

void Log::compact(Index upto) {
  QUORATE_ASSERT(upto <= snapshot_);
  if (upto <= base().index) {
    return;
  }
  drop_through(upto);
  runs_.compact(upto);
}

void Log::reset(LogPosition base) {
  QUORATE_ASSERT(base.index >= committed_);
  QUORATE_ASSERT(base.term >= *term_at(committed_));
  entries_.clear();
  bytes_ = 0;
  runs_ = TermRuns{base};
  snapshot_ = base.index;
  committed_ = base.index;
  stable_ = base.index;
}

void Log::drop_beyond_window() {
  const Index may_leave = std::min(committed_, stable_);
  while (bytes_ > window_limit_ && !entries_.empty() && entries_.front().index <= may_leave) {
    drop_front();
  }
}

void Log::release_memory() {
  drop_through(std::min(applied_, stable_));
  Ring<Entry> rest;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    rest.push_back(std::move(entries_[i]));
  }
  entries_ = std::move(rest);
  runs_.release_memory();
}

std::size_t Log::memory() const {
  // An entry's fixed share in its cost stands for what the allocator adds to its payload.
  return runs_.memory() + entries_.capacity() * sizeof(Entry) + bytes_;
}

void Log::fingerprint(Fingerprint& into) const {
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  for (const TermRun& run : runs_.describe_down_from(last().index, kAll)) {
    into.add(run.first);
    into.add(run.term);
  }
  for (const Index mark : {last().index, base().index, snapshot_, applied_, committed_, stable_}) {
    into.add(mark);
  }
  into.add(static_cast<std::uint64_t>(entries_.size()));
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    into.add(static_cast<std::uint64_t>(entries_[i].kind));
    into.add(entries_[i].payload);
  }
}

void Log::drop_front() {
  bytes_ -= entries_.front().cost();
  entries_.pop_front();
}

void Log::drop_through(Index index) {
  while (!entries_.empty() && entries_.front().index <= index) {
    drop_front();
  }
}

}  // namespace quorate
