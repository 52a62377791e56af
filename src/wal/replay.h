// Replay: batches of a log, in order, become what the groups hold, with all that was lost named.
//
// After a loss nothing is joined that does not fit: each run of entries says which term stands
// before it, so a log that is put together obeys Raft's Log Matching, or ends where it no longer
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wal/damage.h"
#include "wal/format.h"
#include "wal/groups.h"
#include "wal/scanner.h"

namespace quorate::wal {

class Replay {
 public:
  // A batch that counts, though some of its entries may be rotten.
  void feed(const FoundBatch& batch, std::uint32_t segment);
  // Batches that counted and are gone; the next one says that `newest_state` was, before it, the
  // newest batch with state.
  void lost(const Unknown& unknown, std::uint64_t newest_state);

  // Nothing more comes: entries that nobody can read are cut out of the groups. An error where
  // state is lost, or a record makes no sense.
  Result<void> finish();

  // ---- When it is finished
  [[nodiscard]] Groups& groups() { return groups_; }
  // What of it still counts.
  [[nodiscard]] std::vector<Lost> lost() const;
  [[nodiscard]] const std::vector<Unknown>& unknown() const { return unknown_; }
  [[nodiscard]] std::uint32_t boot() const { return boot_; }

 private:
  struct Candidate {
    Lost lost;
    std::uint32_t table = 0;  // of its record, in the segment
  };

  [[nodiscard]] bool can_be(const Record& record, std::string_view control) const;
  void apply(const Record& record, const FoundBatch& batch, std::uint32_t segment);
  void connect(const Record& record);
  void begin_checkpoint(const Control& control);
  void check_last(const Record& record);
  void check_base(const Record& record);
  static void forget_entries(Group& group, Index first, Index last, Term term, Live& live);
  Result<void> cut_groups();

  Groups groups_;
  std::vector<Candidate> candidates_;
  std::vector<Unknown> unknown_;     // not settled
  std::optional<Error> impossible_;  // the first record that is
  bool in_checkpoint_ = false;
  bool state_known_ = false;
  std::uint64_t state_lost_in_ = 0;  // a batch
  bool ever_lost_ = false;
  std::uint32_t boot_ = 0;
};

}  // namespace quorate::wal
