#include "node/waiters.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quorate {

void Waiters::wait(LogPosition position, Instant deadline, Done done) {
  QUORATE_ASSERT(position.index > Index{});
  waiting_.push_back({position, deadline, std::move(done)});
  // A leader that lost its place and won another may give an index out again: rare.
  for (std::size_t at = waiting_.size() - 1;
       at > 0 && waiting_[at - 1].position.index > position.index; --at) {
    std::swap(waiting_[at - 1], waiting_[at]);
  }
}

void Waiters::applying(std::span<const Entry> entries, std::vector<Due>& due) {
  for (std::size_t place = 0; place < entries.size() && !waiting_.empty(); ++place) {
    const LogPosition applied = entries[place].position();
    QUORATE_ASSERT(waiting_.front().position.index >= applied.index);
    while (!waiting_.empty() && waiting_.front().position.index == applied.index) {
      Waiting waiting = std::move(waiting_.front());
      waiting_.pop_front();
      if (waiting.position == applied) {
        due.push_back({place, applied, std::move(waiting.done)});
      } else {
        waiting.done(
            failed_at(waiting.position, "another leader's entry was committed in its place"));
      }
    }
  }
}

void Waiters::passed_by_snapshot(Index index) {
  while (!waiting_.empty() && waiting_.front().position.index <= index) {
    give_up(waiting_.front(), "a snapshot passed it");
    waiting_.pop_front();
  }
}

void Waiters::expire(Instant now) {
  // All wait equally long, so that the order of indexes is nearly that of deadlines.
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    give_up(waiting_.front(), "no majority answered in time");
    waiting_.pop_front();
  }
}

Instant Waiters::deadline() const { return waiting_.empty() ? kNever : waiting_.front().deadline; }

void Waiters::abandon(const std::string& why) {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    give_up(waiting_[i], why);
  }
  waiting_.clear();
}

void Waiters::give_up(Waiting& waiting, std::string why) {
  waiting.done(unknown(std::move(why), waiting.position));
}

}  // namespace quorate
