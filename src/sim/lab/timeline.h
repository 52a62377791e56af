// Timeline: what will happen, in order of time, and where the times are equal in the order in which
// it was said. The clock of a virtual world: it stands still while anything happens, and jumps to
// what happens next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace quorate::lab {

// `12.345678`, in seconds: how traces begin their lines.
inline std::string stamp(Instant at) {
  std::string fraction = std::to_string(micros(at) % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(micros(at) / 1'000'000) + "." + fraction;
}

class Timeline {
 public:
  using Happening = std::function<void()>;

  [[nodiscard]] Instant now() const { return now_; }

  // A time in the past means now.
  void at(Instant when, Happening what) {
    heap_.push_back({when < now_ ? now_ : when, said_++, std::move(what)});
    std::ranges::push_heap(heap_, later);
  }
  void after(Duration delay, Happening what) { at(now_ + delay, std::move(what)); }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Instant next() const { return heap_.front().when; }

  // Jumps to the next time and lets one thing happen.
  void step() {
    std::ranges::pop_heap(heap_, later);
    Item item = std::move(heap_.back());
    heap_.pop_back();
    now_ = item.when;
    item.what();
  }

 private:
  struct Item {
    Instant when;
    std::uint64_t order = 0;
    Happening what;
  };
  static bool later(const Item& a, const Item& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  std::vector<Item> heap_;
  std::uint64_t said_ = 0;
  Instant now_{};
};

}  // namespace quorate::lab
