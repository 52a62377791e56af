// FakeCluster: for tests of the suite itself. No Raft at all: a cluster that is right by
// construction (one log, one leader while a majority is connected, everything applied at once), and
// that can be told to be wrong in one way. Without a defect it passes every scenario; with one,
// some scenario must say so.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/lab/cluster.h"
#include "sim/lab/timeline.h"

namespace quorate::lab {

enum class Defect : std::uint8_t {
  kNone,
  kNoLeader,
  kTwoLeaders,
  kTermsDiffer,
  kLeadsAlone,    // claims to lead though no majority is connected
  kTermRunsAway,  // every look finds a later term
  kRefuses,       // the leader takes no command when a peer is disconnected
  kNeverApplies,
  kAppliesWrongValue,  // at the last peer
  kAppliesOutOfOrder,  // every other entry first
  kCommitsAlone,       // without a majority
  kStartsAtTwo,        // somebody else's command is first
  kSaysAnotherIndex,   // where somebody else's command is
  kLosesCommand,       // a command in five is accepted and dropped
  kLosesFirstOnRestart,
  kForgetsEverything,  // when the last peer has crashed
  kForgetsLater,       // an applied command looks like another one, later on
  kSendsTooMuch,
  kChattyElection,
  kChattyCommands,
  kChattyIdle,
  kKeepsLongLog,
};

class FakeCluster : public Cluster {
 public:
  FakeCluster(const Shape& shape, Defect defect)
      : defect_(defect), shape_(shape), logs_(shape.peers), peers_(shape.peers) {
    if (defect == Defect::kStartsAtTwo) {
      log_.emplace_back(7777);
    }
    elect();
    catch_up();
  }

  [[nodiscard]] std::size_t size() const override { return peers_.size(); }
  [[nodiscard]] Instant now() const override { return timeline_.now(); }
  void resume_at(Instant at, std::coroutine_handle<> who) override {
    timeline_.at(at, [who] { who.resume(); });
  }
  void run(const Task<>& scenario) override {
    while (!scenario.done()) {
      if (now() > Instant{} + kTimeLimit) {
        throw Failed{"the test took longer than 120 s"};
      }
      timeline_.step();
    }
  }

  std::optional<Placed> start(Peer peer, Command command) override {
    const bool all_there = present() == size();
    if (!peers_[peer].alive || peer != leader_ || (defect_ == Defect::kRefuses && !all_there)) {
      return std::nullopt;
    }
    ++started_;
    last_start_ = now();
    if (!majority() && defect_ != Defect::kCommitsAlone) {
      return Placed{Index{log_.size() + 1}, term_};
    }
    if (defect_ == Defect::kLosesCommand && started_ % 5 == 0) {
      return Placed{Index{log_.size()}, term_};
    }
    log_.push_back(command);
    if (defect_ == Defect::kSaysAnotherIndex) {
      log_.emplace_back(7777);
    }
    // Not at once: a scenario may go on until time passes.
    timeline_.after(std::chrono::milliseconds{1}, [this] { catch_up(); });
    return Placed{Index{log_.size()}, term_};
  }
  [[nodiscard]] PeerState state(Peer peer) const override {
    Term term = term_;
    if (defect_ == Defect::kTermRunsAway) {
      term = term_ + ++looks_;
    } else if (defect_ == Defect::kTermsDiffer) {
      term = term_ + peer;
    }
    if (defect_ == Defect::kLeadsAlone && !majority()) {
      return {term, true};
    }
    const bool leads = peer == leader_ || (defect_ == Defect::kTwoLeaders && peer < 2);
    return {term, leads && majority() && defect_ != Defect::kNoLeader};
  }
  [[nodiscard]] bool alive(Peer peer) const override { return peers_[peer].alive; }
  void crash(Peer peer) override {
    disconnect(peer);
    peers_[peer].alive = false;
    if (defect_ == Defect::kForgetsEverything && peer + 1 == size()) {
      log_.clear();
      logs_ = AppliedLogs{size()};
    }
  }
  void restart(Peer peer) override {
    crash(peer);
    peers_[peer].alive = true;
    peers_[peer].applied = 0;
    logs_.restarted(peer);
    if (defect_ == Defect::kLosesFirstOnRestart && !log_.empty()) {
      log_.front() = Command{8888};
    }
  }

  [[nodiscard]] bool connected(Peer peer) const override { return peers_[peer].connected; }
  void connect(Peer peer) override {
    peers_[peer].connected = true;
    elect();
    catch_up();
  }
  void disconnect(Peer peer) override {
    peers_[peer].connected = false;
    elect();
  }
  void set_reliable(bool /*reliable*/) override {}
  void set_long_reordering(bool /*on*/) override {}

  [[nodiscard]] std::uint64_t rpc_total() const override { return rpc_count(0) * size(); }
  [[nodiscard]] std::uint64_t rpc_count(Peer /*to*/) const override {
    std::uint64_t count = 1 + started_ + tenths_since(Instant{});
    count += defect_ == Defect::kChattyElection ? 10 : 0;
    count += defect_ == Defect::kChattyCommands ? started_ * 10 : 0;
    count += defect_ == Defect::kChattyIdle && started_ > 0 ? tenths_since(last_start_) * 2 : 0;
    return count;
  }
  [[nodiscard]] std::uint64_t bytes_total() const override {
    std::uint64_t bytes = 0;
    for (const Command& command : log_) {
      bytes += payload_of(command).size() * (size() - 1);
    }
    return defect_ == Defect::kSendsTooMuch ? bytes * 3 : bytes;
  }
  [[nodiscard]] std::size_t state_size(Peer peer) const override {
    return defect_ == Defect::kKeepsLongLog && peer == 1 ? log_.size() * 20 : 100;
  }

  [[nodiscard]] Agreement applied_at(Index index) const override {
    Agreement agreement = logs_.at(index);
    if (defect_ == Defect::kForgetsLater && index == Index{3} &&
        now() > Instant{} + std::chrono::seconds{14} && agreement.command) {
      ++agreement.command->number;
    }
    return agreement;
  }
  [[nodiscard]] Index highest_applied() const override { return logs_.highest(); }
  [[nodiscard]] std::uint64_t empty_entries(Index upto) const override {
    return logs_.empty_entries(upto);
  }

 private:
  struct Slot {
    bool alive = true;
    bool connected = true;
    std::size_t applied = 0;
  };

  [[nodiscard]] std::uint64_t tenths_since(Instant then) const {
    return static_cast<std::uint64_t>((now() - then) / std::chrono::milliseconds{100});
  }
  [[nodiscard]] std::size_t present() const {
    std::size_t count = 0;
    for (const Slot& peer : peers_) {
      count += peer.alive && peer.connected ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] bool majority() const { return present() > size() / 2; }
  // The leader stays as long as it can be reached; without a majority nobody else is elected.
  void elect() {
    const bool stays = peers_[leader_].alive && peers_[leader_].connected;
    if (!majority() || (stays && term_ > Term{})) {
      return;
    }
    term_ = term_.next();
    for (leader_ = 0; !peers_[leader_].alive || !peers_[leader_].connected;) {
      ++leader_;
    }
  }
  void catch_up() {
    if (defect_ == Defect::kNeverApplies || (!majority() && defect_ != Defect::kCommitsAlone)) {
      return;
    }
    for (Peer peer = 0; peer < size(); ++peer) {
      Slot& slot = peers_[peer];
      while (slot.alive && slot.connected && slot.applied < log_.size()) {
        apply_next(peer, slot);
      }
    }
  }
  void apply_next(Peer peer, Slot& slot) {
    Command command = log_[slot.applied];
    if (defect_ == Defect::kAppliesWrongValue && peer + 1 == size()) {
      ++command.number;
    }
    slot.applied += defect_ == Defect::kAppliesOutOfOrder ? 2 : 1;
    if (const auto problem = logs_.apply(peer, Index{slot.applied}, command)) {
      throw Failed{*problem};
    }
  }

  Defect defect_;
  Shape shape_;
  Timeline timeline_;
  AppliedLogs logs_;
  std::vector<Slot> peers_;
  std::vector<Command> log_;
  Peer leader_ = 0;
  Term term_;
  std::uint64_t started_ = 0;
  Instant last_start_{};
  mutable std::uint64_t looks_ = 0;
};

}  // namespace quorate::lab
