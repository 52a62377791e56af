// `quorate bench`: what the runtime costs on this machine, measured. And `quorate bench-member`,
// the process that it starts three times.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/member.h"
#include "bench/trio.h"
#include "cli/commands.h"

namespace quorate::cli {
namespace {

using bench::short_number;
using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted{false};

// The first asks for an orderly end, in which members and directories go; the second is the
// system's.
void ask_to_end(int number) {
  interrupted.store(true);
  std::signal(number, SIG_DFL);
}

struct Common {
  std::string directory = "/var/tmp";
  bool json = false;
};

// A line on the terminal that is written over; nothing in a pipe.
class Progress {
 public:
  void show(const std::string& now, std::size_t done, std::size_t all) {
    if (isatty(STDERR_FILENO) == 0) {
      return;
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - began_).count();
    std::string left;
    if (done > 0 && all > done) {
      left = ", " +
             std::to_string(static_cast<int>(elapsed / static_cast<double>(done) *
                                             static_cast<double>(all - done))) +
             " s left";
    }
    std::fprintf(stderr, "\r\033[K%zu of %zu: %s%s", done, all, now.c_str(), left.c_str());
    shown_ = true;
  }
  void clear() {
    if (shown_) {
      std::fputs("\r\033[K", stderr);
      shown_ = false;
    }
  }

 private:
  Clock::time_point began_ = Clock::now();
  bool shown_ = false;
};

// Runs one benchmark: `body` is given the setting, and `print` is what it says results with.
template <class Body>
int run(const char* name, const Common& common, Body body) {
  std::error_code unknown;
  if (!std::filesystem::is_directory(common.directory, unknown)) {
    std::fprintf(stderr,
                 "quorate bench %s: --dir %s is no directory; name one on the disk that is to "
                 "be measured\n",
                 name, common.directory.c_str());
    return 2;
  }
  if (bench::is_in_memory(common.directory)) {
    std::fprintf(stderr,
                 "quorate bench %s: %s lies in memory, so these are figures without a disk; --dir "
                 "names another place\n",
                 name, common.directory.c_str());
  }
  std::signal(SIGINT, ask_to_end);
  std::signal(SIGTERM, ask_to_end);
  std::signal(SIGPIPE, SIG_IGN);
  Progress progress;
  const bench::Setting setting{common.directory, &interrupted,
                               [&progress](const std::string& now, std::size_t done,
                                           std::size_t all) { progress.show(now, done, all); }};
  const Result<void> done = body(setting, progress);
  progress.clear();
  if (!done) {
    std::fprintf(stderr, "quorate bench %s: %s\n", name, done.error().message.c_str());
    return 1;
  }
  return 0;
}

void print_line(Progress& progress, const std::string& line) {
  progress.clear();
  std::puts(line.c_str());
  std::fflush(stdout);
}

CLI::App* add_benchmark(CLI::App& bench, const char* name, const char* what, Common& common) {
  CLI::App* command = bench.add_subcommand(name, what);
  command
      ->add_option("--dir", common.directory,
                   "Where directories are made for the time of the run: on a real disk")
      ->capture_default_str();
  command->add_flag("--json", common.json, "One JSON object a line");
  return command;
}

// ---- node

struct NodeArguments {
  Common common;
  bench::NodeWork work;
  double seconds = 1;
  bool no_floor = false;
};

std::string times(double ours, double floors) {
  return floors > 0 ? short_number(ours / floors) : "-";
}

void print_node(const bench::NodeResult& result) {
  const bench::Figures& node = result.node;
  std::printf("%6u B %6u  %8s/s %8s %8s %8s  %7s %7s", result.payload, result.outstanding,
              short_number(node.rate).c_str(), short_number(node.p50_us).c_str(),
              short_number(node.p99_us).c_str(), short_number(node.p999_us).c_str(),
              short_number(node.cpu_us_per_op).c_str(), short_number(node.ops_per_fsync).c_str());
  if (result.floor) {
    const bench::Figures& floor = *result.floor;
    std::printf("  | %8s/s %8s %7s | %5s %5s %5s", short_number(floor.rate).c_str(),
                short_number(floor.p50_us).c_str(), short_number(floor.cpu_us_per_op).c_str(),
                times(node.rate, floor.rate).c_str(), times(node.p50_us, floor.p50_us).c_str(),
                times(node.cpu_us_per_op, floor.cpu_us_per_op).c_str());
  }
  std::puts("");
  std::fflush(stdout);
}

void print_node_head(bool floor) {
  std::printf("%8s %6s  %10s %8s %8s %8s  %7s %7s%s\n", "payload", "depth", "rate", "p50 us",
              "p99 us", "p99.9", "CPU us", "op/sync",
              floor ? "  |  floor rate   p50 us  CPU us |  rate   p50   CPU" : "");
}

int run_node(NodeArguments& arguments) {
  bench::NodeWork& work = arguments.work;
  work.length = Duration{static_cast<std::int64_t>(arguments.seconds * 1e6)};
  work.floor = !arguments.no_floor;
  const bool json = arguments.common.json;
  return run("node", arguments.common, [&](const bench::Setting& setting, Progress& progress) {
    if (!json) {
      print_node_head(work.floor);
    }
    return bench::bench_node(setting, work, [&](const bench::NodeResult& result) {
      progress.clear();
      json ? print_line(progress, bench::json(result)) : print_node(result);
    });
  });
}

void add_node(CLI::App& bench, int& exit_code) {
  const auto arguments = std::make_shared<NodeArguments>();
  CLI::App* command =
      add_benchmark(bench, "node", "One group on three processes under load, beside the floor",
                    arguments->common);
  command->footer(
      "The floor is what disk and loopback alone cost for two durable copies of three. Its "
      "figures\n"
      "stand to the right, and then ours as multiples of them. CPU is that of all three "
      "processes.");
  command->add_option("--payload", arguments->work.payloads, "Bytes of a command")
      ->check(CLI::Range(4, 1 << 20))
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--outstanding", arguments->work.outstanding, "Proposals that wait at any time")
      ->check(CLI::Range(1, 50'000))
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--seconds", arguments->seconds, "Of each round")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--rounds", arguments->work.rounds, "Of which the median counts")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  command->add_flag("--no-floor", arguments->no_floor, "The node alone");
  command->callback([arguments, &exit_code] { exit_code = run_node(*arguments); });
}

// ---- recover and failover

struct RecoverArguments {
  Common common;
  bench::RecoverWork work;
};

struct FailoverArguments {
  Common common;
  bench::FailoverWork work;
  double minutes = 1;
};

// Findings are printed as they come.
bench::Find printer(const Common& common, Progress& progress) {
  return [&common, &progress](const bench::Finding& found) {
    print_line(progress, common.json ? found.json.text() : found.text);
  };
}

void add_recover(CLI::App& bench, int& exit_code) {
  const auto arguments = std::make_shared<RecoverArguments>();
  CLI::App* command = add_benchmark(
      bench, "recover",
      "Restart with a long log, and catch-up of an empty member by log and by snapshot",
      arguments->common);
  command->footer(
      "ready_s: until the process has read its directory; seconds: until it has applied "
      "everything.");
  command->add_option("--entries", arguments->work.entries, "In the log")
      ->check(CLI::Range(1000, 1'000'000'000))
      ->capture_default_str();
  command->add_option("--payload", arguments->work.payload, "Bytes of a command")
      ->check(CLI::Range(4, 1 << 20))
      ->capture_default_str();
  command->callback([arguments, &exit_code] {
    exit_code =
        run("recover", arguments->common, [&](const bench::Setting& setting, Progress& progress) {
          return bench::bench_recover(setting, arguments->work,
                                      printer(arguments->common, progress));
        });
  });
}

void add_failover(CLI::App& bench, int& exit_code) {
  const auto arguments = std::make_shared<FailoverArguments>();
  CLI::App* command = add_benchmark(bench, "failover",
                                    "How long nothing commits when the leader is killed or "
                                    "stopped; and that nobody else is elected",
                                    arguments->common);
  command->footer(
      "Default timings. Connections that are reset, and full load, must elect nobody; elections "
      "under\n"
      "load count against the node only where the machine itself did not stall.");
  command->add_option("--times", arguments->work.times, "The leader is killed, and stopped")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--resets", arguments->work.resets, "Of all connections of a member")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--minutes", arguments->minutes, "Of full load")
      ->check(CLI::Range(0.01, 1440.0))
      ->capture_default_str();
  command->callback([arguments, &exit_code] {
    arguments->work.load = Duration{static_cast<std::int64_t>(arguments->minutes * 60e6)};
    exit_code =
        run("failover", arguments->common, [&](const bench::Setting& setting, Progress& progress) {
          return bench::bench_failover(setting, arguments->work,
                                       printer(arguments->common, progress));
        });
  });
}

// ---- groups

struct GroupsArguments {
  Common common;
  bench::GroupsWork work;
  double busy = 3;
  double idle = 60;
};

void add_groups(CLI::App& bench, int& exit_code) {
  const auto arguments = std::make_shared<GroupsArguments>();
  CLI::App* command =
      add_benchmark(bench, "groups", "Many groups on three processes: idle, busy, and one killed",
                    arguments->common);
  command->footer("Idle figures are those of the process that uses most.");
  command->add_option("--groups", arguments->work.groups, "How many")
      ->check(CLI::Range(1, 1'000'000))
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--busy", arguments->busy, "Seconds of load")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--idle", arguments->idle, "Seconds without any")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->callback([arguments, &exit_code] {
    arguments->work.busy = Duration{static_cast<std::int64_t>(arguments->busy * 1e6)};
    arguments->work.idle = Duration{static_cast<std::int64_t>(arguments->idle * 1e6)};
    exit_code =
        run("groups", arguments->common, [&](const bench::Setting& setting, Progress& progress) {
          return bench::bench_groups(setting, arguments->work,
                                     printer(arguments->common, progress));
        });
  });
}

// ---- A member

struct MemberArguments {
  std::uint64_t id = 0;
  std::string directory;
  std::string members;
  std::uint64_t snapshot_bytes = 0;
  std::int64_t quiesce_us = 0;
  std::string listen;
  std::uint32_t segment_bytes = wal::Options{}.segment_bytes;
};

// Where the one who drives it is gone there is nobody to be orderly for.
int run_member(const MemberArguments& arguments) {
  const auto members = bench::parse_members(arguments.members);
  if (!members) {
    std::fprintf(stderr, "quorate bench-member: %s\n", members.error().message.c_str());
    return 2;
  }
  const auto listen = arguments.listen.empty() ? Result<env::Address>{env::Address{}}
                                               : env::Address::parse(arguments.listen);
  if (!listen) {
    std::fprintf(stderr, "quorate bench-member: %s\n", listen.error().message.c_str());
    return 2;
  }
  constexpr ClusterId kCluster{0xbe9c4};
  auto member = bench::MemberProcess::open({.id = NodeId{arguments.id},
                                            .cluster = kCluster,
                                            .directory = arguments.directory,
                                            .members = members.value(),
                                            .snapshot_bytes = arguments.snapshot_bytes,
                                            .quiesce_after = Duration{arguments.quiesce_us},
                                            .listen = listen.value(),
                                            .segment_bytes = arguments.segment_bytes});
  if (!member) {
    std::fprintf(stderr, "quorate bench-member: %s\n", member.error().message.c_str());
    return 1;
  }
  member.value()->run(STDIN_FILENO, STDOUT_FILENO);
  std::_Exit(0);
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("bench", "Measure the runtime on this machine");
  command->require_subcommand(1);
  add_node(*command, exit_code);
  add_groups(*command, exit_code);
  add_recover(*command, exit_code);
  add_failover(*command, exit_code);
}

void add_bench_member_command(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<MemberArguments>();
  CLI::App* command = app.add_subcommand("bench-member", "A member, driven by lines");
  command->group("");  // is in no help: `quorate bench` starts it
  command->add_option("--id", arguments->id)->required();
  command->add_option("--dir", arguments->directory)->required();
  command->add_option("--members", arguments->members)->required();
  command->add_option("--snapshot-bytes", arguments->snapshot_bytes);
  command->add_option("--quiesce-us", arguments->quiesce_us);
  command->add_option("--listen", arguments->listen);
  command->add_option("--segment-bytes", arguments->segment_bytes);
  command->callback([arguments, &exit_code] { exit_code = run_member(*arguments); });
}

}  // namespace quorate::cli
