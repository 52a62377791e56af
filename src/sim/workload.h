// Workload: the clients of a simulated group, and what they can swear to afterwards.
//
// A client sends a write or a read to the node that it believes leads (a read to any node,
// sometimes), follows hints, asks again after a refusal, and gives up after a while. It never
// repeats a write whose outcome it does not know; it writes "unknown" down instead. What was
// acknowledged it holds the group to: a later read must not miss it, and in the end it must stand
// where it was acknowledged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/simulation_world.h"

namespace quorate::sim {

struct WorkloadPlan {
  Duration interval{10'000};        // between operations, on average
  std::uint32_t burst = 1;          // operations at once; as many fewer bursts
  std::uint32_t reads = 500;        // in thousandths of all operations
  std::uint32_t at_any_node = 300;  // of the reads
  std::uint32_t lease = 0;          // of the reads
  std::uint32_t lost_answers = 1;   // in thousandths: the answer does not reach the client
  std::uint32_t payload = 16;       // bytes of a write, at most
  Duration patience{1'000'000};     // a client gives up after this
  Duration idle{0};                 // now and then, nobody asks anything for this long
};

struct WorkloadCounts {
  std::uint64_t begun = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;   // certainly without effect
  std::uint64_t unknown = 0;  // writes that may or may not have happened
  std::uint64_t writes_acknowledged = 0;
  std::uint64_t reads_answered = 0;
  std::uint64_t reads_at_followers = 0;
  std::uint64_t lease_reads = 0;
  std::uint64_t refusals = 0;
};

class Workload {
 public:
  static constexpr std::uint32_t kDuty = 2;

  explicit Workload(const WorkloadPlan& plan) : plan_(plan) {}

  void start(World& world);
  void on_alarm(World& world, const Alarm& alarm);
  void on_answer(World& world, const Answered& answered);
  // The node's state machine, or the node, may have moved.
  void on_touched(World& world, NodeId node);
  // No new operations. One more write, the probe, is tried until it succeeds.
  void stop() { stopped_ = true; }
  void probe(World& world);
  [[nodiscard]] bool probe_succeeded() const { return probe_done_; }
  // All that is still open is given up.
  void close();

  [[nodiscard]] const WorkloadCounts& counts() const { return counts_; }
  // What a client saw that it must never see.
  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }
  // At the end: every acknowledged write was applied where it was acknowledged, no other was
  // applied twice, and none that was called failed.
  void check_history();

 private:
  enum class State : std::uint8_t { kOpen, kSucceeded, kFailed, kUnknown };
  struct Operation {
    Instant deadline;
    Index floor;  // a read: what was acknowledged before it began
    NodeId node;  // asked last
    std::uint32_t attempt = 0;
    State state = State::kOpen;
    bool read = false;
    bool lease = false;
    bool sent = false;  // it is out, and no answer has come
    bool anywhere = false;
    std::uint8_t client = 0;
    std::uint32_t applied = 0;  // how often it stands in the history
    LogPosition at;             // where it was acknowledged
    LogPosition stands;         // where it was applied first
  };
  // At a node: who waits for its state machine to get that far. Term 0: a read.
  struct Waiter {
    Index index;
    Term term;
    std::size_t operation = 0;
  };

  void begin(World& world);
  void send(World& world, std::size_t operation);
  void arrive(World& world, std::size_t operation, std::uint32_t attempt);
  void retry(World& world, std::size_t operation, Duration longest);
  void refused(World& world, std::size_t operation, const Refused& refused);
  void reached(World& world, NodeId node, const Waiter& waiter);
  void finish(std::size_t operation, State state);
  void give_up_late(World& world);
  void lose_node(World& world, NodeId node);
  void witness(const Stage& stage, NodeId node);
  [[nodiscard]] static NodeId any_member(World& world);
  [[nodiscard]] NodeId choose_node(World& world, const Operation& operation);
  [[nodiscard]] std::string payload_of(std::size_t operation) const;

  WorkloadPlan plan_;
  WorkloadCounts counts_;
  bool stopped_ = false;
  std::optional<std::size_t> probe_;
  bool probe_done_ = false;
  std::vector<Operation> operations_;
  std::size_t oldest_open_ = 0;
  std::vector<NodeId> belief_;                // of each client
  std::vector<std::vector<Waiter>> waiters_;  // by node
  std::vector<bool> was_up_;
  std::vector<Index> applied_;
  Index highest_;    // acknowledged
  Index witnessed_;  // applied by at least one node
  std::optional<std::string> violation_;
};

}  // namespace quorate::sim
