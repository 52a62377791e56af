// LogLane: the lane that writes the log of the node. All writes that wait go out as one, with one
// sync behind it; each group's loop is told when its write is durable.
//
// Where the disk is full the writes stay in line and are tried again; where it fails, the log is
// over: no write is tried again, and every loop is told (rule 11).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "node/letters.h"
#include "wal/wal.h"

namespace quorate {

class LogLane {
 public:
  // `tend` is called when the log wants tending, which another lane does.
  LogLane(env::Env& env, wal::Wal& wal, std::vector<LoopPort*> loops, std::function<void()> tend);

  // From any lane. The letters of one caller are written in their order; `letters` is empty
  // afterwards.
  void put_all(std::vector<WriteLetter>& letters);
  void mend_all(std::vector<MendLetter>& letters);
  [[nodiscard]] std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }
  // Ends the lane; what was put and not written is lost, as in a crash.
  void end() { lane_->end(); }

 private:
  void work();
  bool write();
  void mend();
  Result<void> mend(GroupId group, const Entry& lost, Repairs::Change& change);
  Result<void> mend(GroupId group, Index first, Repairs::Change& change);
  Result<void> mend(GroupId group, const SnapshotMeta& snapshot, Repairs::Change& change);
  void close_up();
  void break_off(const Error& error);
  void tell_durable();
  void tell_all(DiskIs state);

  env::Env& env_;
  wal::Wal& wal_;
  std::vector<LoopPort*> loops_;
  std::function<void()> tend_;
  env::Mailbox<WriteLetter> mailbox_;
  env::Mailbox<MendLetter> mends_;
  std::vector<WriteLetter> incoming_;
  std::vector<MendLetter> mending_;
  std::vector<WriteLetter> waiting_;
  std::vector<wal::Write> writes_;
  std::vector<std::vector<LoopLetter>> told_;  // by loop
  std::atomic<std::uint64_t> syncs_{0};
  bool full_ = false;
  bool broken_ = false;
  std::unique_ptr<env::Lane> lane_;
};

}  // namespace quorate
