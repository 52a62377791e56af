// Fiber: a call that can stop in the middle and go on later, on a stack of its own. Lanes of the
// simulated world run on fibers, so that a file call may take virtual time while others go on.
//
// Everything happens on one thread: resume() returns when the fiber pauses or its body is done. So
// a body must not pause while it holds a std::mutex.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace quorate::simenv {

class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  // Only when no body is under way: what lies on its stack would never be destroyed.
  ~Fiber();

  // Gives it something to do; it begins with the next resume(). The body throws nothing.
  void start(std::function<void()> body);
  // Goes on with it, from outside or from within another fiber.
  void resume();
  // From within: back to whoever resumed it.
  void pause();
  [[nodiscard]] bool idle() const { return !body_; }

 private:
  struct Machinery;
  void run();
  static void enter(unsigned high, unsigned low);

  std::function<void()> body_;
  std::unique_ptr<Machinery> machinery_;
};

}  // namespace quorate::simenv
