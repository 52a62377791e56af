// Log against a plain vector of everything that was ever appended, over random histories.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "log/log.h"

namespace quorate {
namespace {

constexpr std::uint64_t kWindow = 300;

struct Step {
  std::uint8_t what = 0;
  std::uint16_t a = 0;
  std::uint16_t b = 0;
};

void showValue(const Step& step, std::ostream& os) {  // NOLINT(readability-identifier-naming)
  os << int{step.what} << ":" << step.a << ":" << step.b;
}

// What Log promises, with one slot for each index from 0 on, and no cleverness.
class Twin {
 public:
  void step(const Step& step) {
    switch (step.what) {
      case 0:
      case 1:
      case 2:
        return append(step.a % 3, step.b % 60);
      case 3:
        return truncate(step.a);
      case 4:
        return commit(step.a);
      case 5:
        return mark_stable(step.a);
      case 6:
        return apply(step.a);
      case 7:
        return snapshot(step.a);
      case 8:
        return compact(step.a);
      case 9:
        return trim();
      case 10:
        return step.b % 4 == 0 ? reset(step.a % 5, step.b % 3) : rest();
      default:
        return copy(step.a, step.b);
    }
  }

  void compare() const {
    RC_ASSERT(log_.base() == at(base_));
    RC_ASSERT(log_.last() == at(last()));
    RC_ASSERT(log_.snapshot() == Index{snapshot_});
    RC_ASSERT(log_.applied() == Index{applied_});
    RC_ASSERT(log_.committed() == Index{committed_});
    RC_ASSERT(log_.stable() == Index{stable_});
    RC_ASSERT(log_.window_first() == Index{window_first_});
    RC_ASSERT(log_.window_bytes() == window_bytes());
    for (std::uint64_t i = 0; i <= last() + 1; ++i) {
      const bool known = i >= base_ && i <= last();
      RC_ASSERT(log_.term_at(Index{i}) == (known ? std::optional{slots_[i].term} : std::nullopt));
      RC_ASSERT(log_.matches({Index{i}, Term{1}}) == (known && slots_[i].term == Term{1}));
    }
    RC_ASSERT(log_.terms() == runs());
  }

 private:
  void append(std::uint64_t term_step, std::size_t size) {
    const std::uint64_t term = std::max<std::uint64_t>(slots_.back().term.value() + term_step, 1);
    const Entry entry{Term{term}, Index{last() + 1}, EntryKind::kCommand,
                      Bytes::copy_of(std::string(size, 'x'))};
    slots_.push_back(entry);
    log_.append(entry);
  }
  void truncate(std::uint64_t a) {
    const std::uint64_t first = between(committed_ + 1, last() + 1, a);
    slots_.resize(first);
    stable_ = std::min(stable_, last());
    window_first_ = std::min(window_first_, first);
    log_.truncate_from(Index{first});
  }
  void commit(std::uint64_t a) {
    committed_ = between(committed_, last(), a);
    log_.commit_to(Index{committed_});
  }
  void mark_stable(std::uint64_t a) {
    const std::uint64_t index = between(0, last() + 3, a);
    stable_ = std::max(stable_, std::min(index, last()));
    log_.mark_stable(Index{index});
  }
  void apply(std::uint64_t a) {
    applied_ = between(applied_, std::min(committed_, stable_), a);
    log_.apply_to(Index{applied_});
  }
  void snapshot(std::uint64_t a) {
    if (applied_ >= snapshot_) {
      snapshot_ = between(snapshot_, applied_, a);
      log_.snapshot_at(Index{snapshot_});
    }
  }
  void compact(std::uint64_t a) {
    const std::uint64_t upto = between(0, snapshot_, a);
    base_ = std::max(base_, upto);
    window_first_ = std::max(window_first_, base_ + 1);
    log_.compact(Index{upto});
  }
  void trim() {
    while (window_bytes() > kWindow && window_first_ <= std::min(committed_, stable_)) {
      ++window_first_;
    }
    log_.trim();
  }
  void rest() {
    window_first_ = std::max(window_first_, std::min(applied_, stable_) + 1);
    log_.release_memory();
  }
  void reset(std::uint64_t ahead, std::uint64_t term_step) {
    const std::uint64_t index = committed_ + ahead;
    const Term term = slots_[committed_].term + term_step;
    slots_.resize(committed_ + 1);
    slots_.resize(index + 1, Entry{term, Index{index}, EntryKind::kEmpty, {}});
    slots_.back().term = term;
    base_ = snapshot_ = committed_ = stable_ = index;
    window_first_ = index + 1;
    log_.reset({Index{index}, term});
  }
  void copy(std::uint64_t a, std::uint64_t b) {
    if (base_ == last()) {
      return;
    }
    const std::uint64_t first = between(base_ + 1, last(), a);
    const std::uint64_t end = between(first, last(), b);
    const std::uint64_t max_bytes = b % 400;
    std::vector<Entry> expected;
    std::uint64_t bytes = 0;
    std::uint64_t cost = 0;
    for (std::uint64_t i = first; first >= window_first_ && i <= end; ++i) {
      bytes += slots_[i].cost();
      if (i == first || bytes <= max_bytes) {
        expected.push_back(slots_[i]);
        cost = bytes;
      }
    }
    std::vector<Entry> out;
    RC_ASSERT(log_.copy(Index{first}, Index{end}, max_bytes, out) == cost);
    RC_ASSERT(out == expected);
  }

  [[nodiscard]] static std::uint64_t between(std::uint64_t low, std::uint64_t high,
                                             std::uint64_t a) {
    return low + a % (high - low + 1);
  }
  [[nodiscard]] std::uint64_t last() const { return slots_.size() - 1; }
  [[nodiscard]] LogPosition at(std::uint64_t index) const {
    return {Index{index}, slots_[index].term};
  }
  [[nodiscard]] std::uint64_t window_bytes() const {
    std::uint64_t bytes = 0;
    for (std::uint64_t i = window_first_; i <= last(); ++i) {
      bytes += slots_[i].cost();
    }
    return bytes;
  }
  [[nodiscard]] TermRuns runs() const {
    TermRuns result{at(base_)};
    for (std::uint64_t i = base_ + 1; i <= last(); ++i) {
      result.append(slots_[i].term);
    }
    return result;
  }

  Log log_{{}, kWindow};
  std::vector<Entry> slots_{Entry{}};
  std::uint64_t base_ = 0;
  std::uint64_t snapshot_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t stable_ = 0;
  std::uint64_t window_first_ = 1;
};

RC_GTEST_PROP(LogTwin, AgreesWithAPlainVectorOverAnyHistory, ()) {
  const auto steps =
      *rc::gen::scale(3.0, rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
                               rc::gen::set(&Step::what, rc::gen::inRange<std::uint8_t>(0, 12)),
                               rc::gen::set(&Step::a, rc::gen::arbitrary<std::uint16_t>()),
                               rc::gen::set(&Step::b, rc::gen::arbitrary<std::uint16_t>()))));
  Twin twin;
  for (const Step& step : steps) {
    twin.step(step);
    twin.compare();
  }
}

}  // namespace
}  // namespace quorate
