// Shrinking: from a run that ends in a violation to the shortest list of steps found that ends in
// the same one, and from which no single step can be left out. And the text form of such a list,
// which replays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/stage.h"
#include "sim/step.h"

namespace quorate::sim {

// A cluster and what happens to it.
struct Script {
  Stage::Setup setup;
  std::vector<Step> steps;
};

struct Replayed {
  std::optional<std::string> violation;
  std::size_t taken = 0;           // steps until the violation, it included, or all of them
  std::size_t without_effect = 0;  // steps that meant nothing when their turn came
};

// What counts as a violation of a whole stage: its own, or a stale read from a lease.
std::optional<std::string> violation_of(const Stage& stage);

Replayed replay(const Script& script, const Stage::Sink& trace = {});

// The same without the numbers in it: "n1 and n2 lead term 7" and "n3 and n1 lead term 5" are one
// kind of violation.
std::string kind_of(std::string_view violation);

struct Shrunk {
  Script script;
  std::string violation;  // of the short script; of the same kind as that of the long one
  std::size_t from = 0;   // steps at first
  std::uint64_t replays = 0;
  bool minimal = false;  // no single step can be left out; false only where time ran out
};

struct ShrinkLimits {
  std::function<bool()> out_of_time = [] { return false; };
  std::function<void(std::size_t steps, std::uint64_t replays)> progress = [](std::size_t,
                                                                              std::uint64_t) {};
};

// `script` must end in a violation; asserts it.
Shrunk shrink(Script script, const ShrinkLimits& limits = {});

// ---- As text: lines that say what the cluster is, then one line a step; `#` begins a comment.

std::string to_text(const Script& script, std::string_view comment = {});
Result<Script> parse_script(std::string_view text);

}  // namespace quorate::sim
