#include "sim/lab/runner.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "base/fingerprint.h"

namespace quorate::lab {
namespace {

// What the threads share: the runs that are still to be taken, and the results.
class Workshop {
 public:
  Workshop(const Plan& plan, const Watch& watch) : plan_(plan), watch_(watch) {
    for (const Scenario& scenario : plan.scenarios) {
      results_.push_back({scenario, plan.seed, std::vector<Outcome>(plan.runs)});
      left_.push_back(plan.runs);
    }
  }

  void work() {
    for (std::uint64_t next = taken_++; next < plan_.total(); next = taken_++) {
      const std::size_t scenario = next / plan_.runs;
      const std::size_t run = next % plan_.runs;
      keep(scenario, run,
           run_once(plan_.scenarios[scenario], plan_.settings, plan_.seed + run, plan_.trace));
    }
  }

 private:
  void keep(std::size_t scenario, std::size_t run, Outcome outcome) {
    const std::scoped_lock lock{mutex_};
    results_[scenario].outcomes[run] = std::move(outcome);
    --left_[scenario];
    if (watch_.progress) {
      watch_.progress(++done_);
    }
    for (; told_ < left_.size() && left_[told_] == 0; ++told_) {
      if (watch_.finished) {
        watch_.finished(results_[told_]);
      }
    }
  }

  const Plan& plan_;
  const Watch& watch_;
  std::atomic<std::uint64_t> taken_ = 0;
  std::mutex mutex_;
  std::vector<Runs> results_;
  std::vector<std::uint64_t> left_;  // runs, by scenario
  std::uint64_t done_ = 0;
  std::size_t told_ = 0;  // scenarios
};

}  // namespace

Outcome run_once(const Scenario& scenario, const Settings& settings, std::uint64_t seed,
                 VirtualCluster::Trace trace) {
  Fingerprint print;
  print.add(scenario.name);
  print.add(seed);
  const std::uint64_t of_the_world = print.value();
  print.add(of_the_world);
  VirtualCluster cluster{scenario.shape, settings, of_the_world, std::move(trace)};
  return play(scenario, cluster, print.value());
}

std::uint64_t Runs::passed() const {
  return static_cast<std::uint64_t>(std::ranges::count(outcomes, true, &Outcome::passed));
}

void run_all(const Plan& plan, const Watch& watch) {
  Workshop workshop{plan, watch};
  const std::size_t jobs = plan.trace ? 1 : plan.jobs;
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < jobs; ++i) {
    helpers.emplace_back([&workshop] { workshop.work(); });
  }
  workshop.work();
}

}  // namespace quorate::lab
