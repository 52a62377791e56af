// `quorate check`: exhausts bounds of the real core's states, several at a time if asked to.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "cli/commands.h"
#include "sim/bounds.h"
#include "sim/explorer_check.h"

namespace quorate::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct CheckOptions {
  std::vector<std::string> names;
  std::string size = "small";
  bool night = false;
  bool list = false;
  unsigned jobs = 1;
  std::uint64_t states = sim::SearchLimits{}.states;
};

struct Job {
  const sim::Bound* bound = nullptr;
  sim::SearchPulse pulse;
  std::atomic<bool> running{false};
  std::optional<Result<sim::Verdict>> verdict;
  double seconds = 0;
};

// Runs every job, `workers` at a time, and shows each when it and all before it are done.
class Checks {
 public:
  Checks(std::vector<const sim::Bound*> bounds, const CheckOptions& options) : options_(options) {
    for (const sim::Bound* bound : bounds) {
      jobs_.push_back(std::make_unique<Job>());
      jobs_.back()->bound = bound;
      width_ = std::max(width_, static_cast<int>(bound->name.size()));
    }
  }

  int run() {
    std::printf("%-*s %11s %12s %6s %8s %9s\n", width_, "bound", "states", "transitions", "depth",
                "seconds", "states/s");
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < std::max(1U, options_.jobs); ++i) {
      workers.emplace_back([this] { work(); });
    }
    show();
    for (std::thread& worker : workers) {
      worker.join();
    }
    return close();
  }

 private:
  void work() {
    for (std::size_t i = next_++; i < jobs_.size(); i = next_++) {
      Job& job = *jobs_[i];
      job.running = true;
      const auto start = Clock::now();
      auto verdict = checked(job);
      const std::lock_guard lock{mutex_};
      job.seconds = std::chrono::duration<double>(Clock::now() - start).count();
      job.verdict = std::move(verdict);
      job.running = false;
      finished_.notify_one();
    }
  }

  Result<sim::Verdict> checked(Job& job) const {
    const auto size = options_.size == "large" ? sim::Size::kLarge : sim::Size::kSmall;
    sim::SearchLimits limits;
    limits.states = options_.states;
    try {
      return sim::check_bound(*job.bound, size, limits, &job.pulse);
    } catch (const AssertionFailed& failed) {
      return invalid(failed.what());
    }
  }

  // Prints what is done, in order; while it waits, what is being done.
  void show() {
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    std::unique_lock lock{mutex_};
    for (auto& job : jobs_) {
      while (!finished_.wait_for(lock, std::chrono::milliseconds{200},
                                 [&] { return job->verdict.has_value(); })) {
        if (terminal) {
          show_progress();
        }
      }
      if (terminal) {
        std::printf("\r\033[K");
      }
      print_line(*job);
      std::fflush(stdout);
    }
  }

  void show_progress() const {
    std::string line;
    for (const auto& job : jobs_) {
      if (job->running) {
        line += (line.empty() ? "" : " | ") + std::string{job->bound->name} + ": " +
                std::to_string(job->pulse.states.load()) + " states, depth " +
                std::to_string(job->pulse.depth.load()) + ", " +
                std::to_string(job->pulse.frontier.load()) + " to expand";
      }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    std::uint64_t states = 0;
    for (const auto& job : jobs_) {
      states += job->pulse.states.load();
    }
    std::printf("\r\033[K%s | %.0f states/s", line.c_str(), static_cast<double>(states) / seconds);
    std::fflush(stdout);
  }

  void print_line(const Job& job) {
    const std::string name{job.bound->name};
    if (!job.verdict->ok()) {
      std::printf("%-*s could not be checked: %s\n", width_, name.c_str(),
                  job.verdict->error().message.c_str());
      ++failed_;
      return;
    }
    const sim::Verdict& verdict = job.verdict->value();
    const char* outcome = verdict.violation ? "VIOLATED" : verdict.exhausted ? "exhausted" : "cut";
    std::printf("%-*s %11" PRIu64 " %12" PRIu64 " %6u %8.1f %9.0f  %s\n", width_, name.c_str(),
                verdict.states, verdict.transitions, verdict.depth, job.seconds,
                static_cast<double>(verdict.states) / std::max(job.seconds, 1e-9), outcome);
    states_ += verdict.states;
    transitions_ += verdict.transitions;
    (verdict.violation ? failed_ : passed_) += 1;
    if (verdict.violation) {
      std::printf("\n%s\n", verdict.transcript.c_str());
    }
  }

  [[nodiscard]] int close() const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    std::printf("%-*s %11" PRIu64 " %12" PRIu64 " %6s %8.1f\n", width_, "in all", states_,
                transitions_, "", seconds);
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

  CheckOptions options_;
  std::vector<std::unique_ptr<Job>> jobs_;
  int width_ = 6;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  std::condition_variable finished_;
  Clock::time_point start_ = Clock::now();
  std::uint64_t states_ = 0;
  std::uint64_t transitions_ = 0;
  int passed_ = 0;
  int failed_ = 0;
};

void print_bounds(std::FILE* out, sim::Size size) {
  for (const sim::Bound& bound : sim::bounds()) {
    const sim::Budget& budget = size == sim::Size::kLarge ? bound.large : bound.small;
    std::fprintf(out, "  %-12s %s\n  %-12s   %s\n", std::string{bound.name}.c_str(),
                 std::string{bound.covers}.c_str(), "", budget.describe().c_str());
    std::string kills;
    for (const std::string_view kill : bound.kills) {
      kills += " " + std::string{kill};
    }
    if (!kills.empty()) {
      std::fprintf(out, "  %-12s   kills:%s\n", "", kills.c_str());
    }
  }
}

int run_check(const CheckOptions& options) {
  if (options.list) {
    print_bounds(stdout, options.size == "large" ? sim::Size::kLarge : sim::Size::kSmall);
    return 0;
  }
  std::vector<const sim::Bound*> chosen;
  for (const std::string& name : options.names) {
    const sim::Bound* bound = sim::find_bound(name);
    if (bound == nullptr) {
      std::fprintf(stderr, "quorate check: there is no bound '%s'; there are\n", name.c_str());
      print_bounds(stderr, sim::Size::kSmall);
      return 2;
    }
    chosen.push_back(bound);
  }
  if (chosen.empty()) {
    for (const sim::Bound& bound : sim::bounds()) {
      chosen.push_back(&bound);
    }
  }
  return Checks{std::move(chosen), options}.run();
}

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Visit every state of the real core within a bound, and check each");
  command->add_option("bound", options->names,
                      "Which bounds (all, unless named; --list tells them)");
  auto* size = command->add_option("--size", options->size, "small (what CI runs) or large")
                   ->check(CLI::IsMember({"small", "large"}));
  command->add_flag("--night", options->night, "The same as --size large")->excludes(size);
  command->add_flag("--list", options->list,
                    "Tell the bounds, what is in them and which planted bugs they must find");
  command->add_option("--jobs", options->jobs, "Bounds checked at a time")
      ->check(CLI::Range(1U, 64U));
  command->add_option("--states", options->states,
                      "Cut each search at this many states, and say so");
  command->callback([options, &exit_code] {
    options->size = options->night ? "large" : options->size;
    exit_code = run_check(*options);
  });
}

}  // namespace quorate::cli
