// Operator: whoever runs the group. Changes who is in it, hands leadership over, takes snapshots
// when logs grow, and switches off what was removed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "sim/simulation_world.h"

namespace quorate::sim {

struct OperatorPlan {
  Duration between_changes{0};         // up to twice this; 0: never
  Duration between_transfers{0};       // likewise
  std::uint64_t snapshot_after = 500;  // entries applied since the last one
  bool switch_off = true;              // removed nodes; else they stay and try to disturb
};
OperatorPlan draw_operator(Random& random);

class Operator {
 public:
  static constexpr std::uint32_t kDuty = 3;

  explicit Operator(const OperatorPlan& plan) : plan_(plan) {}
  void start(World& world);
  void on_alarm(World& world, const Alarm& alarm);
  void on_touched(World& world, NodeId node);
  // No more changes and transfers; snapshots go on.
  void stop() { stopped_ = true; }

  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] std::uint64_t transfers() const { return transfers_; }
  [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

 private:
  void change(World& world);
  void transfer(World& world);
  void look(World& world);
  [[nodiscard]] Configuration wanted(World& world, NodeId leader, Configuration now);
  [[nodiscard]] NodeId fresh(const Stage& stage, const Configuration& now);
  RequestId next_request() { return RequestId{++requests_}; }

  OperatorPlan plan_;
  bool stopped_ = false;
  std::uint64_t requests_ = 0;  // small numbers are the operator's, see Workload
  std::uint64_t changes_ = 0;
  std::uint64_t transfers_ = 0;
  std::uint64_t sleeps_ = 0;
  std::vector<Index> snapshot_;  // asked for last, by node
  std::vector<bool> member_;     // ever
};

}  // namespace quorate::sim
