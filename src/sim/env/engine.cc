#include "sim/env/engine.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quorate::simenv {

void Engine::schedule(Instant at, std::shared_ptr<Target> target, std::uint32_t what) {
  queue_.push_back(Event{std::max(at, now_), ++order_, std::move(target), what});
  std::push_heap(queue_.begin(), queue_.end(), LaterFirst{});
}

bool Engine::step(Instant until) {
  QUORATE_ASSERT(running == nullptr, "the world is run from within itself");
  if (queue_.empty() || queue_.front().at > until) {
    now_ = std::max(now_, until);
    return false;
  }
  std::pop_heap(queue_.begin(), queue_.end(), LaterFirst{});
  const Event event = std::move(queue_.back());
  queue_.pop_back();
  now_ = event.at;
  event.target->happen(event.what);
  return true;
}

void Engine::afterwards(std::function<void()> what) {
  afterwards_.push_back(std::move(what));
  if (running == nullptr) {
    settle();
  }
}

void Engine::settle() {
  while (!afterwards_.empty()) {
    const auto todo = std::exchange(afterwards_, {});
    for (const auto& what : todo) {
      what();
    }
  }
}

std::unique_ptr<Fiber> Engine::take_fiber() {
  if (fibers_.empty()) {
    return std::make_unique<Fiber>();
  }
  auto fiber = std::move(fibers_.back());
  fibers_.pop_back();
  return fiber;
}

}  // namespace quorate::simenv
