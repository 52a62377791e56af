#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "bench/bench.h"
#include "bench/trio.h"
#include "env/posix/clock.h"

namespace quorate::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds{60};
constexpr Duration kToElect = std::chrono::seconds{60};
constexpr Duration kBetweenLooks = std::chrono::milliseconds{20};
constexpr Duration kQuiesceAfter = std::chrono::seconds{1};
constexpr Duration kToFallAsleep = std::chrono::seconds{5};

struct Used {
  double cpu_us = 0;
  double resident_bytes = 0;
};
using UsedByAll = std::array<Used, Trio::kSize>;

class ManyGroups {
 public:
  ManyGroups(const Setting& setting, const GroupsWork& work, Trio& trio, std::uint32_t groups)
      : setting_(setting), work_(work), trio_(trio), groups_(groups) {}

  Result<Finding> run() {
    found_.json.add("work", "groups").add("groups", std::uint64_t{groups_});
    found_.text = "groups: " + std::to_string(groups_);
    for (const auto part :
         {&ManyGroups::begin, &ManyGroups::idle, &ManyGroups::busy, &ManyGroups::lose_one}) {
      if (const auto done = (this->*part)(); !done) {
        return done.error();
      }
    }
    return found_;
  }

 private:
  Result<void> begin() {
    const auto before = used();
    if (!before) {
      return before.error();
    }
    const Instant begun = env::read_clock();
    if (auto created = trio_.create(1, groups_); !created) {
      return created;
    }
    if (auto led = wait_until_led(); !led) {
      return led;
    }
    note("begin_s", seconds_since(begun), "begun in", "s");
    before_ = before.value();
    return {};
  }

  // Asleep, once the last heartbeat was sent.
  Result<void> idle() {
    setting_.progress(std::to_string(groups_) + " groups idle", 1, 4);
    if (auto paused = pause(setting_, kToFallAsleep); !paused) {
      return paused;
    }
    const auto before = used();
    const Instant begun = env::read_clock();
    if (auto paused = pause(setting_, work_.idle); !paused) {
      return paused;
    }
    const auto after = used();
    const double elapsed_us = seconds_since(begun) * 1e6;
    if (!before || !after) {
      return before ? after.error() : before.error();
    }
    double most_cpu = 0;
    double most_bytes = 0;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      most_cpu = std::max(most_cpu, after.value()[i].cpu_us - before.value()[i].cpu_us);
      most_bytes =
          std::max(most_bytes, after.value()[i].resident_bytes - before_[i].resident_bytes);
    }
    note("idle_cpu_percent", most_cpu / elapsed_us * 100, "idle at", "% of a core");
    note("bytes_per_group", most_bytes / groups_, "with", "B a group");
    return {};
  }

  // Each member proposes to the groups that it leads, 100 at a time altogether.
  Result<void> busy() {
    setting_.progress(std::to_string(groups_) + " groups busy", 2, 4);
    const std::string request =
        "load 0 256 34 1000000000000 " + std::to_string(work_.busy.count()) + " 1";
    const auto before = used();
    std::array<std::string, Trio::kSize> tags;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      const auto led = trio_.led_by(i);
      if (led && led.value().groups > 0) {
        tags[i] = trio_.at(i).send(request);
      }
    }
    double operations = 0;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      if (tags[i].empty()) {
        continue;
      }
      const auto answer = trio_.at(i).await(tags[i], work_.busy + kPatience);
      if (!answer) {
        return answer.error();
      }
      operations += std::strtod(answer.value().c_str(), nullptr);
    }
    const auto after = used();
    if (!before || !after) {
      return before ? after.error() : before.error();
    }
    double cpu_us = 0;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      cpu_us += after.value()[i].cpu_us - before.value()[i].cpu_us;
    }
    found_.json.add("payload", std::uint64_t{256}).add("outstanding", std::uint64_t{100});
    note("rate", operations / (static_cast<double>(work_.busy.count()) / 1e6), "busy at", "/s");
    note("cpu_us_per_op", operations > 0 ? cpu_us / operations : 0, "with", "us CPU each");
    return {};
  }

  // The member that leads most is killed, and its groups are to find other leaders.
  Result<void> lose_one() {
    setting_.progress(std::to_string(groups_) + " groups, one member killed", 3, 4);
    if (auto paused = pause(setting_, kToFallAsleep); !paused) {
      return paused;
    }
    std::size_t victim = 0;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      const auto led = trio_.led_by(i);
      if (!led) {
        return led.error();
      }
      if (led.value().groups > most) {
        most = led.value().groups;
        victim = i;
      }
    }
    const Instant begun = env::read_clock();
    trio_.kill(victim);
    if (auto led = wait_until_led(); !led) {
      return led;
    }
    found_.json.add("lost_leaders", most);
    note("led_again_s", seconds_since(begun), "led again after a kill in", "s");
    return {};
  }

  Result<void> wait_until_led() {
    const Instant end = env::read_clock() + kToElect;
    while (env::read_clock() < end) {
      const auto led = trio_.led();
      if (!led) {
        return led.error();
      }
      if (led.value().groups >= groups_) {
        return {};
      }
      if (auto paused = pause(setting_, kBetweenLooks); !paused) {
        return paused;
      }
    }
    return Error{ErrorCode::kIo, "not all of " + std::to_string(groups_) +
                                     " groups have found a leader within a minute"};
  }

  Result<UsedByAll> used() {
    UsedByAll all;
    for (std::size_t i = 0; i < Trio::kSize; ++i) {
      const auto answer = trio_.at(i).ask("usage", kPatience);
      if (!answer) {
        return answer.error();
      }
      std::istringstream{answer.value()} >> all[i].cpu_us >> all[i].resident_bytes;
    }
    return all;
  }

  static double seconds_since(Instant begun) {
    return static_cast<double>((env::read_clock() - begun).count()) / 1e6;
  }

  void note(const char* name, double value, const char* before, const char* unit) {
    found_.json.add(name, value);
    found_.text +=
        std::string{", "} + before + " " + short_number(value) + (*unit == '/' ? "" : " ") + unit;
  }

  const Setting& setting_;
  const GroupsWork& work_;
  Trio& trio_;
  std::uint32_t groups_;
  UsedByAll before_;
  Finding found_;
};

}  // namespace

Result<void> bench_groups(const Setting& setting, const GroupsWork& work, const Find& find) {
  for (const std::uint32_t groups : work.groups) {
    setting.progress(std::to_string(groups) + " groups begin", 0, 4);
    auto trio = Trio::make({.parent = setting.directory,
                            .quiesce_after = kQuiesceAfter,
                            .interrupted = setting.interrupted});
    if (!trio) {
      return trio.error();
    }
    if (auto started = trio.value()->start_all(); !started) {
      return started;
    }
    const auto found = ManyGroups{setting, work, *trio.value(), groups}.run();
    if (!found) {
      return found.error();
    }
    find(found.value());
  }
  return {};
}

}  // namespace quorate::bench
