// Mailbox: values from any lane to one. The receiver takes all that is there at once, so that what
// came together is handled together.
#pragma once

#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace quorate::env {

template <class Letter>
class Mailbox {
 public:
  // True if it was empty: then the receiver's lane has to be woken.
  bool put(Letter letter) {
    const std::lock_guard hold{mutex_};
    letters_.push_back(std::move(letter));
    return letters_.size() == 1;
  }
  // The same for several, which stay together; `letters` is empty afterwards.
  bool put_all(std::vector<Letter>& letters) {
    const std::lock_guard hold{mutex_};
    const bool was_empty = letters_.empty() && !letters.empty();
    if (letters_.empty()) {
      letters_.swap(letters);
    } else {
      letters_.insert(letters_.end(), std::make_move_iterator(letters.begin()),
                      std::make_move_iterator(letters.end()));
    }
    letters.clear();
    return was_empty;
  }
  // All that is there, in the order in which it came; `into`, which must be empty, lends its
  // memory.
  void take(std::vector<Letter>& into) {
    const std::lock_guard hold{mutex_};
    letters_.swap(into);
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard hold{mutex_};
    return letters_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Letter> letters_;
};

}  // namespace quorate::env
