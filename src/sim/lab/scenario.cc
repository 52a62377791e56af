#include "sim/lab/scenario.h"

#include <algorithm>
#include <cctype>
#include <exception>

namespace quorate::lab {
namespace {

std::string lowered(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return result;
}

}  // namespace

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> all = election_scenarios();
  for (const auto& part : {agreement_scenarios(), persistence_scenarios(), snapshot_scenarios()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::vector<Scenario> select_scenarios(std::string_view filter) {
  const std::string wanted = lowered(filter);
  std::vector<Scenario> exact;
  std::vector<Scenario> holding;
  for (const Scenario& scenario : all_scenarios()) {
    const std::string name = lowered(scenario.name);
    if (name == wanted) {
      exact.push_back(scenario);
    }
    if (name.find(wanted) != std::string::npos) {
      holding.push_back(scenario);
    }
  }
  return exact.empty() ? holding : exact;
}

Outcome play(const Scenario& scenario, Cluster& cluster, std::uint64_t seed) {
  Outcome outcome;
  Tester tester{cluster, seed};
  try {
    Task<> task = scenario.play(tester);
    task.start();
    cluster.run(task);
    task.result();
    outcome.passed = true;
  } catch (const std::exception& problem) {
    outcome.reason = problem.what();
  }
  outcome.time = cluster.now() - Instant{};
  outcome.messages = cluster.rpc_total();
  outcome.bytes = cluster.bytes_total();
  outcome.commands = cluster.highest_applied().value();
  return outcome;
}

}  // namespace quorate::lab
