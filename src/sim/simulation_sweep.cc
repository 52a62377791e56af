#include "sim/simulation_sweep.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace quorate::sim {

namespace {

constexpr std::uint64_t kTwice = 100;

// A crash of the run itself (an assertion outside of the core) is that seed's failure.
RunResult run_one(const RunOptions& options) {
  try {
    RunResult result = simulate(options);
    if (result.passed() && options.seed % kTwice == 0 && simulate(options).hash != result.hash) {
      result.outcome = Outcome::kNotTheSame;
      result.failure = "a second run from the same seed has another hash";
    }
    return result;
  } catch (const std::exception& bug) {
    RunResult result;
    result.seed = options.seed;
    result.outcome = Outcome::kUnsafe;
    result.failure = bug.what();
    return result;
  }
}

class Sweep {
 public:
  explicit Sweep(const SweepOptions& options) : options_(options), next_(options.first) {}

  SweepResult run() {
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < options_.jobs; ++i) {
      workers.emplace_back([this] { work(); });
    }
    work();
    for (std::thread& worker : workers) {
      worker.join();
    }
    std::ranges::sort(result_.failures, {}, &RunResult::seed);
    return std::move(result_);
  }

 private:
  void work() {
    RunOptions options = options_.each;
    for (;;) {
      {
        const std::lock_guard lock{mutex_};
        if (stop_ || next_ > options_.last) {
          return;
        }
        options.seed = next_++;
      }
      take(run_one(options));
    }
  }

  void take(RunResult result) {
    const std::lock_guard lock{mutex_};
    std::vector<Counted> counts = counted(result.tally);
    if (result_.counted.empty()) {
      result_.counted = std::move(counts);
    } else {
      for (std::size_t i = 0; i < counts.size(); ++i) {
        result_.counted[i].count += counts[i].count;
      }
    }
    result_.simulated += result.tally.simulated;
    result_.run_twice += result.seed % kTwice == 0 ? 1 : 0;
    ++(result.passed() ? result_.passed : result_.failed);
    stop_ = !options_.done(result) || stop_;
    if (!result.passed()) {
      result_.failures.push_back(std::move(result));
    }
  }

  const SweepOptions& options_;
  std::mutex mutex_;
  std::uint64_t next_;
  bool stop_ = false;
  SweepResult result_;
};

}  // namespace

std::vector<Counted> counted(const Tally& tally) {
  const Counters& group = tally.stage;
  const WorldCounts& world = tally.world;
  const WorkloadCounts& clients = tally.clients;
  std::vector<Counted> all{{"elections", group.elections},
                           {"step-downs", group.step_downs},
                           {"truncations", group.truncations},
                           {"snapshots taken", group.snapshots_taken},
                           {"snapshots installed", group.snapshot_installs},
                           {"joint configurations", group.joint_configurations},
                           {"removals", group.removals},
                           {"leaderships handed over", group.handed_over},
                           {"entries read from disk", world.disk_reads},
                           {"failed reads from disk", world.read_errors},
                           {"restarts", group.restarts},
                           {"writes lost in crashes", world.writes_lost},
                           {"writes kept in crashes", world.writes_kept},
                           {"messages lost", world.lost},
                           {"messages doubled", world.duplicated},
                           {"messages overtaken", world.overtaken},
                           {"sleeping nodes seen", tally.sleeps},
                           {"writes acknowledged", clients.writes_acknowledged},
                           {"unknown outcomes", clients.unknown},
                           {"certain failures", clients.failed},
                           {"refusals", clients.refusals},
                           {"reads at followers", clients.reads_at_followers},
                           {"reads by lease", clients.lease_reads}};
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    all.push_back({name_of(static_cast<Fault>(i)), tally.faults[i]});
  }
  return all;
}

std::vector<std::string_view> SweepResult::never() const {
  std::vector<std::string_view> names;
  for (const Counted& one : counted) {
    if (one.count == 0) {
      names.push_back(one.name);
    }
  }
  return names;
}

SweepResult sweep(const SweepOptions& options) { return Sweep{options}.run(); }

}  // namespace quorate::sim
