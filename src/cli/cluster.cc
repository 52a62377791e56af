// `quorate cluster`: whole nodes (log, network, runtime) on simulated machines with faults, and the
// histories of their clients checked for an order that explains them.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "sim/runtime/cluster.h"

namespace quorate::cli {
namespace {

using simenv::ClusterReport;
using simenv::ClusterSetup;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::uint64_t seed = 1;
  std::string seeds;
  std::size_t nodes = 0;  // 0: three, and five for every third seed
  std::size_t operations = 1000;
  unsigned jobs = 1;
  bool calm = false;
};

// Below so many seeds a rare event need not come up.
constexpr std::uint64_t kFewSeeds = 100;

ClusterSetup setup_of(const Arguments& arguments, std::uint64_t seed) {
  ClusterSetup setup;
  setup.seed = seed;
  setup.nodes = arguments.nodes != 0 ? arguments.nodes : (seed % 3 == 0 ? 5 : 3);
  setup.operations = arguments.operations;
  setup.faults = !arguments.calm;
  setup.machines_keep_themselves = seed % 2 == 0;
  if (seed % 4 == 1) {
    setup.rot = true;
    setup.segment_bytes = 16U << 10U;  // so that there are old segments
    setup.padding = 400;
  }
  return setup;
}

void print(const ClusterReport& report, std::uint64_t seed) {
  std::printf(
      "seed %llu: %zu done, %zu unknown, %zu refused; %zu crashes, %zu kills, %zu pauses, %zu "
      "partitions, %zu elections, %zu snapshots installed, %zu repairs; %.1f simulated s, hash "
      "%016llx\n",
      static_cast<unsigned long long>(seed), report.done, report.unknown, report.refused,
      report.crashes, report.kills, report.pauses, report.partitions, report.elections,
      report.snapshots_installed, report.repairs,
      static_cast<double>(report.simulated.count()) / 1e6,
      static_cast<unsigned long long>(report.hash));
}

// What all runs met together; a sweep in which something was never met has shown nothing about it.
struct Met {
  std::size_t unknown = 0;
  std::size_t crashes = 0;
  std::size_t kills = 0;
  std::size_t pauses = 0;
  std::size_t partitions = 0;
  std::size_t snapshots = 0;
  std::size_t repairs = 0;

  void add(const ClusterReport& report) {
    unknown += report.unknown;
    crashes += report.crashes;
    kills += report.kills;
    pauses += report.pauses;
    partitions += report.partitions;
    snapshots += report.snapshots_installed;
    repairs += report.repairs;
  }
  [[nodiscard]] std::string never() const {
    std::string names;
    const auto name = [&names](std::size_t count, const char* what) {
      if (count == 0) {
        names += names.empty() ? what : std::string{", "} + what;
      }
    };
    name(unknown, "unknown outcomes");
    name(crashes, "crashes");
    name(kills, "kills");
    name(pauses, "pauses");
    name(partitions, "partitions");
    name(snapshots, "snapshots installed");
    name(repairs, "repairs");
    return names;
  }
};

class Sweep {
 public:
  Sweep(const Arguments& arguments, std::uint64_t first, std::uint64_t last)
      : arguments_(arguments), first_(first), last_(last), next_(first) {}

  int run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1U, arguments_.jobs); ++i) {
      threads.emplace_back([this] { work(); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    if (shown_) {
      std::fputs("\r\033[K", stderr);
    }
    const std::uint64_t seeds = last_ - first_ + 1;
    const std::string never = met_.never();
    const bool too_little = !arguments_.calm && seeds >= kFewSeeds && !never.empty();
    if (!never.empty() && !arguments_.calm) {
      std::printf("never met%s: %s\n", too_little ? "" : " (and so few seeds need not)",
                  never.c_str());
    }
    std::printf("%llu histories of %zu operations in %.0f s\n",
                static_cast<unsigned long long>(seeds), arguments_.operations,
                std::chrono::duration<double>(Clock::now() - began_).count());
    const std::uint64_t failed = failed_ + (too_little ? 1 : 0);
    std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(seeds - failed_),
                static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
  }

 private:
  // One seed in a hundred is run twice, and must be the same run.
  static constexpr std::uint64_t kTwice = 100;

  void work() {
    for (std::uint64_t seed = next_++; seed <= last_; seed = next_++) {
      const ClusterSetup setup = setup_of(arguments_, seed);
      ClusterReport report = run_cluster(setup);
      if (report.wrong.empty() && seed % kTwice == 0 && run_cluster(setup).hash != report.hash) {
        report.wrong = "the same seed was another run the second time";
      }
      // Against empty victories.
      if (report.wrong.empty() && report.done * 10 < setup.operations * 3) {
        report.wrong = "too little was done to show anything";
      }
      note(report, seed);
    }
  }

  void note(const ClusterReport& report, std::uint64_t seed) {
    const std::lock_guard hold{mutex_};
    met_.add(report);
    ++done_;
    if (!report.wrong.empty()) {
      ++failed_;
      print(report, seed);
      std::printf("WRONG: %s\nto see it again: quorate cluster --seed %llu\n", report.wrong.c_str(),
                  static_cast<unsigned long long>(seed));
    }
    if (isatty(STDERR_FILENO) != 0) {
      const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
      const double rate = static_cast<double>(done_) / std::max(elapsed, 1e-3);
      std::fprintf(stderr, "\r\033[K%llu of %llu seeds, %llu failed, %.0f s left",
                   static_cast<unsigned long long>(done_),
                   static_cast<unsigned long long>(last_ - first_ + 1),
                   static_cast<unsigned long long>(failed_),
                   static_cast<double>(last_ - first_ + 1 - done_) / rate);
      shown_ = true;
    }
  }

  const Arguments& arguments_;
  std::uint64_t first_;
  std::uint64_t last_;
  std::atomic<std::uint64_t> next_;
  std::mutex mutex_;
  Met met_;
  std::uint64_t done_ = 0;
  std::uint64_t failed_ = 0;
  bool shown_ = false;
  Clock::time_point began_ = Clock::now();
};

std::optional<std::pair<std::uint64_t, std::uint64_t>> range_of(const std::string& text) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const char* end = text.data() + text.size();
  const auto one = std::from_chars(text.data(), end, first);
  if (one.ec != std::errc{} || end - one.ptr < 3 || one.ptr[0] != '.' || one.ptr[1] != '.') {
    return std::nullopt;
  }
  const auto two = std::from_chars(one.ptr + 2, end, last);
  return two.ec == std::errc{} && two.ptr == end && first <= last
             ? std::optional{std::pair{first, last}}
             : std::nullopt;
}

int run_one(const Arguments& arguments) {
  const ClusterReport report = run_cluster(setup_of(arguments, arguments.seed));
  print(report, arguments.seed);
  std::puts(report.wrong.empty() ? "all is well" : ("WRONG: " + report.wrong).c_str());
  return report.wrong.empty() ? 0 : 1;
}

int run(const Arguments& arguments) {
  if (arguments.seeds.empty()) {
    return run_one(arguments);
  }
  const auto range = range_of(arguments.seeds);
  if (!range) {
    std::fprintf(stderr, "quorate cluster: --seeds '%s': give a range, such as 1..500\n",
                 arguments.seeds.c_str());
    return 2;
  }
  return Sweep{arguments, range->first, range->second}.run();
}

}  // namespace

void add_cluster_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "cluster", "Simulate whole nodes on machines with faults, and check what clients saw");
  CLI::Option* seeds =
      command->add_option("--seeds", arguments->seeds, "A sweep over these: FIRST..LAST");
  command->add_option("--seed", arguments->seed, "One run, described")->excludes(seeds);
  command
      ->add_option("--nodes", arguments->nodes, "Machines (three, and five for every third seed)")
      ->check(CLI::Range(1, 9));
  command->add_option("--operations", arguments->operations, "Of all clients of a run together")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--jobs", arguments->jobs, "Threads of a sweep; each seed runs on one")
      ->check(CLI::Range(1, 64));
  command->add_flag("--calm", arguments->calm, "Without faults");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace quorate::cli
