#include "node/log_lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace quorate {
namespace {

constexpr Duration kRetryWhenFull = std::chrono::milliseconds{200};
// An idle writer closes up, so that what is broken below can be told from what was never finished.
constexpr Duration kIdle = std::chrono::milliseconds{100};

}  // namespace

LogLane::LogLane(env::Env& env, wal::Wal& wal, std::vector<LoopPort*> loops,
                 std::function<void()> tend)
    : env_(env), wal_(wal), loops_(std::move(loops)), tend_(std::move(tend)), told_(loops_.size()) {
  lane_ = env_.start_lane("log", [this] { work(); });
}

void LogLane::put_all(std::vector<WriteLetter>& letters) {
  if (mailbox_.put_all(letters)) {
    lane_->wake();
  }
}

void LogLane::mend_all(std::vector<MendLetter>& letters) {
  if (mends_.put_all(letters)) {
    lane_->wake();
  }
}

void LogLane::work() {
  mailbox_.take(incoming_);
  waiting_.insert(waiting_.end(), std::make_move_iterator(incoming_.begin()),
                  std::make_move_iterator(incoming_.end()));
  incoming_.clear();
  mends_.take(mending_);
  if (!broken_ && !mending_.empty()) {
    mend();
  }
  mending_.clear();
  if (broken_) {
    waiting_.clear();
    return;
  }
  if (waiting_.empty()) {
    return close_up();
  }
  if (write()) {
    tell_durable();
    waiting_.clear();
    lane_->alarm(env_.now() + kIdle);
    if (wal_.wants_tending()) {
      tend_();
    }
  }
}

void LogLane::close_up() {
  if (!wal_.window_open() || full_) {
    return;
  }
  if (const auto closed = wal_.close_window();
      !closed && closed.error().code != ErrorCode::kExhausted) {
    break_off(closed.error());
  }
}

bool LogLane::write() {
  writes_.clear();
  for (WriteLetter& letter : waiting_) {
    const Persist& persist = letter.persist;
    writes_.push_back({.group = letter.group,
                       .hard_state = persist.hard_state,
                       .install = persist.install,
                       .snapshot = persist.snapshot,
                       .entries = persist.entries,
                       .compact = persist.compact});
  }
  Result<void> done = wal_.write(writes_);
  if (done) {
    done = wal_.sync();
    syncs_.fetch_add(1, std::memory_order_relaxed);
  }
  if (done) {
    if (std::exchange(full_, false)) {
      tell_all({DiskIs::State::kWell, {}});
    }
    return true;
  }
  if (done.error().code == ErrorCode::kExhausted) {
    if (!std::exchange(full_, true)) {
      tell_all({DiskIs::State::kFull, done.error().message});
    }
    lane_->alarm(env_.now() + kRetryWhenFull);
    return false;
  }
  break_off(done.error());
  return false;
}

// What a peer gave for a lost entry may be refused, or find no room: then it is asked for again.
void LogLane::mend() {
  std::vector<Mended> told;
  Result<void> done;
  for (const MendLetter& letter : mending_) {
    Mended& mended = told.emplace_back(Mended{letter.group, {}, false});
    done = std::visit([&](const auto& what) { return mend(letter.group, what, mended.change); },
                      letter.what);
    if (!done && done.error().code == ErrorCode::kIo) {
      return break_off(done.error());
    }
    mended.done = done.ok();
  }
  done = wal_.sync();
  if (!done && done.error().code == ErrorCode::kIo) {
    return break_off(done.error());
  }
  for (std::size_t i = 0; i < told.size(); ++i) {
    told[i].done = told[i].done && done.ok();
    mending_[i].from->post(told[i]);
  }
}

Result<void> LogLane::mend(GroupId group, const Entry& lost, Repairs::Change& change) {
  change = {Repairs::Change::Kind::kRewritten, lost.index};
  return wal_.repair(group, lost);
}

Result<void> LogLane::mend(GroupId group, Index first, Repairs::Change& change) {
  change = {Repairs::Change::Kind::kCut, first};
  return wal_.cut(group, first);
}

// Where the log holds the entry at which the snapshot ends, what follows it stays (7, figure 13,
// rule 6); else it conflicts, or there is nothing.
Result<void> LogLane::mend(GroupId group, const SnapshotMeta& snapshot, Repairs::Change& change) {
  change = {Repairs::Change::Kind::kReplaced, snapshot.last.index};
  const auto outline = wal_.outline(group);
  if (!outline) {
    return outline.error();
  }
  wal::Write write;
  write.group = group;
  if (outline.value().hard_state.term < snapshot.last.term) {
    write.hard_state = HardState{snapshot.last.term, kNobody};
  }
  if (wal_.term_at(group, snapshot.last.index) == snapshot.last.term) {
    write.snapshot = snapshot;
    write.compact = snapshot.last.index;
  } else {
    write.install = snapshot;
    change.index = std::max(snapshot.last.index, outline.value().last);
  }
  return wal_.write({&write, 1});
}

void LogLane::break_off(const Error& error) {
  broken_ = true;
  waiting_.clear();
  tell_all({DiskIs::State::kBroken, error.message});
}

void LogLane::tell_durable() {
  for (const WriteLetter& letter : waiting_) {
    const auto loop = std::ranges::find(loops_, letter.from);
    told_[static_cast<std::size_t>(loop - loops_.begin())].emplace_back(
        Written{letter.group, letter.persist.ticket});
  }
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (!told_[i].empty()) {
      loops_[i]->post_all(told_[i]);
      told_[i].clear();
    }
  }
}

void LogLane::tell_all(DiskIs state) {
  for (LoopPort* loop : loops_) {
    loop->post(state);
  }
}

}  // namespace quorate
