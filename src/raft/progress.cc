#include "raft/progress.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate {

void Progress::snapshot_sent(Index snapshot, Instant now, Duration timeout) {
  drop_inflight();
  pace_ = Pace::kSnapshot;
  probing_ = false;
  probed_ = kNever;
  snapshot_ = snapshot;
  sent_ = now;
  deadline_ = now + timeout;
}

bool Progress::accepted(Index match, Instant now, Duration timeout) {
  const bool news = match > match_;
  match_ = std::max(match_, match);
  if (match_.next() > next_) {
    next_ = match_.next();
    reading_ = false;  // what is being read is not needed any more
  }
  while (!inflight_.empty() && inflight_.front().last <= match_) {
    inflight_bytes_ -= inflight_.front().bytes;
    inflight_.pop_front();
    deadline_ = now + timeout;
  }
  if (pace_ == Pace::kProbe || (pace_ == Pace::kSnapshot && match_ >= snapshot_)) {
    snapshot_accepted(match_);  // the logs agree up to match: replicate from there
  }
  if (inflight_.empty() && pace_ == Pace::kReplicate) {
    deadline_ = kNever;
  }
  return news;
}

bool Progress::rejected(Index prev, Index common) {
  // Late answers: to an append before a probe began, or below what is known to match (rule: match
  // only grows).
  if (pace_ == Pace::kSnapshot || prev <= match_) {
    return false;
  }
  if (pace_ == Pace::kProbe && prev != next_.previous()) {
    return false;
  }
  if (pace_ == Pace::kReplicate) {
    // A whole window behind one lost append is rejected. If each of those answers, when they come
    // late, sent a window again, messages would breed: what was in flight at the first is probed
    // for once, and from then on its deadline watches over it.
    if (prev <= doubted_) {
      return false;
    }
    doubted_ = next_.previous();
  }
  probe_from(std::max(common, match_).next());
  return true;
}

void Progress::snapshot_accepted(Index match) {
  match_ = std::max(match_, match);
  drop_inflight();
  pace_ = Pace::kReplicate;
  probing_ = false;
  probed_ = kNever;
  snapshot_ = Index{};
  next_ = match_.next();
  deadline_ = kNever;
}

void Progress::lost() {
  suspect_ = true;
  probe_from(pace_ == Pace::kProbe ? next_ : match_.next());
}

void Progress::put_off(Instant now, Duration timeout) {
  probe_from(pace_ == Pace::kProbe ? next_ : match_.next());
  probing_ = true;
  deadline_ = now + timeout;
}

void Progress::restart_clocks(Instant now) {
  heard_ = now;
  if (deadline_ != kNever) {
    lost();
  }
}

void Progress::probe_from(Index next) {
  drop_inflight();
  pace_ = Pace::kProbe;
  probing_ = false;
  probed_ = kNever;
  snapshot_ = Index{};
  next_ = next;
  deadline_ = kNever;
}

void Progress::drop_inflight() {
  inflight_.clear();
  inflight_bytes_ = 0;
  reading_ = false;
}

void Progress::fingerprint(Fingerprint& into, Instant now, Duration reach) const {
  into.add(id_);
  into.add(static_cast<std::uint64_t>(pace_));
  into.add(probing_);
  into.add(probed_ == kNever);  // else a timeout before the deadline
  into.add(suspect_);
  into.add(reading_);
  into.add(match_);
  into.add(next_);
  into.add(snapshot_);
  into.add(std::max(doubted_, match_));  // below match it decides nothing
  into.add(told_commit_);
  into.add(round_);
  into.add_age(heard_, now, reach);
  into.add_age(sent_, now, reach);
  into.add_age(std::max(heartbeat_, now - reach), now, reach);
  into.add_deadline(deadline_, now);
  for (std::size_t i = 0; i < inflight_.size(); ++i) {
    into.add(inflight_[i].last);
  }
  into.add(static_cast<std::uint64_t>(inflight_.size()));
}

void Progress::release_memory() {
  if (inflight_.empty()) {
    inflight_.release();
  }
}

}  // namespace quorate
