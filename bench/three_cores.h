// Three cores wired together without disk, network or clock: what is measured is the core alone.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "raft/raft.h"

namespace quorate::bench {

class ThreeCores {
 public:
  explicit ThreeCores(Options options = {}) {
    Configuration members{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, {}};
    for (std::uint64_t id = 1; id <= 3; ++id) {
      options.id = NodeId{id};
      options.seed = id;
      nodes_.push_back(std::move(Raft::create(options, Restored::fresh(members), now_).value()));
    }
    step(0, Event{Campaign{}});
    run();
    QUORATE_ASSERT(nodes_[0].at().role == Role::kLeader);
  }

  void commit_quietly(const Bytes& payload) {
    propose(payload);
    run();
  }
  // A burst that shares one message a peer and one write.
  void commit_many(const Bytes& payload, int count) {
    counting_ = true;
    for (int i = 0; i < count; ++i) {
      propose(payload);
    }
    run();
    counting_ = false;
  }

  // From propose to commit at the leader; then, not counted where instructions are, until all three
  // have applied it.
  void commit_one(const Bytes& payload) {
    counting_ = true;
    const Index before = nodes_[0].at().committed;
    propose(payload);
    for (std::size_t i = 0; nodes_[0].at().committed == before; i = (i + 1) % nodes_.size()) {
      maybe(turn(i));
    }
    counting_ = count_all_;
    run();
    counting_ = false;
  }
  // Counts everything that a proposal costs, the notices of its commit and the applies included.
  void count_all() { count_all_ = true; }
  void propose(const Bytes& payload) { step(0, Event{Propose{RequestId{1}, payload}}); }

  // Delivers messages and finishes writes until nothing moves any more.
  void run() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        moved = turn(i) || moved;
      }
    }
  }

  [[nodiscard]] const Raft& node(std::size_t i) const { return nodes_[i]; }

  // Keeps the logs short, as an application's snapshots would.
  void compact() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      step(i, Event{SnapshotTaken{nodes_[i].at().applied}});
    }
    run();
  }

 private:
  void step(std::size_t i, const Event& event) {
    const auto result = counting_ ? counted_step(nodes_[i], now_, event, outputs_[i])
                                  : nodes_[i].step(now_, event, outputs_[i]);
    QUORATE_ASSERT(result.ok(), result.error().message);
  }

  // One turn of a node's loop: everything that waits for it, one flush, its write done, its entries
  // applied.
  bool turn(std::size_t i) {
    if (inbox_[i].empty() && !waiting(outputs_[i])) {
      return false;
    }
    const Index before = nodes_[0].at().committed;
    for (Event& event : inbox_[i]) {
      step(i, event);
      counting_ = counting_ && (count_all_ || nodes_[0].at().committed == before);
    }
    recycle(i);
    counting_ ? counted_flush(nodes_[i], now_, outputs_[i]) : nodes_[i].flush(now_, outputs_[i]);
    post(outputs_[i]);
    return true;
  }

  // Only what the core does is counted, not this harness: callgrind collects inside of these.
  [[gnu::noinline]] static Result<void> counted_step(Raft& node, Instant now, const Event& event,
                                                     Output& output) {
    return node.step(now, event, output);
  }
  [[gnu::noinline]] static void counted_flush(Raft& node, Instant now, Output& output) {
    node.flush(now, output);
  }

  // A step outside of `run` has left something to be flushed.
  static bool waiting(const Output& output) {
    return !output.answers.empty() || !output.happened.empty();
  }

  void post(Output& output) {
    const std::size_t self = static_cast<std::size_t>(&output - outputs_.data());
    const Ticket ticket = output.persist.ticket;
    const Index applied = output.committed.empty() ? Index{} : output.committed.back().index;
    for (Message& message : output.send_now) {
      inbox_[message.to.value() - 1].emplace_back(Received{std::move(message)});
    }
    for (Deferred& deferred : output.send_after_persist) {
      inbox_[deferred.message.to.value() - 1].emplace_back(Received{std::move(deferred.message)});
    }
    output.clear();
    if (ticket > Ticket{}) {
      inbox_[self].emplace_back(Persisted{ticket});
    }
    if (applied > Index{}) {
      inbox_[self].emplace_back(Applied{applied});
    }
  }

  // Gives the entry vectors of consumed messages back to the outputs they came from.
  void recycle(std::size_t i) {
    for (Event& event : inbox_[i]) {
      if (auto* received = std::get_if<Received>(&event); received != nullptr) {
        const std::size_t from = received->message.from.value() - 1;
        outputs_[from].give_back(std::move(received->message));
      }
    }
    inbox_[i].clear();
  }

  bool counting_ = false;
  bool count_all_ = false;
  Instant now_ = instant(0);
  std::vector<Raft> nodes_;
  std::array<Output, 3> outputs_;
  std::array<std::vector<Event>, 3> inbox_;
};

}  // namespace quorate::bench
