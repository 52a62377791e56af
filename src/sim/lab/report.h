// What the lab suite prints: one line a scenario, the reasons of failures, and the table of the
// docs.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/runner.h"

namespace quorate::lab {

// The medians over the runs of one scenario (of an even number, the higher of the two in the
// middle).
struct Medians {
  double seconds = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t commands = 0;
};
Medians medians(const std::vector<Outcome>& outcomes);

// `ReElection2A ... passed  4.6s 3 peers 68 messages 13176 bytes 0 commands`; with several runs,
// how many of them passed, and medians.
std::string summary(const Runs& runs);
// For each failed run (the first few) its seed, the reason, and the command that replays it; empty
// where all passed.
std::vector<std::string> failures(const Runs& runs, const Settings& settings);
// Markdown: the medians beside the figures of a full run of the course's suite.
std::string table(const std::vector<Runs>& all);

// A full run as the course's page shows it, and a good solution in Go (lab suite, section 7).
struct Reference {
  std::string_view test;  // without the part of the course
  std::string_view course;
  std::string_view go;
  std::uint64_t most_messages;  // of the two
};
// Nothing where the page has no figures for the scenario.
std::optional<Reference> reference_for(std::string_view scenario);

}  // namespace quorate::lab
