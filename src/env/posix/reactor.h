// Reactor: what a lane waits with. One epoll set, a way to be woken from outside, and the order of
// things within a turn:
//
//     wait -> what became ready -> (the lane's work) -> what was to be done at the turn's end
//
// Level triggered: what was not read or written in one turn is ready again in the next, so that no
// stream can keep the others waiting, and nothing is ever missed.
//
// But for wake(), everything is for the lane's own thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "env/posix/descriptor.h"

namespace quorate::env {

// A thing that waits for a descriptor.
class Watched {
 public:
  Watched() = default;
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  virtual ~Watched() = default;

  // `what` is the system's word for it: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. It may come once
  // more after the descriptor was closed in the same turn.
  virtual void ready(std::uint32_t what) = 0;
  // The turn ends in which this was asked for.
  virtual void turn_ended() = 0;
};

class Reactor {
 public:
  static constexpr std::size_t kReceiveBuffer = std::size_t{128} << 10U;

  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // ---- From any thread

  // The next take_wake() says yes. A system call only where the reactor sleeps.
  void wake();

  // ---- For the lane

  // Was there a wake() since the last time?
  bool take_wake();
  // Instead of the alarm before; kNever: none.
  void set_alarm(Instant at) { alarm_ = at; }
  // Is the alarm's time here? Then it is none any more.
  bool take_alarm();
  // Waits until something is ready, somebody wakes, or the alarm's time is here; not at all where
  // there is something to do already. Then tells those for whom something is ready.
  void wait();
  void end_turn();

  // ---- For what is watched

  void watch(int descriptor, std::uint32_t what, Watched& by);
  // Instead of what was waited for before. A descriptor that is closed is forgotten by itself.
  void change(int descriptor, std::uint32_t what, Watched& by);
  void forget(int descriptor);
  // turn_ended() is called when this turn ends, or the next one if this one is just ending. Once.
  void at_turn_end(Watched& by);
  // Destroys it when nothing of this turn can refer to it any more.
  void bury(std::unique_ptr<Watched> dead);
  // Lent for the length of one call of ready().
  [[nodiscard]] std::span<char> receive_buffer() { return {receive_buffer_.get(), kReceiveBuffer}; }

 private:
  enum State : std::uint8_t { kRunning, kWoken, kSleeping };

  void set_clock();

  Descriptor epoll_;
  // An eventfd and a timerfd that are never read: each write, each expiry is an edge of its own.
  Descriptor bell_;
  Descriptor clock_;
  Instant alarm_ = kNever;
  // What the clock is set to. It is set only for an alarm before that; one that was put off is
  // noticed when the clock rings, so that an alarm that is put off again and again costs nothing.
  Instant clock_set_to_ = kNever;
  bool clock_rang_ = false;
  std::atomic<State> state_{kRunning};
  std::vector<Watched*> ending_;
  std::vector<Watched*> ended_;
  std::vector<std::unique_ptr<Watched>> buried_;
  std::unique_ptr<char[]> receive_buffer_;
};

}  // namespace quorate::env
