// `quorate sim`: simulated runs from seeds; one in detail, or many in a sweep. A failing one is
// shrunk, and printed as a transcript that `--replay` plays again.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cli/commands.h"
#include "sim/shrink.h"
#include "sim/simulation_sweep.h"

namespace quorate::cli {

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kShrinkBudget{60};
constexpr std::uint64_t kFewSeeds = 10;  // fewer cannot be expected to meet everything

struct SimOptions {
  std::uint64_t seed = 1;
  std::string seeds;
  std::uint32_t nodes = 0;
  std::string length = "1m";
  std::uint32_t rate = 100;
  unsigned jobs = 1;
  bool trace = false;
  bool json = false;
  bool hash = false;
  bool calm = false;
  std::string replay;
  std::string output;
};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f %%", share * 100);
  return text;
}

std::string command_of(const SimOptions& options, std::uint64_t seed) {
  std::string command = "quorate sim --seed " + std::to_string(seed);
  if (options.nodes != 0) {
    command += " --nodes " + std::to_string(options.nodes);
  }
  command += " --for " + options.length;
  if (options.rate != 100) {
    command += " --rate " + std::to_string(options.rate);
  }
  return command + (options.calm ? " --calm" : "");
}

void print_counts(const std::vector<sim::Counted>& counts) {
  int column = 0;
  for (const sim::Counted& one : counts) {
    std::printf("  %-24s%10llu%s", std::string{one.name}.c_str(),
                static_cast<unsigned long long>(one.count), ++column % 2 == 0 ? "\n" : "  ");
  }
  std::printf("%s", column % 2 == 0 ? "" : "\n");
}

void print_summary(const sim::RunResult& result, double seconds) {
  const auto& tally = result.tally;
  const double simulated = static_cast<double>(tally.simulated.count()) / 1e6;
  std::printf("seed %llu, %u voters: %s\n", static_cast<unsigned long long>(result.seed),
              result.nodes, sim::describe(result.outcome));
  std::printf("  %.1f s simulated in %.2f s (%.0f a second), %llu steps, %llu messages\n",
              simulated, seconds, simulated / seconds,
              static_cast<unsigned long long>(tally.world.steps),
              static_cast<unsigned long long>(tally.world.messages));
  std::printf("  %llu operations, %s succeeded; all agreed %lld ms after the faults ended\n",
              static_cast<unsigned long long>(tally.clients.begun),
              percent(result.success_rate()).c_str(),
              static_cast<long long>(tally.convergence.count() / 1000));
  print_counts(sim::counted(tally));
  std::printf("  hash %016llx\n", static_cast<unsigned long long>(result.hash));
}

void print_json(const sim::RunResult& result) {
  const auto& tally = result.tally;
  std::string failure;
  for (const char letter : result.failure) {
    if (letter == '"' || letter == '\\') {
      failure += '\\';
    }
    failure += letter == '\n' ? ' ' : letter;
  }
  std::printf(
      "{\"seed\":%llu,\"nodes\":%u,\"outcome\":\"%s\",\"failure\":\"%s\",\"hash\":\"%016llx\"",
      static_cast<unsigned long long>(result.seed), result.nodes, sim::describe(result.outcome),
      failure.c_str(), static_cast<unsigned long long>(result.hash));
  std::printf(",\"simulated_ms\":%lld,\"convergence_ms\":%lld,\"steps\":%llu,\"messages\":%llu",
              static_cast<long long>(tally.simulated.count() / 1000),
              static_cast<long long>(tally.convergence.count() / 1000),
              static_cast<unsigned long long>(tally.world.steps),
              static_cast<unsigned long long>(tally.world.messages));
  std::printf(",\"operations\":%llu,\"succeeded\":%llu,\"counts\":{",
              static_cast<unsigned long long>(tally.clients.begun),
              static_cast<unsigned long long>(tally.clients.succeeded));
  const char* comma = "";
  for (const sim::Counted& one : sim::counted(tally)) {
    std::printf("%s\"%s\":%llu", comma, std::string{one.name}.c_str(),
                static_cast<unsigned long long>(one.count));
    comma = ",";
  }
  std::printf("}}\n");
}

// Shrinks within the budget, and leaves a file that replays.
void shrink_and_print(const SimOptions& options, sim::RunOptions run) {
  run.record = true;
  run.trace = {};
  sim::RunResult recorded = sim::simulate(run);
  sim::Script script{recorded.setup, std::move(recorded.steps)};
  if (!sim::replay(script).violation) {
    std::printf(
        "  (nothing to shrink: no single step breaks a rule. With --trace you see the run.)\n");
    return;
  }
  const auto start = SteadyClock::now();
  const bool terminal = isatty(STDERR_FILENO) != 0;
  sim::ShrinkLimits limits;
  limits.out_of_time = [&] { return SteadyClock::now() - start > kShrinkBudget; };
  limits.progress = [&](std::size_t steps, std::uint64_t replays) {
    if (terminal) {
      std::fprintf(stderr, "\r\033[Kshrinking: %zu steps left, %llu replays, %.0f s", steps,
                   static_cast<unsigned long long>(replays), seconds_since(start));
    }
  };
  const sim::Shrunk shrunk = sim::shrink(std::move(script), limits);
  if (terminal) {
    std::fprintf(stderr, "\r\033[K");
  }
  const std::string comment =
      "found by: " + command_of(options, run.seed) + "\nviolation: " + shrunk.violation;
  const std::string text = sim::to_text(shrunk.script, comment);
  std::printf(
      "\n  %zu steps shrunk to %zu in %.1f s (%s):\n\n%s\n", shrunk.from,
      shrunk.script.steps.size(), seconds_since(start),
      shrunk.minimal ? "none of them can be left out" : "time ran out, it may not be minimal",
      text.c_str());
  std::string path = options.output;
  if (path.empty()) {
    path = "sim-" + std::to_string(run.seed) + ".transcript";
  }
  if (std::ofstream{path} << text) {
    std::printf("  replay it with: quorate sim --replay %s\n", path.c_str());
  } else {
    std::printf("  %s cannot be written; save the text above and give it to quorate sim --replay\n",
                path.c_str());
  }
}

void print_failure(const SimOptions& options, const sim::RunResult& result) {
  std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(result.seed),
              sim::describe(result.outcome), result.failure.c_str());
  std::printf("  run it again with: %s\n", command_of(options, result.seed).c_str());
}

int run_one(const SimOptions& options, sim::RunOptions run) {
  if (options.trace) {
    run.trace = [](const std::string& line) { std::puts(line.c_str()); };
    run.trace_format = options.json ? TraceFormat::kJson : TraceFormat::kText;
  }
  const auto start = SteadyClock::now();
  const sim::RunResult result = sim::simulate(run);
  const double seconds = seconds_since(start);
  if (options.hash) {
    std::printf("%016llx\n", static_cast<unsigned long long>(result.hash));
  } else if (options.json) {
    print_json(result);
  } else {
    print_summary(result, seconds);
  }
  if (result.passed()) {
    return 0;
  }
  if (!options.json && !options.hash) {
    print_failure(options, result);
    shrink_and_print(options, run);
  }
  return 1;
}

// One line on a terminal, written over and over; nothing in a pipe.
class Progress {
 public:
  explicit Progress(std::uint64_t all) : all_(all), terminal_(isatty(STDERR_FILENO) != 0) {}

  void show(std::uint64_t done, std::uint64_t failed, double simulated) {
    if (!terminal_) {
      return;
    }
    const double seconds = seconds_since(start_);
    const double left = seconds / static_cast<double>(done) * static_cast<double>(all_ - done);
    std::fprintf(stderr, "\r\033[K%llu of %llu seeds, %llu failed, %.0f simulated s/s, %.0f s left",
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(all_),
                 static_cast<unsigned long long>(failed), simulated / seconds, left);
  }
  void clear() const {
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K");
    }
  }
  [[nodiscard]] double seconds() const { return seconds_since(start_); }

 private:
  std::uint64_t all_;
  bool terminal_;
  SteadyClock::time_point start_ = SteadyClock::now();
};

// A rule that a whole sweep must keep, said as one failure more.
std::uint64_t print_never(const sim::SweepResult& result, std::uint64_t seeds, bool calm) {
  const auto never = result.never();
  if (never.empty() || calm) {
    return 0;
  }
  std::string names;
  for (const std::string_view name : never) {
    names += (names.empty() ? "" : ", ") + std::string{name};
  }
  if (seeds < kFewSeeds) {
    std::printf("never met (and so few seeds need not): %s\n", names.c_str());
    return 0;
  }
  std::printf("never met in %llu seeds, so that nothing is shown about it: %s\n",
              static_cast<unsigned long long>(seeds), names.c_str());
  return 1;
}

int run_sweep(const SimOptions& options, const sim::RunOptions& run, std::uint64_t first,
              std::uint64_t last) {
  const std::uint64_t seeds = last - first + 1;
  Progress progress{seeds};
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double simulated = 0;
  sim::SweepOptions sweep;
  sweep.each = run;
  sweep.first = first;
  sweep.last = last;
  sweep.jobs = std::max(1U, options.jobs);
  sweep.done = [&](const sim::RunResult& result) {
    ++done;
    failed += result.passed() ? 0 : 1;
    simulated += static_cast<double>(result.tally.simulated.count()) / 1e6;
    if (!result.passed()) {
      progress.clear();
      print_failure(options, result);
      std::fflush(stdout);
    }
    progress.show(done, failed, simulated);
    return failed < 10;  // more would only repeat it
  };
  const sim::SweepResult result = sim::sweep(sweep);
  progress.clear();
  std::printf("%llu seeds, %.0f simulated seconds in %.0f s (%.0f a second), %llu run twice\n",
              static_cast<unsigned long long>(done), simulated, progress.seconds(),
              simulated / progress.seconds(), static_cast<unsigned long long>(result.run_twice));
  print_counts(result.counted);
  if (!result.failures.empty()) {
    sim::RunOptions again = run;
    again.seed = result.failures.front().seed;
    print_failure(options, result.failures.front());
    shrink_and_print(options, again);
  }
  const std::uint64_t all_failed = result.failed + print_never(result, seeds, options.calm);
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(result.passed),
              static_cast<unsigned long long>(all_failed));
  return all_failed == 0 ? 0 : 1;
}

int run_replay(const std::string& path, bool trace) {
  std::ifstream file{path};
  if (!file) {
    std::cerr << "quorate sim: " << path << " cannot be read; give --replay a file that a failing "
              << "run has left\n";
    return 2;
  }
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const Result<sim::Script> script = sim::parse_script(text);
  if (!script) {
    std::cerr << "quorate sim: " << path << ": " << script.error().message << '\n';
    return 2;
  }
  sim::Stage::Sink sink;
  if (trace) {
    sink = [](const std::string& line) { std::puts(line.c_str()); };
  }
  const sim::Replayed replayed = sim::replay(script.value(), sink);
  if (replayed.violation) {
    std::printf("violation after %zu steps: %s\n", replayed.taken, replayed.violation->c_str());
    return 1;
  }
  std::printf("%zu steps, no violation (%zu of them meant nothing)\n", replayed.taken,
              replayed.without_effect);
  return 0;
}

// `3..20`; nothing where it is not that.
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    return std::nullopt;
  }
  const auto first = sim::parse_number(text.substr(0, dots));
  const auto last = sim::parse_number(text.substr(dots + 2));
  if (!first || !last || *first > *last) {
    return std::nullopt;
  }
  return std::pair{*first, *last};
}

int complain(const std::string& what) {
  std::cerr << "quorate sim: " << what << '\n';
  return 2;
}

int run(const SimOptions& options) {
  if (!options.replay.empty()) {
    return run_replay(options.replay, options.trace);
  }
  const auto length = sim::parse_duration(options.length);
  if (!length || length.value() < std::chrono::seconds{1}) {
    return complain("--for '" + options.length + "': give at least a second, such as 30s or 10m");
  }
  if (options.nodes > 32) {
    return complain("--nodes " + std::to_string(options.nodes) + ": at most 32");
  }
  sim::RunOptions run;
  run.seed = options.seed;
  run.nodes = options.nodes;
  run.length = length.value();
  run.operations_per_second = options.rate;
  run.faults = !options.calm;
  if (options.seeds.empty()) {
    return run_one(options, run);
  }
  const auto range = parse_range(options.seeds);
  if (!range) {
    return complain("--seeds '" + options.seeds + "': give a range, such as 1..500");
  }
  return run_sweep(options, run, range->first, range->second);
}

constexpr const char* kFooter = R"(
A run ends when its faults are over and the nodes agree again. It fails when a rule is broken at
any step, when a client saw what it must not, when agreement takes longer than ten election
timeouts, or when fewer than 30 % of the operations succeed. docs/simulator.md says more.

Examples:
  quorate sim --seed 7 --nodes 5 --for 10m
  quorate sim --seed 7 --trace | less          every event, one aligned line each
  quorate sim --seeds 1..500 --jobs 2
  quorate sim --replay sim-7.transcript --trace
)";

}  // namespace

void add_sim_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SimOptions>();
  CLI::App* command =
      app.add_subcommand("sim", "Simulate groups with faults, from seeds, and judge them");
  command->footer(kFooter);
  command->add_option("--seed", options->seed, "Decides everything that happens in the run")
      ->capture_default_str();
  CLI::Option* seeds =
      command->add_option("--seeds", options->seeds, "A sweep over these: FIRST..LAST");
  command->add_option("--nodes", options->nodes,
                      "Voters at the start (unless given, the seed says)");
  command->add_option("--for", options->length, "Simulated time with faults: 30s, 10m")
      ->capture_default_str();
  command->add_option("--rate", options->rate, "Client operations a simulated second")
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "Threads of a sweep; each seed runs on one")
      ->needs(seeds)
      ->capture_default_str();
  command->add_flag("--trace", options->trace, "Print every event");
  command->add_flag("--json", options->json, "Summary and trace as JSON lines");
  command->add_flag("--hash", options->hash, "Print the run's hash, and nothing else");
  command->add_flag("--calm", options->calm, "No faults");
  command->add_option("--replay", options->replay, "Play the transcript of a failing run again");
  command->add_option("--output", options->output,
                      "Where a shrunk transcript goes (sim-SEED.transcript)");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace quorate::cli
