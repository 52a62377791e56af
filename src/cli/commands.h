// The subcommands of the one binary. Each adds itself to the application, with its options and its
// help, and when it is chosen and has run, leaves the process's exit code in `exit_code`: 0 when
// all is well, 1 when what was asked for failed, 2 when the command line cannot be carried out.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace quorate::cli {

void add_sim_command(CLI::App& app, int& exit_code);
void add_lab_command(CLI::App& app, int& exit_code);
void add_check_command(CLI::App& app, int& exit_code);
void add_demo_command(CLI::App& app, int& exit_code);
void add_cluster_command(CLI::App& app, int& exit_code);
void add_log_command(CLI::App& app, int& exit_code);
void add_bench_command(CLI::App& app, int& exit_code);
void add_bench_member_command(CLI::App& app, int& exit_code);
void add_version_command(CLI::App& app, int& exit_code);

}  // namespace quorate::cli
