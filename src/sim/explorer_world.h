// BoundedStage: a stage, what may still happen to it, and which steps that makes possible: the
// world that the explorer searches when it checks the real core.
//
// Time is abstracted: a node's clock moves only when its own timer is chosen to fire, and any armed
// timer may be chosen at any moment. A message in flight may stay there for ever, so loss at the
// end of a run needs no step; a message that overtakes others on its link either loses them or
// leaves them for later, each as the budget allows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/bounds.h"
#include "sim/stage.h"
#include "sim/step.h"

namespace quorate::sim {

class BoundedStage {
 public:
  struct Move {
    Step step;
    Charge charge = Charge::kFree;
    bool loses_older = false;  // of a delivery: the messages before it on its link are lost
  };

  BoundedStage(const Bound& bound, Stage stage, const Budget& budget)
      : bound_(&bound), stage_(std::move(stage)), budget_(budget) {}

  void moves(std::vector<Move>& out) const;
  bool make(const Move& move);
  [[nodiscard]] std::uint64_t fingerprint() const;
  [[nodiscard]] std::optional<std::string> violation() const;

  // The move as plain steps, with every name that a reader wants.
  [[nodiscard]] std::vector<Step> steps_of(const Move& move) const;
  [[nodiscard]] const Stage& stage() const { return stage_; }

 private:
  [[nodiscard]] bool may(Charge charge, const std::vector<NodeId>& among, NodeId node) const;
  [[nodiscard]] RequestId next_request(Charge charge) const;
  [[nodiscard]] std::vector<Step> lost_by(const Pick& pick) const;
  void messages(std::vector<Move>& out) const;
  void disk(std::vector<Move>& out, NodeId node) const;
  void clients(std::vector<Move>& out, NodeId node) const;
  void requests_to_leader(std::vector<Move>& out, NodeId node) const;
  void timers(std::vector<Move>& out, NodeId node) const;
  void crashes(std::vector<Move>& out, NodeId node) const;
  [[nodiscard]] std::uint64_t order_in_flight() const;
  void check_answers();

  const Bound* bound_;
  Stage stage_;
  Budget budget_;
  bool moved_ = false;
  bool forgotten_ = false;
};

}  // namespace quorate::sim
