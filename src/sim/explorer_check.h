// One bound checked: the search of its states, and what it found as a text that can be replayed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/bounds.h"
#include "sim/explorer.h"
#include "sim/step.h"

namespace quorate::sim {

struct Verdict {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;
  std::uint64_t widest = 0;
  bool exhausted = false;
  std::optional<std::string> violation;
  std::vector<Step> steps;  // from a new stage to the violation, the prelude included
  std::string
      transcript;  // the same as the transcript runner reads it; empty where nothing is violated
};

// An error where the bound's own prelude does not work any more.
Result<Verdict> check_bound(const Bound& bound, Size size, SearchLimits limits = {},
                            SearchPulse* pulse = nullptr);

}  // namespace quorate::sim
