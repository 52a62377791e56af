// Engine: the world's time, the queue of what is to come, and whoever runs just now. What happens
// at one moment happens in the order in which it was asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fingerprint.h"
#include "base/random.h"
#include "base/time.h"
#include "sim/env/fiber.h"

namespace quorate::simenv {

class Strand;

// Something to which things happen.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;
  // `what` is the target's own number for it.
  virtual void happen(std::uint32_t what) = 0;
};

// What a program did that it must not do: an exception left a lane's work.
struct Violation {
  Instant at;
  std::string machine;
  std::string lane;
  std::string what;
};

class Engine {
 public:
  explicit Engine(std::uint64_t seed) : scheduling(seed * 0x9e3779b97f4a7c15U + 11) {}

  [[nodiscard]] Instant now() const { return now_; }
  void schedule(Instant at, std::shared_ptr<Target> target, std::uint32_t what);
  // Lets the next thing happen, if it is not later than `until`; else it is that late now.
  bool step(Instant until);
  // To be done when the strand that runs now has stopped or paused; at once when none runs.
  void afterwards(std::function<void()> what);
  // None runs any more: what was to be done afterwards.
  void settle();

  std::unique_ptr<Fiber> take_fiber();
  void give_back(std::unique_ptr<Fiber> fiber) { fibers_.push_back(std::move(fiber)); }

  // ---- Shared by all that happens in the world
  Strand* running = nullptr;
  Random scheduling;
  Fingerprint hash;
  std::vector<Violation> violations;

 private:
  struct Event {
    Instant at;
    std::uint64_t order = 0;
    std::shared_ptr<Target> target;
    std::uint32_t what = 0;
  };
  struct LaterFirst {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  Instant now_;
  std::uint64_t order_ = 0;
  std::vector<Event> queue_;
  std::vector<std::function<void()>> afterwards_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace quorate::simenv
