#include "wal/wal.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace quorate::wal {
namespace {

// Offsets and sizes are 32 bits.
constexpr std::uint64_t kMostBatch = std::uint64_t{1} << 31U;

}  // namespace

// ---- Opening

Result<Opened> Wal::open(env::Files& files, Directory directory, const Options& options) {
  auto read = Recovery::read(files, directory.log(), directory.identity(), env::Open::kWrite);
  if (!read) {
    return read.error();
  }
  Recovery& recovery = read.value();
  if (auto mended = recovery.mend(); !mended) {
    return mended.error();
  }
  Opened opened;
  opened.wal = std::unique_ptr<Wal>{new Wal{files, std::move(directory), options}};
  Wal& wal = *opened.wal;
  if (auto found = wal.find_spares(); !found) {
    return found.error();
  }
  Replay& replay = recovery.replay();
  opened.lost = replay.lost();
  opened.unknown = replay.unknown();
  opened.scars = recovery.scars();
  opened.torn = recovery.torn();
  for (const auto& [id, group] : replay.groups().all()) {
    opened.groups.push_back(id);
  }
  wal.groups_ = std::move(replay.groups());
  for (Segment& segment : recovery.segments()) {
    const std::uint32_t number = segment.number;
    wal.segments_.emplace(number, std::make_shared<Segment>(std::move(segment)));
  }
  wal.tip_ = recovery.tip();
  wal.synced_ = wal.tip_.sequence - 1;
  wal.window_open_ = wal.tip_.proved < wal.synced_;
  wal.boot_ = replay.boot() + 1;
  return opened;
}

// What an earlier life has left beside the segments.
Result<void> Wal::find_spares() {
  const auto entries = files_.list(directory_.log());
  if (!entries) {
    return entries.error();
  }
  for (const env::Entry& entry : entries.value()) {
    const std::string path = env::join(directory_.log(), entry.name);
    const auto spare = number_of(entry.name, kSparePrefix);
    if (!spare && !number_of(entry.name, kUnfinishedPrefix)) {
      continue;
    }
    if (spare && spares_.size() < options_.spare_segments) {
      const auto file = files_.open(path, env::Open::kRead);
      const auto size = file ? file.value()->size() : Result<std::uint64_t>{file.error()};
      if (size && size.value() == options_.segment_bytes) {
        next_spare_ = std::max(next_spare_, *spare + 1);
        spares_.push_back(path);
        continue;
      }
    }
    if (auto removed = files_.remove(path); !removed) {
      return removed;
    }
  }
  return {};
}

// ---- Writing

Result<void> Wal::fail(Error error) {
  error.message +=
      "; what the disk holds is not known any more, so nothing is written until the log is opened "
      "anew";
  if (error.code == ErrorCode::kExhausted) {
    error.code = ErrorCode::kIo;
  }
  failed_ = std::move(error);
  return *failed_;
}

Result<void> Wal::write(std::span<const Write> writes) {
  if (failed_) {
    return *failed_;
  }
  batch_.clear();
  ++attempt_;
  for (const Write& write : writes) {
    add(write);
  }
  return batch_.empty() ? Result<void>{} : commit();
}

void Wal::add(const Write& write) {
  QUORATE_ASSERT(write.group != GroupId{});
  if (write.forget) {
    batch_.add(Kind::kForget, write.group, Index{}, Term{});
    return note_pending(write.group, batch_.records().size() - 1);
  }
  const std::size_t first = batch_.records().size();
  if (write.hard_state) {
    batch_.add(Kind::kHardState, write.group, Index{write.hard_state->vote.value()},
               write.hard_state->term);
  }
  if (write.install) {
    batch_.add(Kind::kInstall, write.group, *write.install);
  }
  if (write.snapshot) {
    batch_.add(Kind::kSnapshot, write.group, *write.snapshot);
  }
  note_pending(write.group, first);
  if (!write.entries.empty()) {
    const std::size_t run = batch_.records().size();
    const auto before = term_before(write.group, write.entries.front().index);
    QUORATE_ASSERT(before.has_value(), describe(write.entries.front()) + " follows nothing");
    batch_.add(Kind::kEntries, write.group, *before, write.entries);
    note_pending(write.group, run);
  }
  if (write.compact) {
    if (const auto term = term_before(write.group, write.compact->next())) {
      batch_.add(Kind::kCompact, write.group, *write.compact, *term);
    }
  }
}

// What stands in the batch but is not written yet counts: the group's newest record there.
void Wal::note_pending(GroupId id, std::size_t from) {
  if (from < batch_.records().size()) {
    pending_[id] = {attempt_, batch_.records().size() - 1};
  }
}

// The term of the entry before `first`, once all that is in the batch is done; nothing if the log
// will not hold it.
std::optional<Term> Wal::term_before(GroupId id, Index first) const {
  const Index before = first.previous();
  const auto pending = pending_.find(id);
  if (pending != pending_.end() && pending->second.attempt == attempt_) {
    for (std::size_t i = pending->second.record + 1; i-- > 0;) {
      const Record& record = batch_.records()[i];
      if (record.group != id) {
        continue;
      }
      if (record.kind == Kind::kInstall || record.kind == Kind::kForget) {
        return record.index == before ? std::optional{record.term} : std::nullopt;
      }
      if (record.kind == Kind::kEntries && record.index <= before) {
        QUORATE_ASSERT(before < record.index + record.count);
        return record.term;
      }
    }
  }
  // Only the writer changes the groups, so it may look at them without the mutex.
  const Group* group = groups_.find(id);
  return group == nullptr ? Group{}.term_at(before) : group->term_at(before);
}

Result<void> Wal::commit() {
  if (batch_.most() > kMostBatch) {
    return invalid("a batch of more than 2 GiB; hand over less at once");
  }
  if (tip_.offset + batch_.most() > segments_.rbegin()->second->size) {
    if (auto rolled = roll(batch_.most()); !rolled) {
      return rolled;
    }
  }
  Segment& segment = *segments_.rbegin()->second;
  const auto parts = batch_.finish(next_head(), segment.key);
  if (auto written = segment.file->write(tip_.offset, parts); !written) {
    return fail(written.error());
  }
  {
    const std::lock_guard hold{mutex_};
    for (const Record& record : batch_.records()) {
      groups_.apply(record, batch_.control(), segment.number, tip_.offset);
    }
  }
  advance(batch_);
  window_open_ = window_open_ || !batch_.empty();
  return {};
}

Head Wal::next_head() const {
  Head head;
  head.sequence = tip_.sequence;
  head.chain = tip_.chain;
  head.synced = synced_;
  head.state = tip_.state;
  head.boot = boot_;
  head.offset = tip_.offset;
  return head;
}

void Wal::advance(const Batch& batch) {
  if (std::ranges::any_of(batch.records(), [](const Record& r) { return is_state(r.kind); })) {
    tip_.state = tip_.sequence;
  }
  tip_.offset += batch.head().size;
  tip_.chain = batch.checksum();
  ++tip_.sequence;
}

// ---- Making durable

Result<void> Wal::sync_segment() {
  if (synced()) {
    return {};
  }
  if (auto done = segments_.rbegin()->second->file->sync(); !done) {
    return fail(done.error());
  }
  synced_ = tip_.sequence - 1;
  return {};
}

Result<void> Wal::sync() {
  if (failed_) {
    return *failed_;
  }
  if (synced()) {
    return {};
  }
  auto done = sync_segment();
  if (done) {
    retire();
    rewrite_oldest();
  }
  return done;
}

Result<void> Wal::close_window() {
  if (auto done = sync(); !done || !window_open_) {
    return done;
  }
  batch_.clear();
  auto done = commit();
  if (done) {
    done = sync_segment();
  }
  window_open_ = !done;
  return done;
}

// ---- After losses

Result<void> Wal::settle() {
  if (failed_) {
    return *failed_;
  }
  batch_.clear();
  batch_.add(Kind::kSettled, GroupId{}, Index{tip_.sequence - 1}, Term{});
  return commit();
}

Result<void> Wal::cut(GroupId id, Index first) {
  if (failed_) {
    return *failed_;
  }
  const Group* group = groups_.find(id);
  QUORATE_ASSERT(group != nullptr && first > group->base().index);
  batch_.clear();
  batch_.add(Kind::kCut, id, first, Term{});
  return commit();
}

Result<void> Wal::repair(GroupId id, const Entry& entry) {
  if (failed_) {
    return *failed_;
  }
  const auto found = read(id, entry.index, entry.index, 0);
  if (!found) {
    return found.error();
  }
  const std::string what = describe(entry) + " of group " + std::to_string(id.value());
  if (!found.value().lost) {
    return invalid("nothing is lost of " + what);
  }
  batch_.clear();
  batch_.add(Kind::kAgain, id, Term{}, std::span{&entry, 1});
  const Line line = line_at(batch_.control(), batch_.records().front().body);
  const Lost& lost = *found.value().lost;
  if (entry.term != lost.position.term || line.kind != lost.kind || line.size != lost.size ||
      line.checksum != lost.checksum) {
    return invalid(what + " is not what was lost; " + describe(lost));
  }
  cannot_rewrite_ = 0;
  return commit();
}

}  // namespace quorate::wal
