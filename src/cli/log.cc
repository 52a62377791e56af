// `quorate log`: what a node's directory holds, and whether it is whole.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "env/posix/files.h"
#include "wal/report.h"

namespace quorate::cli {
namespace {

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

int complain(const Error& error) {
  std::fprintf(stderr, "quorate log: %s\n", error.message.c_str());
  return error.code == ErrorCode::kNotFound ? 2 : 1;
}

int dump(const std::string& directory) {
  env::PosixFiles files;
  const auto done = wal::dump(files, directory, say);
  return done ? 0 : complain(done.error());
}

int verify(const std::string& directory) {
  env::PosixFiles files;
  const auto whole = wal::verify(files, directory, say);
  if (!whole) {
    return complain(whole.error());
  }
  return whole.value() ? 0 : 1;
}

}  // namespace

void add_log_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("log", "Look into a node's directory; changes nothing");
  command->require_subcommand(1);
  command->footer(
      "Exit code 0: all of it is whole (a torn tail, which was never durable, is no damage).\n"
      "1: something is broken; the lines say where. 2: there is no such directory.");
  auto directory = std::make_shared<std::string>();
  const auto add = [&](const char* name, const char* help, int (*run)(const std::string&)) {
    CLI::App* verb = command->add_subcommand(name, help);
    verb->add_option("DIR", *directory, "The node's directory")->required();
    verb->callback([directory, run, &exit_code] { exit_code = run(*directory); });
  };
  add("dump", "Every batch and record, a line each", dump);
  add("verify", "Check every byte that matters, and say where it is broken", verify);
}

}  // namespace quorate::cli
