#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>

#include "bench/bench.h"
#include "bench/trio.h"
#include "env/posix/clock.h"

namespace quorate::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds{30};
constexpr Duration kSettle = std::chrono::seconds{1};
constexpr Duration kHeartbeat = std::chrono::milliseconds{50};

// Notices when this machine lets nobody run for longer than a heartbeat: elections that follow are
// the machine's doing.
class StallWatch {
 public:
  StallWatch() : thread_([this] { watch(); }) {}
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;
  ~StallWatch() { end(); }
  void end() {
    ended_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  // Once it has ended.
  [[nodiscard]] std::uint64_t stalls() const { return stalls_; }
  [[nodiscard]] double longest_ms() const { return static_cast<double>(longest_.count()) / 1e3; }

 private:
  static constexpr int kStepMs = 5;

  void watch() {
    for (Instant before = env::read_clock(); !ended_;) {
      ::poll(nullptr, 0, kStepMs);
      const Instant now = env::read_clock();
      const Duration late = now - before - std::chrono::milliseconds{kStepMs};
      stalls_ += late > kHeartbeat ? 1 : 0;
      longest_ = std::max(longest_, late);
      before = now;
    }
  }

  std::atomic<bool> ended_{false};
  std::uint64_t stalls_ = 0;
  Duration longest_{0};
  std::thread thread_;
};

class Failover {
 public:
  Failover(const Setting& setting, const FailoverWork& work, Trio& trio)
      : setting_(setting), work_(work), trio_(trio) {}

  // The leader gets this signal, again and again.
  Result<Finding> lose_leader(const char* name, int signal) {
    Latencies gaps;
    for (std::uint32_t i = 0; i < work_.times; ++i) {
      setting_.progress(name, i, work_.times);
      const auto gap = lose_leader_once(signal);
      if (!gap) {
        return gap.error();
      }
      gaps.add(gap.value());
    }
    Finding found;
    const double median = gaps.permille(500) / 1e3;
    const double longest = gaps.permille(1000) / 1e3;
    found.json.add("work", name)
        .add("times", std::uint64_t{work_.times})
        .add("median_ms", median)
        .add("longest_ms", longest);
    found.text = std::string{name} + ": the next commit after " + short_number(median) +
                 " ms (median of " + std::to_string(work_.times) + "), at most " +
                 short_number(longest) + " ms";
    return found;
  }

  Result<Finding> reset_connections() {
    const auto before = trio_.led();
    if (!before) {
      return before.error();
    }
    std::uint64_t connections = 0;
    for (std::uint32_t i = 0; i < work_.resets; ++i) {
      setting_.progress("failover-reset", i, work_.resets);
      const auto count = trio_.at(i % Trio::kSize).ask("reset", kPatience);
      if (!count) {
        return count.error();
      }
      connections += std::strtoull(count.value().c_str(), nullptr, 10);
      if (const auto paused = pause(setting_, kSettle / 2); !paused) {
        return paused.error();
      }
    }
    const auto after = trio_.led();
    if (!after) {
      return after.error();
    }
    const std::uint64_t elections = after.value().elections - before.value().elections;
    Finding found;
    found.json.add("work", "failover-reset")
        .add("resets", std::uint64_t{work_.resets})
        .add("connections", connections)
        .add("elections", elections);
    found.text = "failover-reset: " + std::to_string(connections) + " connections reset, " +
                 std::to_string(elections) + " elections";
    return found;
  }

  Result<Finding> full_load() {
    setting_.progress("failover-load", 0, 1);
    const auto before = trio_.led();
    if (!before) {
      return before.error();
    }
    StallWatch watch;
    const auto loaded =
        trio_.load("256 100 1000000000000 " + std::to_string(work_.load.count()) + " 1024");
    watch.end();
    const auto after = trio_.led();
    if (!after) {
      return after.error();
    }
    const std::uint64_t elections = after.value().elections - before.value().elections;
    if (!loaded && elections == 0) {
      return loaded.error();
    }
    return under_load(watch, loaded ? loaded.value().figures.rate : 0, elections);
  }

 private:
  // From the signal until the others have committed something, in microseconds.
  Result<double> lose_leader_once(int number) {
    const auto leader = trio_.leader();
    if (!leader) {
      return leader.error();
    }
    if (const auto settled = pause(setting_, kSettle); !settled) {
      return settled.error();
    }
    std::vector<Child*> others;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      if (i != leader.value()) {
        others.push_back(&trio_.at(i));
      }
    }
    const Instant begun = env::read_clock();
    trio_.at(leader.value()).signal(number);
    const auto won = Race::run(others, "commit 1", kPatience);
    const auto gap = static_cast<double>((env::read_clock() - begun).count());
    for (Child* other : others) {
      other->send("cease");
    }
    if (!won) {
      return won.error();
    }
    if (const auto back = bring_back(leader.value(), number); !back) {
      return back.error();
    }
    return gap;
  }

  Result<void> bring_back(std::size_t which, int number) {
    if (number == SIGSTOP) {
      trio_.at(which).signal(SIGCONT);
    } else {
      trio_.kill(which);
      if (auto started = trio_.start(which); !started) {
        return started;
      }
    }
    return pause(setting_, kSettle);
  }

  [[nodiscard]] Finding under_load(const StallWatch& watch, double rate,
                                   std::uint64_t elections) const {
    const double seconds = static_cast<double>(work_.load.count()) / 1e6;
    Finding found;
    found.json.add("work", "failover-load")
        .add("payload", std::uint64_t{256})
        .add("outstanding", std::uint64_t{100})
        .add("seconds", seconds)
        .add("rate", rate)
        .add("elections", elections)
        .add("stalls", watch.stalls())
        .add("longest_stall_ms", watch.longest_ms());
    found.text = "failover-load: " + std::to_string(elections) + " elections in " +
                 short_number(seconds) + " s at " + short_number(rate) +
                 "/s; the machine stalled " + std::to_string(watch.stalls()) +
                 " times for more than a heartbeat, at most " + short_number(watch.longest_ms()) +
                 " ms";
    return found;
  }

  const Setting& setting_;
  const FailoverWork& work_;
  Trio& trio_;
};

}  // namespace

Result<void> bench_failover(const Setting& setting, const FailoverWork& work, const Find& find) {
  auto trio = Trio::make({.parent = setting.directory, .interrupted = setting.interrupted});
  if (!trio) {
    return trio.error();
  }
  if (auto started = trio.value()->start_all(); !started) {
    return started;
  }
  if (auto created = trio.value()->create(1, 1); !created) {
    return created;
  }
  Failover failover{setting, work, *trio.value()};
  const std::function<Result<Finding>()> parts[] = {
      [&] { return failover.lose_leader("failover-kill", SIGKILL); },
      [&] { return failover.lose_leader("failover-stop", SIGSTOP); },
      [&] { return failover.reset_connections(); }, [&] { return failover.full_load(); }};
  for (const auto& part : parts) {
    const auto found = part();
    if (!found) {
      return found.error();
    }
    find(found.value());
  }
  return {};
}

}  // namespace quorate::bench
