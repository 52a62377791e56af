// `quorate lab`: the course's lab suite over the real core, in virtual time.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "cli/commands.h"
#include "sim/lab/report.h"
#include "sim/lab/runner.h"

namespace quorate::cli {
namespace {

struct LabArguments {
  std::string filter;
  std::uint64_t runs = 1;
  std::uint64_t seed = 1;
  std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
  lab::Settings settings;
  bool trace = false;
  bool table = false;
};

// One line on the terminal that is written over and over; nothing where there is no terminal.
class Progress {
 public:
  explicit Progress(std::uint64_t total) : total_(total), shown_(isatty(STDERR_FILENO) != 0) {}

  void update(std::uint64_t done) {
    const auto now = Clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds{100}) {
      return;
    }
    last_ = now;
    const double elapsed = std::chrono::duration<double>(now - began_).count();
    const double rate = static_cast<double>(done) / elapsed;
    std::fprintf(stderr, "\r\033[K%llu of %llu runs, %.0f a second, %.0f s left",
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(total_),
                 rate, static_cast<double>(total_ - done) / rate);
    dirty_ = true;
  }
  void clear() {
    if (std::exchange(dirty_, false)) {
      std::fputs("\r\033[K", stderr);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::uint64_t total_;
  bool shown_;
  bool dirty_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point last_ = began_;
};

void print(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

int nothing_matches(const std::string& filter) {
  std::string names;
  for (const lab::Scenario& scenario : lab::all_scenarios()) {
    names += "\n  " + std::string{scenario.name};
  }
  std::fprintf(stderr, "quorate lab: no test's name holds '%s'; the tests are:%s\n", filter.c_str(),
               names.c_str());
  return 2;
}

int run_lab(const LabArguments& arguments) {
  lab::Plan plan{.scenarios = lab::select_scenarios(arguments.filter),
                 .runs = arguments.runs,
                 .seed = arguments.seed,
                 .jobs = arguments.jobs,
                 .settings = arguments.settings,
                 .trace = {}};
  if (plan.scenarios.empty()) {
    return nothing_matches(arguments.filter);
  }
  if (arguments.trace) {
    plan.trace = print;
  }
  Progress progress{plan.total()};
  std::vector<lab::Runs> all;
  std::uint64_t passed = 0;
  lab::Watch watch;
  watch.progress = [&](std::uint64_t done) { progress.update(done); };
  watch.finished = [&](const lab::Runs& runs) {
    progress.clear();
    passed += runs.passed();
    if (!arguments.table) {
      print(lab::summary(runs));
    }
    for (const std::string& line : lab::failures(runs, plan.settings)) {
      print(line);
    }
    all.push_back(runs);
  };
  lab::run_all(plan, watch);
  progress.clear();
  if (arguments.table) {
    print(lab::table(all));
  }
  print(std::to_string(passed) + " passed, " + std::to_string(plan.total() - passed) + " failed");
  return passed == plan.total() ? 0 : 1;
}

}  // namespace

void add_lab_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<LabArguments>();
  CLI::App* command = app.add_subcommand(
      "lab",
      "Run the course's lab suite (28 tests of MIT 6.5840, parts A to D) over the real core, in "
      "virtual time");
  command->add_option("FILTER", arguments->filter,
                      "the test of this name, else the tests whose names hold it; all if absent");
  command->add_option("--runs", arguments->runs, "run each test with this many seeds in a row")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "the first seed; the same seed, the same run")
      ->capture_default_str();
  command->add_option("--jobs", arguments->jobs, "runs at a time, a thread each")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str();
  command->add_flag("--pre-vote", arguments->settings.pre_vote,
                    "candidates ask first whether asking is any use");
  command->add_flag("--empty-entry", arguments->settings.empty_entry,
                    "a new leader appends an empty entry; checks of indexes count commands alone");
  command->add_flag("--trace", arguments->trace,
                    "print what every core does and what the network loses");
  command->add_flag("--table", arguments->table,
                    "print the medians beside the course's figures, as markdown");
  command->callback([arguments, &exit_code] { exit_code = run_lab(*arguments); });
}

}  // namespace quorate::cli
