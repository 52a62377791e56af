#include "sim/explorer_check.h"

#include <utility>

#include "sim/explorer_world.h"
#include "sim/transcript.h"

namespace quorate::sim {
namespace {

// The moves as plain steps. Each is named in the stage that it leaves, so the moves are made once
// more.
std::vector<Step> steps_of(BoundedStage world, const std::vector<BoundedStage::Move>& path) {
  std::vector<Step> steps;
  for (const BoundedStage::Move& move : path) {
    for (Step& step : world.steps_of(move)) {
      steps.push_back(std::move(step));
    }
    world.make(move);
  }
  return steps;
}

}  // namespace

Result<Verdict> check_bound(const Bound& bound, Size size, SearchLimits limits,
                            SearchPulse* pulse) {
  auto prepared = prepare(bound);
  if (!prepared) {
    return prepared.error();
  }
  const Budget& budget = size == Size::kSmall ? bound.small : bound.large;
  const BoundedStage world{bound, prepared.value().stage, budget};
  auto explored = explore(world, limits, pulse);
  Verdict verdict{.states = explored.states,
                  .transitions = explored.transitions,
                  .depth = explored.depth,
                  .widest = explored.widest,
                  .exhausted = explored.exhausted,
                  .violation = std::move(explored.violation),
                  .steps = {},
                  .transcript = {}};
  if (verdict.violation) {
    verdict.steps = std::move(prepared.value().steps);
    for (Step& step : steps_of(world, explored.path)) {
      verdict.steps.push_back(std::move(step));
    }
    const std::string comment = "Bound " + std::string{bound.name} + ": " + *verdict.violation;
    verdict.transcript = transcript_of(bound.setup, verdict.steps, comment);
  }
  return verdict;
}

}  // namespace quorate::sim
