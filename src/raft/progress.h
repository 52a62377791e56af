// What a leader knows of one peer, and the three paces at which it replicates to it.
//
//   probe      where the logs agree is not known: one append at a time
//   replicate  it is known: appends follow each other without waiting, within a window
//   snapshot   what the peer needs is not in the log any more: a snapshot is on its way
//
// `match` only grows; `next` stays above it. Rule 9: what is in flight is not sent again until its
// deadline passes; then probe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "base/fingerprint.h"
#include "base/ring.h"
#include "base/time.h"
#include "quorate/types.h"
#include "raft/status.h"

namespace quorate {

class Progress {
 public:
  struct Window {
    std::uint32_t messages;
    std::uint64_t bytes;
  };

  Progress(NodeId id, Index next, Instant now) : id_(id), next_(next), heard_(now), sent_(now) {}

  [[nodiscard]] NodeId id() const { return id_; }
  // In the latest configuration, and in the old half of a joint one.
  [[nodiscard]] bool votes() const { return votes_; }
  [[nodiscard]] bool votes_in_old() const { return votes_in_old_; }
  void set_votes(bool votes, bool votes_in_old) {
    votes_ = votes;
    votes_in_old_ = votes_in_old;
  }
  [[nodiscard]] Pace pace() const { return pace_; }
  [[nodiscard]] Index match() const { return match_; }
  [[nodiscard]] Index next() const { return next_; }
  [[nodiscard]] std::size_t inflight() const { return inflight_.size(); }
  [[nodiscard]] bool idle() const {
    return pace_ == Pace::kReplicate && inflight_.empty() && !reading_;
  }
  [[nodiscard]] Round acknowledged_round() const { return round_; }
  [[nodiscard]] Instant heard() const { return heard_; }
  [[nodiscard]] Index pending_snapshot() const { return snapshot_; }

  // ---- Sending

  // May an append go out now? When probing only one, when replicating while the window is open.
  [[nodiscard]] bool may_append(Window window) const {
    const bool open = inflight_.size() < window.messages && inflight_bytes_ < window.bytes;
    return !reading_ &&
           ((pace_ == Pace::kReplicate && open) || (pace_ == Pace::kProbe && !probing_));
  }
  // Nothing was heard since something in flight was lost: probe without entries, they might go
  // nowhere too.
  [[nodiscard]] bool suspect() const { return suspect_; }
  void append_sent(Index last, std::uint64_t bytes, Instant now, Duration timeout) {
    sent_ = now;
    if (pace_ == Pace::kProbe) {
      probing_ = true;
      probed_ = now;
      deadline_ = now + timeout;
      heartbeat_ = now;  // a probe is one: it is answered without new writes
      return;
    }
    QUORATE_ASSERT(pace_ == Pace::kReplicate);
    QUORATE_ASSERT(last >= next_);
    if (inflight_.empty()) {
      deadline_ = now + timeout;
    }
    inflight_.push_back({last, bytes});
    inflight_bytes_ += bytes;
    next_ = last.next();
  }
  void snapshot_sent(Index snapshot, Instant now, Duration timeout);
  // Entries are being read from disk for it; nothing else is sent meanwhile.
  void reading(bool is) { reading_ = is; }
  [[nodiscard]] bool is_reading() const { return reading_; }
  // When something was sent to it last.
  [[nodiscard]] Instant sent() const { return sent_; }
  void heartbeat_sent(Instant now) { heartbeat_ = sent_ = now; }
  // A heartbeat is due when for an interval nothing was sent, or nothing heard: a peer that answers
  // appends needs none.
  [[nodiscard]] Instant heartbeat_due(Duration interval) const {
    return std::max(heartbeat_, std::min(sent_, heard_)) + interval;
  }
  // The commit index it was last told.
  [[nodiscard]] Index told_commit() const { return told_commit_; }
  void tell_commit(Index commit) { told_commit_ = commit; }

  // ---- Hearing

  void heard_at(Instant now, Round round) {
    heard_ = now;
    suspect_ = false;
    round_ = std::max(round_, round);
  }
  // Everything up to `match` is durable there. True if that is news.
  bool accepted(Index match, Instant now, Duration timeout);
  // It has no entry that matches `prev`; the logs agree up to `common`. False if the answer is an
  // old one, or may be.
  bool rejected(Index prev, Index common);
  void snapshot_accepted(Index match);

  // ---- Losing

  [[nodiscard]] Instant deadline() const { return deadline_; }
  // What was in flight is lost: probe again, at once.
  void lost();
  // A peer that answers a heartbeat lives: a probe that left an interval ago did not reach it, or
  // its answer was lost. (Appends in a pipeline wait for their deadline.)
  void heartbeat_answered(Instant now, Duration interval) {
    if (pace_ == Pace::kProbe && probed_ != kNever && probed_ + interval <= now) {
      lost();
    }
  }
  // The snapshot did not arrive, or the peer cannot take anything now: try again after `timeout`.
  void put_off(Instant now, Duration timeout);
  // A sleeping or new leader starts the peer's clocks afresh.
  void restart_clocks(Instant now);

  void fingerprint(Fingerprint& into, Instant now, Duration reach) const;
  [[nodiscard]] std::size_t heap_bytes() const { return inflight_.capacity() * sizeof(Flight); }
  void release_memory();

 private:
  struct Flight {
    Index last;
    std::uint64_t bytes = 0;
  };

  void probe_from(Index next);
  void drop_inflight();

  NodeId id_;
  Pace pace_ = Pace::kProbe;
  bool probing_ = false;  // the one append of a probe is in flight, or was put off
  bool suspect_ = false;
  bool votes_ = false;
  bool votes_in_old_ = false;
  bool reading_ = false;
  Index match_;
  Index next_;
  Index snapshot_;
  Index doubted_;  // up to here a rejection may be one of many for the same loss
  Index told_commit_;
  Round round_;  // the newest that it has answered
  Instant heard_;
  Instant sent_;
  Instant heartbeat_ = Instant::min();
  Instant deadline_ = kNever;
  Instant probed_ = kNever;  // when the probe in flight left
  Ring<Flight> inflight_;
  std::uint64_t inflight_bytes_ = 0;
};

}  // namespace quorate
