// Waiters: who waits for which entry. The table that turns "this entry was applied here" into an
// answer, and never guesses (rule 10):
//
//   the entry of this term is applied at its index          done, with the machine's result
//   an entry of another term is                             definitely failed
//   a snapshot passed the index, or the time ran out        unknown
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/ring.h"
#include "base/time.h"
#include "model/entry.h"
#include "node/request.h"

namespace quorate {

class Waiters {
 public:
  // An answer that is due when the entry at this place of a batch is applied.
  struct Due {
    std::size_t place;
    LogPosition position;
    Done done;
  };

  // `position` was given to a request just now.
  void wait(LogPosition position, Instant deadline, Done done);
  // These entries, consecutive, are about to be applied: who waits for one of them goes along, who
  // waited for another in its place learns that now.
  void applying(std::span<const Entry> entries, std::vector<Due>& due);
  // A snapshot replaces everything up to `index`.
  void passed_by_snapshot(Index index);
  void expire(Instant now);
  // When the first runs out of time.
  [[nodiscard]] Instant deadline() const;
  // Everybody, with unknown.
  void abandon(const std::string& why);

  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    LogPosition position;
    Instant deadline;
    Done done;
  };

  void give_up(Waiting& waiting, std::string why);

  // By index; of two with one index (the log was truncated in between) the older first.
  Ring<Waiting> waiting_;
};

}  // namespace quorate
