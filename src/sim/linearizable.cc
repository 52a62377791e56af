#include "sim/linearizable.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/assert.h"

namespace quorate::sim {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

// Values as small numbers, so that a state is one.
class Values {
 public:
  std::size_t id_of(const std::string& value) {
    const auto [at, is_new] = ids_.try_emplace(value, texts_.size());
    if (is_new) {
      texts_.push_back(value);
    }
    return at->second;
  }
  [[nodiscard]] const std::string& text_of(std::size_t id) const { return texts_[id]; }

 private:
  std::unordered_map<std::string, std::size_t> ids_;
  std::vector<std::string> texts_;
};

// Which operations have had their place, and what the value is then: a point of the search.
struct Point {
  std::vector<bool> placed;
  std::size_t value = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

struct PointHash {
  std::size_t operator()(const Point& point) const {
    return std::hash<std::vector<bool>>{}(point.placed) ^ (point.value * 0x9e3779b97f4a7c15U);
  }
};

// The search over one key's operations. Calls and returns stand in a list, in the order of their
// times; an operation that is given its place leaves the list, and comes back when that is undone.
class Search {
 public:
  Search(std::vector<const Operation*> operations, std::uint64_t limit)
      : operations_(std::move(operations)), limit_(limit) {
    line_up();
    point_.placed.resize(operations_.size());
    point_.value = values_.id_of("");
  }

  Linearizability::Verdict run() {
    std::size_t at = links_[kHead].next;
    while (left_ > 0) {
      if (++steps_ > limit_) {
        return Linearizability::Verdict::kOpen;
      }
      const bool is_call = at != kTail && !events_[at].is_return;
      if (is_call && place(at)) {
        at = links_[kHead].next;
      } else if (is_call) {
        at = links_[at].next;
      } else if (at == kTail || !events_[at].is_return || !undo(at)) {
        return Linearizability::Verdict::kNo;
      }
    }
    return Linearizability::Verdict::kYes;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::string explain() const {
    std::string text = "the longest order that explains the results ends with:\n";
    const std::size_t from = longest_.size() > kShown ? longest_.size() - kShown : 0;
    for (std::size_t i = from; i < longest_.size(); ++i) {
      text += "  " + describe(*operations_[longest_[i]]) + "\n";
    }
    text += "and this one has no place in it:\n  " +
            (stuck_ == kNone ? std::string{"?"} : describe(*operations_[stuck_])) + "\n";
    return text;
  }

 private:
  static constexpr std::size_t kShown = 8;
  static constexpr std::size_t kHead = 0;
  static constexpr std::size_t kTail = 1;

  struct Event {
    Instant at;
    bool is_return = false;
    std::size_t operation = kNone;
  };
  struct Link {
    std::size_t before = kNone;
    std::size_t next = kNone;
    std::size_t partner = kNone;  // of a call, its return
  };
  struct Placed {
    std::size_t event;
    std::size_t value_before;
  };

  void line_up() {
    events_.resize(2);  // head and tail
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      events_.push_back({operations_[i]->call, false, i});
      if (operations_[i]->back != kNever) {
        events_.push_back({operations_[i]->back, true, i});
        ++left_;
      }
    }
    // What returns at the time of another's call may still have come after it.
    std::stable_sort(events_.begin() + 2, events_.end(), [](const Event& a, const Event& b) {
      return a.at != b.at ? a.at < b.at : a.is_return < b.is_return;
    });
    links_.resize(events_.size());
    std::vector<std::size_t> calls(operations_.size());
    std::size_t last = kHead;
    for (std::size_t i = 2; i < events_.size(); ++i) {
      links_[last].next = i;
      links_[i].before = last;
      last = i;
      if (events_[i].is_return) {
        links_[calls[events_[i].operation]].partner = i;
      } else {
        calls[events_[i].operation] = i;
      }
    }
    links_[last].next = kTail;
    links_[kTail].before = last;
  }

  // Gives the operation whose call stands here its place after those that have theirs, if its
  // result allows that and it leads to something new.
  bool place(std::size_t at) {
    const std::size_t number = events_[at].operation;
    const auto value = take_effect(*operations_[number]);
    if (!value) {
      return false;
    }
    const std::size_t before = std::exchange(point_.value, *value);
    point_.placed[number] = true;
    if (!seen_.insert(point_).second) {
      point_.placed[number] = false;
      point_.value = before;
      return false;
    }
    path_.push_back({at, before});
    unlink(at);
    if (links_[at].partner != kNone) {
      unlink(links_[at].partner);
      --left_;
    }
    return true;
  }

  // An operation has returned and has no place yet: the last choice was wrong. Goes on behind it.
  bool undo(std::size_t& at) {
    if (path_.size() >= longest_.size()) {
      longest_.clear();
      for (const Placed& placed : path_) {
        longest_.push_back(events_[placed.event].operation);
      }
      stuck_ = events_[at].operation;
    }
    if (path_.empty()) {
      return false;
    }
    const Placed placed = path_.back();
    path_.pop_back();
    point_.placed[events_[placed.event].operation] = false;
    point_.value = placed.value_before;
    if (links_[placed.event].partner != kNone) {
      relink(links_[placed.event].partner);
      ++left_;
    }
    relink(placed.event);
    at = links_[placed.event].next;
    return true;
  }

  // What the value is afterwards; nothing if the result says that it cannot have happened here.
  std::optional<std::size_t> take_effect(const Operation& operation) {
    const std::string& value = values_.text_of(point_.value);
    const bool known = operation.back != kNever;
    switch (operation.act) {
      case Act::kGet:
        return !known || operation.result == value ? std::optional{point_.value} : std::nullopt;
      case Act::kPut:
        return values_.id_of(operation.argument);
      case Act::kAppend:
        return values_.id_of(value + operation.argument);
      case Act::kSwap:
        return !known || operation.result == value
                   ? std::optional{values_.id_of(operation.argument)}
                   : std::nullopt;
    }
    return std::nullopt;
  }

  void unlink(std::size_t at) {
    links_[links_[at].before].next = links_[at].next;
    links_[links_[at].next].before = links_[at].before;
  }
  void relink(std::size_t at) {
    links_[links_[at].before].next = at;
    links_[links_[at].next].before = at;
  }

  std::vector<const Operation*> operations_;
  std::uint64_t limit_;
  Values values_;
  std::vector<Event> events_;
  std::vector<Link> links_;
  std::size_t left_ = 0;  // that have returned and have no place yet
  Point point_;
  std::unordered_set<Point, PointHash> seen_;
  std::vector<Placed> path_;
  std::vector<std::size_t> longest_;
  std::size_t stuck_ = kNone;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::string describe(const Operation& operation) {
  static constexpr const char* kNames[] = {"get", "put", "append", "swap"};
  std::string text = "@" + std::to_string(micros(operation.call)) + ".." +
                     (operation.back == kNever ? "?" : std::to_string(micros(operation.back))) +
                     " client " + std::to_string(operation.client) + " " +
                     kNames[static_cast<std::size_t>(operation.act)] + " " + operation.key;
  if (operation.act != Act::kGet) {
    text += " '" + operation.argument + "'";
  }
  const bool tells = operation.act == Act::kGet || operation.act == Act::kSwap;
  return operation.back != kNever && tells ? text + " -> '" + operation.result + "'" : text;
}

Linearizability check_linearizable(std::span<const Operation> history, std::uint64_t limit) {
  std::map<std::string, std::vector<const Operation*>> by_key;
  for (const Operation& operation : history) {
    QUORATE_ASSERT(operation.call <= operation.back);
    by_key[operation.key].push_back(&operation);
  }
  Linearizability whole;
  for (auto& [key, operations] : by_key) {
    Search search{std::move(operations), limit};
    const auto verdict = search.run();
    whole.steps += search.steps();
    if (verdict != Linearizability::Verdict::kYes) {
      whole.verdict = verdict;
      whole.key = key;
      whole.why = search.explain();
      return whole;
    }
  }
  return whole;
}

}  // namespace quorate::sim
