// What is on its way to the disk: tickets, and which message must wait for which.
//
// Rule 1 (terms): nothing but a PreVote carries a term before that term and the vote in it are
// durable. Rule 3 (tickets): writes complete first in, first out; a completion makes stable only
// what no later truncation has replaced.
#pragma once

#include <cstddef>
#include <optional>

#include "base/fingerprint.h"
#include "base/ring.h"
#include "base/time.h"
#include "log/log.h"
#include "model/configuration.h"
#include "quorate/types.h"
#include "raft/output.h"

namespace quorate {

class Persistence {
 public:
  Persistence(HardState durable, Index last) : durable_state_(durable), written_(last) {}

  // ---- What has changed in memory since the last write was issued

  void hard_state_changed() { hard_state_changed_ = true; }
  void truncated_from(Index first);
  void snapshot_taken(SnapshotMeta meta, Index compact_to);
  // From here until the log is replaced, its entries are not written any more.
  void install(SnapshotMeta meta) {
    install_ = std::move(meta);
    replacing_ = true;
    snapshot_.reset();  // one that was taken here is older, and the log that it belongs to goes
  }
  // The log in memory is the installed one now, and ends at `last`.
  void log_replaced(Index last);

  // ---- Issuing and completing

  // Fills `persist` with one write for all that changed; leaves it alone when nothing did.
  void issue(Instant now, const HardState& hard_state, const Log& log, Persist& persist);

  struct Completed {
    Index stable;            // entries up to here are durable now
    bool installed = false;  // the snapshot record of `install` is durable
  };
  // Of a ticket that was issued.
  Completed complete(Ticket ticket);
  [[nodiscard]] bool issued(Ticket ticket) const { return ticket <= last_issued_; }

  // ---- What may be said

  // The write after which the current hard state is durable: at most `durable()` when it is
  // already.
  [[nodiscard]] Ticket ticket_of_hard_state() const {
    return hard_state_changed_ ? last_issued_.next() : hard_state_ticket_;
  }
  // The write after which the entry at `index`, as it is now, is durable.
  [[nodiscard]] Ticket ticket_of_entry(Index index) const;
  [[nodiscard]] Ticket durable() const { return durable_; }
  [[nodiscard]] bool hard_state_durable() const { return ticket_of_hard_state() <= durable_; }
  [[nodiscard]] const HardState& durable_state() const { return durable_state_; }

  [[nodiscard]] std::size_t outstanding() const { return outstanding_.size(); }
  // When the oldest outstanding write was issued; never, when there is none.
  [[nodiscard]] Instant oldest() const {
    return outstanding_.empty() ? kNever : outstanding_.front().issued;
  }

  void fingerprint(Fingerprint& into, Instant now) const;
  void release_memory();

 private:
  struct Write {
    Ticket ticket;
    Index stable;  // what its completion makes stable, lowered by truncations after it
    Instant issued;
    HardState hard_state;
    bool installs = false;
  };

  void issue_records(const HardState& hard_state, Persist& persist);
  [[nodiscard]] bool entries_wait(const Log& log) const {
    return !replacing_ && log.last().index > written_;
  }

  Ring<Write> outstanding_;
  Ticket last_issued_;
  Ticket durable_;
  Ticket hard_state_ticket_;
  HardState durable_state_;
  Index written_;  // entries up to here, as they are now, are in an issued write
  bool hard_state_changed_ = false;
  bool replacing_ = false;
  std::optional<SnapshotMeta> install_;
  std::optional<SnapshotMeta> snapshot_;
  Index compact_to_;
};

}  // namespace quorate
