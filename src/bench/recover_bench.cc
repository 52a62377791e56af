#include <algorithm>
#include <utility>

#include "bench/bench.h"
#include "bench/trio.h"
#include "env/posix/clock.h"

namespace quorate::bench {
namespace {

constexpr std::size_t kThird = 2;  // is empty until it is to catch up
constexpr Duration kPatience = std::chrono::minutes{10};
constexpr Duration kBetweenLooks = std::chrono::milliseconds{5};

double seconds_since(Instant begun) {
  return static_cast<double>((env::read_clock() - begun).count()) / 1e6;
}

class Recovery {
 public:
  Recovery(const Setting& setting, const RecoverWork& work, Trio& trio)
      : setting_(setting), work_(work), trio_(trio) {}

  // Two members hold all entries; the third is not there yet.
  Result<void> fill() {
    for (std::size_t i = 0; i < kThird; ++i) {
      if (auto started = trio_.start(i); !started) {
        return started;
      }
    }
    if (auto created = trio_.create(1, 1); !created) {
      return created;
    }
    const std::uint64_t keys = std::min<std::uint64_t>(work_.entries, 1U << 20U);
    const auto done =
        trio_.load(std::to_string(work_.payload) + " 1000 " + std::to_string(work_.entries) +
                   " 3600000000 " + std::to_string(keys));
    return done ? Result<void>{} : Result<void>{done.error()};
  }

  Result<Finding> restart() {
    const auto leader = trio_.leader();
    if (!leader) {
      return leader.error();
    }
    const std::size_t follower = 1 - leader.value();
    trio_.kill(follower);
    const Instant begun = env::read_clock();
    if (const auto started = trio_.start(follower); !started) {
      return started.error();
    }
    const double ready = seconds_since(begun);
    if (const auto applied = wait_until_applied(follower); !applied) {
      return applied.error();
    }
    return finding("recover-restart", seconds_since(begun), "ready_s", ready);
  }

  Result<Finding> catch_up(const char* work) {
    const Instant begun = env::read_clock();
    if (const auto started = trio_.start(kThird); !started) {
      return started.error();
    }
    if (const auto created = trio_.at(kThird).ask("create 1 1", kPatience); !created) {
      return created.error();
    }
    if (const auto applied = wait_until_applied(kThird); !applied) {
      return applied.error();
    }
    const double seconds = seconds_since(begun);
    const double megabytes = static_cast<double>(work_.entries) * work_.payload / 1e6;
    return finding(work, seconds, "mb_per_s", megabytes / seconds);
  }

 private:
  Result<void> wait_until_applied(std::size_t which) {
    const Instant end = env::read_clock() + kPatience;
    while (env::read_clock() < end) {
      const auto reached = trio_.reached(which);
      if (!reached) {
        return reached.error();
      }
      if (reached.value().applied > work_.entries) {  // a term's empty entry is among them
        return {};
      }
      if (auto paused = pause(setting_, kBetweenLooks); !paused) {
        return paused;
      }
    }
    return Error{ErrorCode::kIo, "a member did not catch up within ten minutes"};
  }

  [[nodiscard]] Finding finding(const char* work, double seconds, const char* name,
                                double value) const {
    Finding found;
    found.json.add("work", work)
        .add("payload", std::uint64_t{work_.payload})
        .add("entries", work_.entries)
        .add("seconds", seconds)
        .add(name, value);
    found.text = std::string{work} + ": " + short_number(static_cast<double>(work_.entries)) +
                 " entries of " + std::to_string(work_.payload) + " B in " + short_number(seconds) +
                 " s, " + name + " " + short_number(value);
    return found;
  }

  const Setting& setting_;
  const RecoverWork& work_;
  Trio& trio_;
};

// With snapshots an empty member is sent one, and what came after it; without, the whole log.
Result<void> run(const Setting& setting, const RecoverWork& work, bool snapshots,
                 const Find& find) {
  const std::uint64_t every = work.entries * work.payload / 4 + 1;
  setting.progress("filling a log", snapshots ? 3 : 0, 5);
  auto trio = Trio::make({.parent = setting.directory,
                          .snapshot_bytes = snapshots ? every : 0,
                          .interrupted = setting.interrupted});
  if (!trio) {
    return trio.error();
  }
  Recovery recovery{setting, work, *trio.value()};
  if (auto filled = recovery.fill(); !filled) {
    return filled;
  }
  if (!snapshots) {
    setting.progress("restart", 1, 5);
    const auto restarted = recovery.restart();
    if (!restarted) {
      return restarted.error();
    }
    find(restarted.value());
  }
  setting.progress("catch-up", snapshots ? 4 : 2, 5);
  const auto caught = recovery.catch_up(snapshots ? "recover-snapshot" : "recover-log");
  if (!caught) {
    return caught.error();
  }
  find(caught.value());
  return {};
}

}  // namespace

Result<void> bench_recover(const Setting& setting, const RecoverWork& work, const Find& find) {
  if (auto by_log = run(setting, work, /*snapshots=*/false, find); !by_log) {
    return by_log;
  }
  return run(setting, work, /*snapshots=*/true, find);
}

}  // namespace quorate::bench
