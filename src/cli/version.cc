#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"

namespace quorate::cli {

void add_version_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version of this binary");
  command->callback([&exit_code] {
    std::cout << "quorate " << QUORATE_VERSION << '\n';
    exit_code = 0;
  });
}

}  // namespace quorate::cli
