// Stage: a cluster of real cores that moves one Step at a time, and only when told. No scheduler,
// no randomness, no clock of its own: the transcript runner, the explorer and the simulator each
// bring theirs. A copy is an independent cluster in the same state, and cheap: what a step does not
// touch is shared.
//
// Each node is a Raft, a disk (what is durable, and the writes that are not yet), a state machine
// (a digest of all that was applied) and a clock. After every step the node's own invariants
// (raft/invariants.h) and the cluster's (checker.h) are checked; a breach is kept as the stage's
// violation, and the stage does not move any more.
//
// A node's core takes one event at a time, each with its own flush. What the flush asks for:
//   send_now             goes in flight at once
//   send_after_persist   waits for its write, and is lost in a crash with it
//   persist              becomes an outstanding write; `persist N` makes the oldest durable
//   committed, restore   become an outstanding batch; `apply N` carries the oldest out
//   reads                are answered from what the disk holds when `fetch N` says so
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/message.h"
#include "raft/raft.h"
#include "raft/trace.h"
#include "sim/checker.h"
#include "sim/cow.h"
#include "sim/node.h"
#include "sim/step.h"

namespace quorate::sim {

struct InFlight {
  Message message;
  std::uint64_t print = 0;       // fingerprint of all of the message
  std::uint64_t name = 0;        // the same without rounds and such, see Pick
  Instant sent;                  // by the sender's clock
  std::optional<Machine> files;  // of an InstallSnapshot
};

// The messages in flight, in the order in which they were sent.
class Flight {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = InFlight;
    using difference_type = std::ptrdiff_t;
    using pointer = const InFlight*;
    using reference = const InFlight&;
    Iterator() = default;
    explicit Iterator(const std::shared_ptr<const InFlight>* at) : at_(at) {}
    reference operator*() const { return **at_; }
    pointer operator->() const { return at_->get(); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator{at_++}; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::shared_ptr<const InFlight>* at_ = nullptr;
  };

  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  [[nodiscard]] bool empty() const { return messages_.empty(); }
  const InFlight& operator[](std::size_t i) const { return *messages_[i]; }
  [[nodiscard]] const InFlight& back() const { return *messages_.back(); }
  [[nodiscard]] Iterator begin() const { return Iterator{messages_.data()}; }
  [[nodiscard]] Iterator end() const { return Iterator{messages_.data() + messages_.size()}; }
  // Where the message that `pick` names stands; nothing when there is none.
  [[nodiscard]] std::optional<std::size_t> find(const Pick& pick) const;

  [[nodiscard]] std::shared_ptr<const InFlight> share(std::size_t i) const { return messages_[i]; }
  void add(InFlight message);
  void remove(std::size_t i);

 private:
  std::vector<std::shared_ptr<const InFlight>> messages_;
};

// An answer that a core gave, with where and when, for whoever plays the clients.
struct Answered {
  NodeId node;
  Answer answer;
};

class Stage {
 public:
  struct Setup {
    std::vector<NodeId> nodes;  // all that will ever exist
    Configuration bootstrap;    // the members; a node outside it starts empty and waits to be added
    Options options;            // id, boot and seed are set per node (from seed, id and boot)
    bool instant_disk = false;  // every write is durable at once, every entry read at once
    bool instant_apply = true;  // every batch is applied as soon as it is handed out
    bool durable_machine = false;  // a machine keeps what it applied across crashes by itself
    bool forgets_votes = false;    // a lying disk: a crash loses the vote that it had acknowledged
  };
  using Sink = std::function<void(const std::string&)>;

  explicit Stage(Setup setup);

  // Carries the step out. False if it means nothing now (no such message, the node is down, the
  // stage holds a violation): then nothing changed.
  bool apply(const Step& step);

  // A sink for trace lines (raft/trace.h), shared with copies made from now on. May be empty.
  void trace_to(Sink sink, TraceFormat format = TraceFormat::kText);

  [[nodiscard]] const std::optional<std::string>& violation() const { return violation_; }
  [[nodiscard]] const Flight& in_flight() const { return flight_; }
  [[nodiscard]] bool up(NodeId id) const { return node(id).up(); }
  [[nodiscard]] const Raft& raft(NodeId id) const;  // of a node that is up
  [[nodiscard]] Position at(NodeId id) const { return raft(id).at(); }
  [[nodiscard]] const Disk& disk(NodeId id) const { return node(id).disk; }
  [[nodiscard]] const Machine& machine(NodeId id) const { return node(id).machine; }
  [[nodiscard]] std::size_t outstanding_writes(NodeId id) const { return node(id).writes.size(); }
  [[nodiscard]] std::size_t outstanding_applies(NodeId id) const { return node(id).applies.size(); }
  [[nodiscard]] std::size_t outstanding_reads(NodeId id) const { return node(id).reads.size(); }
  [[nodiscard]] Instant clock(NodeId id) const { return node(id).clock; }
  [[nodiscard]] Instant wake_at(NodeId id) const { return node(id).wake_at; }  // kNever when down
  [[nodiscard]] const Node& node(NodeId id) const;
  [[nodiscard]] const std::vector<NodeId>& nodes() const { return setup_->nodes; }
  [[nodiscard]] const Setup& setup() const { return *setup_; }
  [[nodiscard]] const Checker& checker() const { return checker_; }

  // Answers since the last call.
  std::vector<Answered> take_answers();
  // Number of messages sent so far; what was sent since is at the end of in_flight().
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

  // All that decides the future, clocks as distances; the order of messages in flight left out.
  [[nodiscard]] std::uint64_t fingerprint() const;

 private:
  using At = std::optional<Instant>;
  struct Tracer {
    Sink sink;
    TraceFormat format = TraceFormat::kText;
  };
  // Memory that is used within one step only, and so need not be copied.
  struct Scratch {
    Output output;
    Scratch() = default;
    Scratch(const Scratch& /*other*/) {}
    Scratch& operator=(const Scratch& /*other*/) { return *this; }
    ~Scratch() = default;
  };

  bool carry_out(At at, const Deliver& action);
  bool carry_out(At at, const Duplicate& action);
  bool carry_out(At at, const Drop& action);
  bool carry_out(At at, const TickNode& action);
  bool carry_out(At at, const Advance& action);
  bool carry_out(At at, const FinishWrite& action);
  bool carry_out(At at, const FinishApply& action);
  bool carry_out(At at, const FinishRead& action);
  bool carry_out(At at, const Crash& action);
  bool carry_out(At at, const Restart& action);
  bool carry_out(At at, const ProposeAt& action);
  bool carry_out(At at, const ReadAt& action);
  bool carry_out(At at, const ChangeAt& action);
  bool carry_out(At at, const TransferAt& action);
  bool carry_out(At at, const SnapshotAt& action);
  bool carry_out(At at, const CampaignAt& action);
  bool carry_out(At at, const UnreachableAt& action);
  bool carry_out(At at, const WakeAt& action);
  bool carry_out(At at, const StopAt& action);
  bool carry_out(At at, const SnapshotFailedAt& action);
  bool carry_out(At at, const UnfenceAt& action);

  bool event(At at, NodeId id, const Event& event);
  bool request(At at, NodeId id, RequestId request, const Event& event);
  bool receive(At at, std::shared_ptr<const InFlight> message);
  void advance(Node& node, Instant until);
  void start(Node& node, bool fenced);
  // Takes one event into a node's core, flushes it and does what it asks for.
  void take(Node& node, const Event& event);
  void refused(Node& node, const Event& event, const Error& error);
  void obey(Node& node, const Position& before, const Event* event);
  void hand_out(Node& node, Output& output);
  void release(Node& node);
  void send(const Node& node, const Position& at, Message message);
  // One completion each; false when nothing is outstanding.
  bool finish_write(Node& node);
  bool finish_apply(Node& node);
  bool finish_read(Node& node, bool fails);
  void apply_batch(Node& node, const Batch& batch);
  void forget_compacted();
  // All that the setup says is instant.
  void settle(Node& node);
  void broken(const std::optional<std::string>& what);
  void note(const Node& node, const std::string& what) const;

  Node* change(NodeId id);            // of any node of the stage
  Node* change_up(At at, NodeId id);  // of one that is up, its clock set; else null
  [[nodiscard]] std::size_t position(NodeId id) const;  // nodes_.size() for a stranger

  std::shared_ptr<const Setup> setup_;
  Nodes nodes_;
  Flight flight_;
  Checker checker_;
  std::optional<std::string> violation_;
  std::vector<Answered> answers_;
  std::uint64_t sent_ = 0;
  std::shared_ptr<const Tracer> tracer_;
  Scratch scratch_;
};

}  // namespace quorate::sim
