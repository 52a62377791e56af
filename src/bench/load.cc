#include "bench/load.h"

#include <algorithm>
#include <utility>

#include "bench/slots.h"
#include "bench/usage.h"
#include "env/posix/clock.h"

namespace quorate::bench {

Load::Load(Node& node, const LoadWork& work)
    : node_(node),
      work_(work),
      value_(std::max<std::size_t>(work.payload, Slots::kKeyBytes) - Slots::kKeyBytes, 'x') {}

Result<LoadDone> Load::run() {
  LoadDone done;
  const double cpu_before = usage_now().cpu_us;
  const std::uint64_t syncs_before = node_.syncs();
  const Instant before = env::read_clock();
  end_ = before + work_.length;
  inside_ = work_.outstanding;
  for (std::uint32_t i = 0; i < work_.outstanding; ++i) {
    propose();
  }
  std::unique_lock hold{mutex_};
  left_.wait(hold, [this] { return inside_ == 0; });
  if (failed_.load()) {
    return Error{ErrorCode::kIo, failure_};
  }
  done.elapsed_us = static_cast<double>((env::read_clock() - before).count());
  done.cpu_us = usage_now().cpu_us - cpu_before;
  done.syncs = node_.syncs() - syncs_before;
  done.latencies = std::move(latencies_);
  done.operations = done.latencies.count();
  return done;
}

// From the caller's thread for the first of each, from the machine's lane afterwards.
void Load::propose() {
  const std::uint64_t number = begun_.fetch_add(1, std::memory_order_relaxed);
  const Instant now = env::read_clock();
  if (number >= work_.total || now >= end_ || failed_.load(std::memory_order_relaxed)) {
    return leave();
  }
  const auto key = static_cast<std::uint32_t>(number / work_.groups.size() % work_.keys);
  node_.propose(work_.groups[number % work_.groups.size()], Slots::command(key, value_),
                [this, now](const Outcome& outcome) { answered(now, outcome); });
}

void Load::answered(Instant begun, const Outcome& outcome) {
  if (outcome.fate == Fate::kDone) {
    latencies_.add(static_cast<double>((env::read_clock() - begun).count()));
    return propose();
  }
  {
    const std::lock_guard hold{mutex_};
    if (!failed_.exchange(true)) {
      failure_ = "a proposal was not done: " + describe(outcome);
    }
  }
  leave();
}

void Load::leave() {
  const std::lock_guard hold{mutex_};
  if (--inside_ == 0) {
    left_.notify_one();
  }
}

}  // namespace quorate::bench
