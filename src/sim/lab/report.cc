#include "sim/lab/report.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace quorate::lab {
namespace {

constexpr std::size_t kNameWidth = 27;  // the longest name
constexpr std::size_t kFailuresShown = 5;

constexpr std::array<Reference, 13> kReferences{{
    {"InitialElection", "3.5 / 58 / 16840", "3.6 / 42 / 13344", 58},
    {"ReElection", "5.4 / 118 / 25269", "4.5 / 68 / 13176", 118},
    {"ManyElections", "7.3 / 624 / 138014", "5.5 / 426 / 84637", 624},
    {"BasicAgree", "0.9 / 16 / 4572", "0.7 / 18 / 5451", 18},
    {"RPCBytes", "1.7 / 48 / 114536", "0.8 / 50 / 167117", 50},
    {"Backup", "17.2 / 2080 / 1587388", "5.0 / 1531 / 1111898", 2080},
    {"Count", "2.2 / 60 / 20119", "2.0 / 51 / 19607", 60},
    {"Persist2", "17.6 / 952 / 218854", "10.9 / 628 / 134856", 952},
    {"Figure8", "31.2 / 580 / 130675", "28.4 / 1050 / 261586", 1050},
    {"Figure8Unreliable", "33.6 / 10700 / 33695245", "28.4 / 3152 / 1567431", 10700},
    {"UnreliableChurn", "16.5 / 4220 / 6414632", "16.1 / 9696 / 22612103", 9696},
    {"SnapshotInstall", "64.2 / 878 / 320610", "31.3 / 1443 / 777178", 1443},
    {"SnapshotInstallUnCrash", "63.5 / 687 / 288294", "25.2 / 1456 / 1046812", 1456},
}};

std::string seconds_text(double seconds) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f", seconds);
  return buffer.data();
}

template <class Value>
Value median(const std::vector<Outcome>& outcomes, Value (*of)(const Outcome&)) {
  std::vector<Value> values;
  values.reserve(outcomes.size());
  std::ranges::transform(outcomes, std::back_inserter(values), of);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::string replay_command(const Runs& runs, std::size_t run, const Settings& settings) {
  std::string command = "build/quorate lab " + std::string{runs.scenario.name} + " --seed " +
                        std::to_string(runs.seed_of(run));
  command += settings.pre_vote ? " --pre-vote" : "";
  command += settings.empty_entry ? " --empty-entry" : "";
  return command;
}

}  // namespace

Medians medians(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) {
    return {};
  }
  Medians result;
  result.seconds = median<double>(
      outcomes, [](const Outcome& o) { return std::chrono::duration<double>(o.time).count(); });
  result.messages = median<std::uint64_t>(outcomes, [](const Outcome& o) { return o.messages; });
  result.bytes = median<std::uint64_t>(outcomes, [](const Outcome& o) { return o.bytes; });
  result.commands = median<std::uint64_t>(outcomes, [](const Outcome& o) { return o.commands; });
  return result;
}

std::string summary(const Runs& runs) {
  std::string line{runs.scenario.name};
  line.resize(std::max(line.size(), kNameWidth), ' ');
  line += runs.failed() == 0 ? " ... passed" : " ... FAILED";
  if (runs.outcomes.size() > 1) {
    const std::uint64_t shown = runs.failed() == 0 ? runs.passed() : runs.failed();
    line += " " + std::to_string(shown) + " of " + std::to_string(runs.outcomes.size());
  }
  const Medians middle = medians(runs.outcomes);
  line += "  " + seconds_text(middle.seconds) + "s " + std::to_string(runs.scenario.shape.peers) +
          " peers " + std::to_string(middle.messages) + " messages " +
          std::to_string(middle.bytes) + " bytes " + std::to_string(middle.commands) + " commands";
  return line;
}

std::vector<std::string> failures(const Runs& runs, const Settings& settings) {
  std::vector<std::string> lines;
  std::size_t shown = 0;
  for (std::size_t run = 0; run < runs.outcomes.size(); ++run) {
    if (runs.outcomes[run].passed || ++shown > kFailuresShown) {
      continue;
    }
    lines.push_back("  seed " + std::to_string(runs.seed_of(run)) + ": " +
                    runs.outcomes[run].reason);
    lines.push_back("    replay: " + replay_command(runs, run, settings) + " --trace");
  }
  if (shown > kFailuresShown) {
    lines.push_back("  and " + std::to_string(shown - kFailuresShown) + " more seeds");
  }
  return lines;
}

std::optional<Reference> reference_for(std::string_view scenario) {
  // The part of the course: a digit and a letter.
  const std::string_view test = scenario.substr(0, scenario.size() - 2);
  const auto* found = std::ranges::find(kReferences, test, &Reference::test);
  return found == kReferences.end() ? std::nullopt : std::optional{*found};
}

std::string table(const std::vector<Runs>& all) {
  std::string text =
      "| test | peers | Quorate: s / messages / bytes | course page | a good Go solution |\n"
      "|---|---|---|---|---|\n";
  for (const Runs& runs : all) {
    const Medians middle = medians(runs.outcomes);
    const auto reference = reference_for(runs.scenario.name);
    text += "| " + std::string{runs.scenario.name} + " | " +
            std::to_string(runs.scenario.shape.peers) + " | " + seconds_text(middle.seconds) +
            " / " + std::to_string(middle.messages) + " / " + std::to_string(middle.bytes) + " | " +
            std::string{reference ? reference->course : ""} + " | " +
            std::string{reference ? reference->go : ""} + " |\n";
  }
  return text;
}

}  // namespace quorate::lab
