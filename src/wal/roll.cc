// From one segment to the next, and what becomes of the old ones.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "wal/bytes.h"
#include "wal/wal.h"

namespace quorate::wal {

// The state of every group as it is now.
void Wal::add_checkpoint(Batch& batch) const {
  batch.add(Kind::kCheckpoint, GroupId{}, Index{}, Term{});
  for (const auto& [id, group] : groups_.all()) {
    batch.add(Kind::kHardState, id, Index{group.hard_state.vote.value()}, group.hard_state.term);
    if (group.snapshot) {
      batch.add(Kind::kSnapshot, id, *group.snapshot);
    }
    batch.add(Kind::kCompact, id, group.base().index, group.base().term);
    batch.add(Kind::kLast, id, group.last().index, group.last().term);
  }
}

Result<void> Wal::roll(std::uint64_t room) {
  // The next segment's header says that all of this one is durable.
  if (auto done = sync_segment(); !done) {
    return done;
  }
  Batch checkpoint;
  add_checkpoint(checkpoint);
  const std::uint64_t state = checkpoint.most();
  std::uint64_t size =
      std::max<std::uint64_t>(options_.segment_bytes, round_up(kFirstBatch + state + room, kPage));
  if (4 * state > size) {  // where the state of all groups takes much of a segment, larger ones
    size = round_up(kFirstBatch + 4 * state + room, kPage);
  }
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    return invalid("the state of all groups does not fit into a segment of 4 GiB");
  }
  auto spare = take_spare(static_cast<std::uint32_t>(size));
  if (!spare) {
    return spare.error().code == ErrorCode::kExhausted ? spare.error() : fail(spare.error());
  }
  SegmentHeader header{directory_.identity(),
                       segments_.rbegin()->first + std::uint64_t{1},
                       tip_.sequence - 1,
                       tip_.chain,
                       tip_.state,
                       spare.value().size};
  const std::uint32_t here = std::exchange(tip_.offset, static_cast<std::uint32_t>(kFirstBatch));
  const auto parts = checkpoint.finish(next_head(), key_of(header.identity, header.segment));
  auto started = start_segment(files_, directory_.log(), spare.value().path, header, parts);
  if (!started) {
    tip_.offset = here;
    return started.error().code == ErrorCode::kExhausted ? started.error() : fail(started.error());
  }
  if (auto done = seal(*segments_.rbegin()->second); !done) {
    return fail(done.error());
  }
  const std::uint32_t number = started.value().number;
  {
    const std::lock_guard hold{mutex_};
    segments_.emplace(number, std::make_shared<Segment>(std::move(started.value())));
  }
  synced_ = tip_.sequence;
  advance(checkpoint);
  return {};
}

// ---- Spares

Result<Wal::Spare> Wal::take_spare(std::uint32_t size) {
  const auto take = [&]() -> std::optional<Spare> {
    const std::lock_guard hold{mutex_};
    if (size != options_.segment_bytes || spares_.empty()) {
      return std::nullopt;
    }
    Spare spare{std::move(spares_.back()), size};
    spares_.pop_back();
    return spare;
  };
  if (auto spare = take()) {
    return *spare;
  }
  if (begin_tending()) {
    auto done = put_aside();
    end_tending();
    if (!done) {
      return done.error();
    }
    if (auto spare = take()) {
      return *spare;
    }
  }
  return make_spare(size);
}

Result<Wal::Spare> Wal::make_spare(std::uint32_t size) {
  std::uint32_t number = 0;
  {
    const std::lock_guard hold{mutex_};
    number = next_spare_++;
  }
  const std::string unfinished = env::join(directory_.log(), unfinished_name(number));
  Spare spare{env::join(directory_.log(), spare_name(number)), size};
  if (auto made = make_zeros(files_, unfinished, size); !made) {
    return made.error();
  }
  if (auto renamed = files_.rename(unfinished, spare.path); !renamed) {
    return renamed.error();
  }
  return spare;
}

// ---- What is not needed any more

// Called when all that was written is durable, so that what makes a segment superfluous is too.
void Wal::retire() {
  const std::lock_guard hold{mutex_};
  while (segments_.size() > 1 && groups_.live().of(segments_.begin()->first) == 0) {
    groups_.live().drop(segments_.begin()->first);
    retired_.push_back(std::move(segments_.begin()->second));
    segments_.erase(segments_.begin());
  }
}

// One after the other, and each for good before the next: a log must not have a gap.
Result<void> Wal::put_aside() {
  for (;;) {
    SegmentPointer oldest;
    std::string spare;
    {
      const std::lock_guard hold{mutex_};
      if (retired_.empty() || retired_.front()->readers > 0) {
        return {};
      }
      oldest = retired_.front();
      if (oldest->size == options_.segment_bytes && spares_.size() < options_.spare_segments) {
        spare = env::join(directory_.log(), spare_name(next_spare_++));
      }
    }
    auto done = spare.empty() ? files_.remove(oldest->path) : files_.rename(oldest->path, spare);
    if (done) {
      done = files_.sync_directory(directory_.log());
    }
    if (!done) {
      return done;
    }
    const std::lock_guard hold{mutex_};
    retired_.erase(retired_.begin());
    if (!spare.empty()) {
      spares_.push_back(spare);
    }
  }
}

bool Wal::begin_tending() {
  const std::lock_guard hold{mutex_};
  return !std::exchange(tending_, true);
}
void Wal::end_tending() {
  const std::lock_guard hold{mutex_};
  tending_ = false;
}

bool Wal::wants_tending() const {
  const std::lock_guard hold{mutex_};
  const bool aside = !retired_.empty() && retired_.front()->readers == 0;
  return !tending_ && (aside || spares_.empty());
}

Result<void> Wal::tend() {
  if (!begin_tending()) {
    return {};
  }
  auto done = put_aside();
  bool enough = false;
  {
    const std::lock_guard hold{mutex_};
    enough = !spares_.empty();
  }
  if (done && !enough) {
    auto spare = make_spare(options_.segment_bytes);
    if (spare) {
      const std::lock_guard hold{mutex_};
      spares_.push_back(spare.value().path);
    } else {
      done = spare.error();
    }
  }
  end_tending();
  return done;
}

std::size_t Wal::segments() const {
  const std::lock_guard hold{mutex_};
  return segments_.size();
}

// ---- What lags

void Wal::rewrite_oldest() {
  const Live::Count count = groups_.live().all();
  const auto oldest = segments_.begin();
  if (segments_.size() <= options_.max_segments || count.live * 2 > count.ever ||
      cannot_rewrite_ == oldest->first) {
    to_rewrite_.clear();
    return;
  }
  if (to_rewrite_.empty()) {
    for (const auto& [id, group] : groups_.all()) {
      to_rewrite_.push_back(id);
    }
  }
  const SegmentPointer segment = oldest->second;
  std::uint64_t budget = options_.rewrite_bytes;
  while (budget > 0 && !to_rewrite_.empty()) {
    const auto more = rewrite_some(segment, to_rewrite_.back(), budget);
    if (!more) {
      // No room, or rot. Either is told where it matters; here there is only no progress.
      cannot_rewrite_ = more.error().code == ErrorCode::kCorrupt ? segment->number : 0;
      to_rewrite_.clear();
      return;
    }
    if (!more.value()) {
      to_rewrite_.pop_back();
    }
  }
}

// False when the group needs nothing of that segment any more.
Result<bool> Wal::rewrite_some(const SegmentPointer& oldest, GroupId id, std::uint64_t& budget) {
  const Group* group = groups_.find(id);
  std::optional<Extent> extent;
  for (std::size_t i = 0; group != nullptr && !extent && i < group->extents().size(); ++i) {
    if (group->extents()[i].segment == oldest->number) {
      extent = group->extents()[i];
    }
  }
  if (!extent) {
    return false;
  }
  Read some;
  if (auto done = read_piece({id, *extent, oldest}, budget, some); !done) {
    return done.error();
  }
  if (some.entries.empty()) {
    return corrupt(some.lost ? describe(*some.lost) : "nothing could be read");
  }
  batch_.clear();
  batch_.add(Kind::kAgain, id, Term{}, some.entries);
  if (auto done = commit(); !done) {
    return done.error();
  }
  return true;
}

}  // namespace quorate::wal
