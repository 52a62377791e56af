#include "env/posix/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/assert.h"

namespace quorate::env {
namespace {

constexpr std::size_t kEvents = 64;

// Microseconds where the system has them (Linux 5.11), else milliseconds, rounded up. No timeout:
// for ever.
int wait_for_events(int epoll, std::span<epoll_event> events, std::optional<Duration> timeout) {
  static std::atomic<bool> fine{true};
  const auto most = static_cast<int>(events.size());
  const auto left = timeout ? std::max(*timeout, Duration::zero()).count() : 0;
  if (fine.load(std::memory_order_relaxed)) {
    const timespec limit{.tv_sec = left / 1'000'000, .tv_nsec = left % 1'000'000 * 1000};
    const int count =
        ::epoll_pwait2(epoll, events.data(), most, timeout ? &limit : nullptr, nullptr);
    if (count >= 0 || errno != ENOSYS) {
      return count;
    }
    fine.store(false, std::memory_order_relaxed);
  }
  const auto millis = std::min<std::int64_t>((left + 999) / 1000, 1'000'000);
  return ::epoll_wait(epoll, events.data(), most, timeout ? static_cast<int>(millis) : -1);
}

epoll_event event_of(std::uint32_t what, Watched* by) {
  epoll_event event{};
  event.events = what;
  event.data.ptr = by;
  return event;
}

}  // namespace

Reactor::Reactor()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      alarm_bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      receive_buffer_(new char[kReceiveBuffer]) {
  QUORATE_ASSERT(epoll_.valid(), refused("make", "an epoll set", errno).message);
  QUORATE_ASSERT(alarm_bell_.valid(), refused("make", "an eventfd", errno).message);
  epoll_event event = event_of(EPOLLIN | EPOLLET, nullptr);
  ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, alarm_bell_.number(), &event);
}

Reactor::~Reactor() = default;

void Reactor::wake() {
  if (state_.exchange(kWoken) == kSleeping) {
    const std::uint64_t one = 1;
    // Fails only if it was written to 2^64 times.
    (void)!::write(alarm_bell_.number(), &one, sizeof one);
  }
}

bool Reactor::take_wake() { return state_.exchange(kRunning) == kWoken; }

void Reactor::wait(std::optional<Duration> timeout) {
  State running = kRunning;
  if (!ending_.empty() || !state_.compare_exchange_strong(running, kSleeping)) {
    timeout = Duration::zero();
  }
  std::array<epoll_event, kEvents> events;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const int count = wait_for_events(epoll_.number(), events, timeout);
  State sleeping = kSleeping;
  state_.compare_exchange_strong(sleeping, kRunning);
  QUORATE_ASSERT(count >= 0 || errno == EINTR, refused("wait on", "an epoll set", errno).message);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) {
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
