// The one binary. Each subcommand is a file of its own; here they are put together, and a command
// line that cannot be carried out is answered with what can.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

namespace {

constexpr const char* kFooter = R"(
Examples:
  quorate demo                                watch a small cluster live through a crash
  quorate sim --seed 7                        one simulated minute with faults, judged
  quorate sim --seed 7 --nodes 5 --for 10m    a longer one, of five nodes
  quorate sim --seeds 1..500 --jobs 2         a sweep; a failing seed is shrunk and printed

`quorate <subcommand> --help` says more about each.
)";

// How many letters must be added, dropped or changed to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

// Nothing when the first word names a subcommand or is an option; else what to say.
std::string complaint(const CLI::App& app, std::string_view word) {
  if (word.empty() || word.front() == '-') {
    return {};
  }
  std::string nearest;
  std::size_t least = word.size();
  std::string all;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string& name = command->get_name();
    if (name == word) {
      return {};
    }
    if (command->get_group().empty()) {
      continue;  // is no command for people
    }
    all += all.empty() ? name : ", " + name;
    if (const std::size_t far = distance(word, name); far < least) {
      least = far;
      nearest = name;
    }
  }
  std::string text = "quorate: there is no subcommand '" + std::string{word} + "'; ";
  if (least <= 2) {
    return text + "did you mean '" + nearest + "'?";
  }
  return text + "there are " + all;
}

int run(int argc, char** argv) {
  using namespace quorate::cli;
  CLI::App app{"Quorate: consensus for C++."};
  app.name("quorate");
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  int exit_code = 0;
  add_demo_command(app, exit_code);
  add_sim_command(app, exit_code);
  add_lab_command(app, exit_code);
  add_cluster_command(app, exit_code);
  add_check_command(app, exit_code);
  add_log_command(app, exit_code);
  add_bench_command(app, exit_code);
  add_bench_member_command(app, exit_code);
  add_version_command(app, exit_code);

  if (argc > 1) {
    if (const std::string text = complaint(app, argv[1]); !text.empty()) {
      std::cerr << text << "\nRun `quorate --help` for what each does.\n";
      return 2;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (app.get_subcommands().empty()) {
    std::cout << app.help();
  }
  return exit_code;
}

// Batches of some hundred KiB come and go all the time. By default glibc gives such memory back to
// the system as soon as it is free, and fetches it again page by page: a sixth of the system calls
// of a loaded node, each of them an interruption of all its threads.
void keep_freed_memory() {
  constexpr int kKept = 64 << 20;
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kKept / 2);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "quorate: " << error.what() << '\n';
    return 1;
  }
}
