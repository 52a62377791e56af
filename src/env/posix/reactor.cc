#include "env/posix/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/assert.h"
#include "env/posix/clock.h"

namespace quorate::env {
namespace {

constexpr std::size_t kEvents = 64;

epoll_event event_of(std::uint32_t what, Watched* by) {
  epoll_event event{};
  event.events = what;
  event.data.ptr = by;
  return event;
}

}  // namespace

Reactor::Reactor()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      clock_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)),
      receive_buffer_(new char[kReceiveBuffer]) {
  QUORATE_ASSERT(epoll_.valid(), refused("make", "an epoll set", errno).message);
  QUORATE_ASSERT(bell_.valid(), refused("make", "an eventfd", errno).message);
  QUORATE_ASSERT(clock_.valid(), refused("make", "a timerfd", errno).message);
  epoll_event event = event_of(EPOLLIN | EPOLLET, nullptr);
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, bell_.number(), &event);
  event.data.ptr = &clock_rang_;
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, clock_.number(), &event);
}

Reactor::~Reactor() = default;

void Reactor::wake() {
  if (state_.exchange(kWoken) == kSleeping) {
    const std::uint64_t one = 1;
    // Fails only if it was written to 2^64 times.
    (void)!::write(bell_.number(), &one, sizeof one);
  }
}

bool Reactor::take_wake() { return state_.exchange(kRunning) == kWoken; }

bool Reactor::take_alarm() {
  if (!std::exchange(clock_rang_, false) || alarm_ > read_clock()) {
    return false;
  }
  alarm_ = kNever;
  return true;
}

void Reactor::set_clock() {
  // Zero would stop it.
  const std::int64_t at = std::max<std::int64_t>(micros(alarm_), 1);
  itimerspec when{};
  when.it_value = {.tv_sec = at / 1'000'000, .tv_nsec = at % 1'000'000 * 1000};
  ::timerfd_settime(clock_.number(), TFD_TIMER_ABSTIME, &when, nullptr);
  clock_set_to_ = alarm_;
}

void Reactor::wait() {
  if (alarm_ < clock_set_to_) {
    set_clock();
  }
  State running = kRunning;
  const bool may_sleep = ending_.empty() && state_.compare_exchange_strong(running, kSleeping);
  std::array<epoll_event, kEvents> events;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const int count = ::epoll_wait(epoll_.number(), events.data(), kEvents, may_sleep ? -1 : 0);
  State sleeping = kSleeping;
  state_.compare_exchange_strong(sleeping, kRunning);
  QUORATE_ASSERT(count >= 0 || errno == EINTR, refused("wait on", "an epoll set", errno).message);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == &clock_rang_) {
      clock_rang_ = true;
      clock_set_to_ = kNever;
    } else if (event.data.ptr != nullptr) {
      static_cast<Watched*>(event.data.ptr)->ready(event.events);
    }
  }
}

void Reactor::end_turn() {
  ended_.swap(ending_);
  for (Watched* watched : ended_) {
    watched->turn_ended();
  }
  ended_.clear();
  // Whoever was buried after having asked for the next turn's end must not be found there.
  if (!buried_.empty()) {
    std::erase_if(ending_, [this](const Watched* watched) {
      return std::ranges::any_of(buried_, [&](const auto& dead) { return dead.get() == watched; });
    });
    const auto dead = std::exchange(buried_, {});
  }
}

void Reactor::watch(int descriptor, std::uint32_t what, Watched& by) {
  epoll_event event = event_of(what, &by);
  const int result = ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event);
  QUORATE_ASSERT(result == 0, refused("watch", "a descriptor", errno).message);
}

void Reactor::change(int descriptor, std::uint32_t what, Watched& by) {
  epoll_event event = event_of(what, &by);
  const int result = ::epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, descriptor, &event);
  QUORATE_ASSERT(result == 0, refused("watch", "a descriptor", errno).message);
}

void Reactor::forget(int descriptor) {
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Reactor::at_turn_end(Watched& by) { ending_.push_back(&by); }

void Reactor::bury(std::unique_ptr<Watched> dead) { buried_.push_back(std::move(dead)); }

}  // namespace quorate::env
