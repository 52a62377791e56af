#include "raft/persistence.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quorate {

void Persistence::truncated_from(Index first) {
  const Index kept = first.previous();
  written_ = std::min(written_, kept);
  for (std::size_t i = 0; i < outstanding_.size(); ++i) {
    outstanding_[i].stable = std::min(outstanding_[i].stable, kept);
  }
}

void Persistence::snapshot_taken(SnapshotMeta meta, Index compact_to) {
  snapshot_ = std::move(meta);
  compact_to_ = compact_to;
}

void Persistence::log_replaced(Index last) {
  replacing_ = false;
  written_ = last;
  for (std::size_t i = 0; i < outstanding_.size(); ++i) {
    outstanding_[i].stable = std::min(outstanding_[i].stable, last);
  }
}

void Persistence::issue(Instant now, const HardState& hard_state, const Log& log,
                        Persist& persist) {
  const bool entries = entries_wait(log);
  const bool records = hard_state_changed_ || install_ || snapshot_;
  if (!entries && !records) {
    return;
  }
  QUORATE_ASSERT(persist.ticket == Ticket{});
  last_issued_ = last_issued_.next();
  persist.ticket = last_issued_;
  if (entries) {
    const std::uint64_t cost =
        log.copy(written_.next(), log.last().index, ~std::uint64_t{0}, persist.entries);
    QUORATE_ASSERT(cost > 0);  // what is not durable never leaves the window
    written_ = log.last().index;
  }
  Write& write = outstanding_.emplace_back();
  write.ticket = last_issued_;
  write.stable = written_;
  write.issued = now;
  write.hard_state = hard_state;
  write.installs = install_.has_value();
  if (records) {
    issue_records(hard_state, persist);
  }
}

void Persistence::issue_records(const HardState& hard_state, Persist& persist) {
  if (std::exchange(hard_state_changed_, false)) {
    persist.hard_state = hard_state;
    hard_state_ticket_ = last_issued_;
  }
  if (install_) {
    persist.install = std::exchange(install_, std::nullopt);
  }
  if (snapshot_) {
    persist.snapshot = std::exchange(snapshot_, std::nullopt);
    persist.compact = compact_to_;
  }
}

Persistence::Completed Persistence::complete(Ticket ticket) {
  QUORATE_ASSERT(issued(ticket));
  Completed completed;
  while (!outstanding_.empty() && outstanding_.front().ticket <= ticket) {
    const Write& write = outstanding_.front();
    completed.stable = std::max(completed.stable, write.stable);
    completed.installed = completed.installed || write.installs;
    durable_ = write.ticket;
    durable_state_ = write.hard_state;
    outstanding_.pop_front();
  }
  return completed;
}

Ticket Persistence::ticket_of_entry(Index index) const {
  if (index > written_) {
    return last_issued_.next();
  }
  for (std::size_t i = 0; i < outstanding_.size(); ++i) {
    if (outstanding_[i].stable >= index) {
      return outstanding_[i].ticket;
    }
  }
  return durable_;
}

void Persistence::fingerprint(Fingerprint& into, Instant now) const {
  into.add(static_cast<std::uint64_t>(outstanding_.size()));
  for (std::size_t i = 0; i < outstanding_.size(); ++i) {
    const Write& write = outstanding_[i];
    into.add(write.stable);
    into.add_deadline(write.issued, now);
    into.add(write.hard_state.term);
    into.add(write.hard_state.vote);
    into.add(write.installs);
  }
  into.add(last_issued_ - ticket_of_hard_state());
  into.add(durable_state_.term);
  into.add(durable_state_.vote);
  into.add(written_);
  into.add(hard_state_changed_);
  into.add(replacing_);
  into.add(install_.has_value());
  into.add(snapshot_.has_value());
}

void Persistence::release_memory() {
  if (outstanding_.empty()) {
    outstanding_.release();
  }
}

}  // namespace quorate
