// Member: one real core, spoken to as its peers, its disk and its clients would speak to it, one
// word at a time. What it wants written waits for `write()`; what it hands out is applied at once.
// The invariants of one node are checked after every step.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "raft/invariants.h"
#include "raft/raft.h"

namespace quorate::rules {

using std::chrono::milliseconds;

inline NodeId n(std::uint64_t id) { return NodeId{id}; }
inline LogPosition at(std::uint64_t index, std::uint64_t term) {
  return {Index{index}, Term{term}};
}
inline Configuration voters(std::vector<std::uint64_t> ids) {
  Configuration configuration;
  for (const std::uint64_t id : ids) {
    configuration.voters.emplace_back(id);
  }
  return configuration;
}
inline Entry entry(std::uint64_t index, std::uint64_t term) {
  return {Term{term}, Index{index}, EntryKind::kCommand, Bytes::copy_of(std::string_view{"x"})};
}
inline Entry entry(std::uint64_t index, std::uint64_t term, const Configuration& configuration) {
  return {Term{term}, Index{index}, EntryKind::kConfiguration, configuration.encode()};
}

// The defaults, without PreVote: most scenarios begin with a real candidacy.
inline Options plain() {
  Options options;
  options.id = n(1);
  options.pre_vote = false;
  options.compaction_tail = 0;
  return options;
}

inline Restored fresh(std::vector<std::uint64_t> ids = {1, 2, 3}) {
  return Restored::fresh(voters(std::move(ids)));
}

// A member that comes back with these entries on its disk, in the term of the last.
inline Restored with_log(std::vector<Entry> entries, std::uint64_t applied = 0) {
  const HardState state{entries.back().term, kNobody};
  return Restored::from_entries(state, fresh().snapshot, {}, std::move(entries), Index{applied})
      .value();
}
inline Restored with_terms(const std::vector<std::uint64_t>& terms, std::uint64_t applied = 0) {
  std::vector<Entry> entries;
  for (const std::uint64_t term : terms) {
    entries.push_back(entry(entries.size() + 1, term));
  }
  return with_log(std::move(entries), applied);
}

class Member {
 public:
  explicit Member(const Options& options = plain(), Restored restored = fresh())
      : raft_(Raft::create(options, std::move(restored), now_).value()) {
    take(Tick{});
  }

  // ---- Time

  void pass(Duration by) {
    now_ += by;
    take(Tick{});
  }
  // Time passes in which nobody looks at the core.
  void pass_unseen(Duration by) { now_ += by; }
  void tick_at_deadline() {
    now_ = std::max(now_, wake_at_);
    take(Tick{});
  }
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Instant wake_at() const { return wake_at_; }

  // ---- Peers

  void hear(std::uint64_t from, std::uint64_t term, MessageBody body) {
    take(Received{{n(from), raft_.at().id, Term{term}, std::move(body)}});
  }
  // The answers of a peer of its own term, to the newest round that it was sent.
  void accept(std::uint64_t from, std::uint64_t match) {
    hear(from, term(), AppendAccepted{Index{match}, round_to(from)});
  }
  void beat(std::uint64_t from) { hear(from, term(), HeartbeatAnswer{round_to(from)}); }
  void grant(std::uint64_t from) { hear(from, term(), VoteAnswer{true}); }
  // The newest round that went to the peer.
  [[nodiscard]] Round round_to(std::uint64_t peer) const {
    Round round;
    for (const Message& message : all_sent_) {
      if (message.to == n(peer)) {
        if (const auto* append = std::get_if<Append>(&message.body)) {
          round = append->round;
        } else if (const auto* heartbeat = std::get_if<Heartbeat>(&message.body)) {
          round = heartbeat->round;
        }
      }
    }
    return round;
  }

  // ---- Disk

  // All outstanding writes are durable now, and what waited for them leaves.
  void write() {
    while (!writes_.empty()) {
      write_one();
    }
  }
  void write_one() {
    const Persist done = writes_.front();
    writes_.erase(writes_.begin());
    durable_ = done.ticket;
    for (const Entry& each : done.entries) {
      std::erase_if(disk_, [&](const Entry& old) { return old.index >= each.index; });
      disk_.push_back(each);
    }
    take(Persisted{done.ticket});
  }
  [[nodiscard]] const std::vector<Persist>& writes() const { return writes_; }
  // Entries written in this life.
  [[nodiscard]] const std::vector<Entry>& disk() const { return disk_; }

  // ---- Clients and the driver

  void campaign() { take(Campaign{}); }
  void propose(std::uint64_t id = 1) {
    take(Propose{RequestId{id}, Bytes::copy_of(std::string_view{"x"})});
  }
  void read(std::uint64_t id, ReadMode mode = ReadMode::kLinearizable) {
    take(Read{RequestId{id}, mode});
  }
  void change(std::uint64_t id, Configuration target) {
    take(ChangeMembership{RequestId{id}, std::move(target)});
  }
  void transfer(std::uint64_t id, std::uint64_t target) {
    take(TransferLeadership{RequestId{id}, n(target)});
  }
  void snapshot(std::uint64_t index) { take(SnapshotTaken{Index{index}}); }

  // The answer to a request, if it has one; more than one is a failure.
  [[nodiscard]] std::optional<Answer> answer(std::uint64_t id) const {
    std::optional<Answer> found;
    for (const Answer& each : answers_) {
      if (each.id == RequestId{id}) {
        EXPECT_FALSE(found.has_value()) << "answered twice: " << describe(each);
        found = each;
      }
    }
    return found;
  }
  [[nodiscard]] bool refused(std::uint64_t id, Refusal why) const {
    const auto given = answer(id);
    const auto* refused = given ? std::get_if<Refused>(&given->outcome) : nullptr;
    return refused != nullptr && refused->why == why;
  }
  [[nodiscard]] bool ready(std::uint64_t id, std::uint64_t index) const {
    const auto given = answer(id);
    const auto* ready = given ? std::get_if<ReadReady>(&given->outcome) : nullptr;
    return ready != nullptr && ready->index == Index{index};
  }

  // ---- What left it since the last `forget()`

  template <class Body>
  [[nodiscard]] std::vector<Body> sent(std::uint64_t to) const {
    std::vector<Body> found;
    for (std::size_t i = forgotten_; i < all_sent_.size(); ++i) {
      const Message& message = all_sent_[i];
      if (message.to == n(to) && std::holds_alternative<Body>(message.body)) {
        found.push_back(std::get<Body>(message.body));
      }
    }
    return found;
  }
  [[nodiscard]] std::vector<Message> sent_to(std::uint64_t to) const {
    std::vector<Message> found;
    for (std::size_t i = forgotten_; i < all_sent_.size(); ++i) {
      if (all_sent_[i].to == n(to)) {
        found.push_back(all_sent_[i]);
      }
    }
    return found;
  }
  void forget() { forgotten_ = all_sent_.size(); }

  // ---- Where it stands

  [[nodiscard]] Position at() const { return raft_.at(); }
  [[nodiscard]] std::uint64_t term() const { return raft_.at().term.value(); }
  [[nodiscard]] std::uint64_t committed() const { return raft_.at().committed.value(); }
  [[nodiscard]] bool leads() const { return raft_.at().role == Role::kLeader; }
  [[nodiscard]] bool follows() const { return raft_.at().role == Role::kFollower; }
  [[nodiscard]] const Raft& raft() const { return raft_; }
  [[nodiscard]] PeerStatus peer(std::uint64_t id) const {
    for (const PeerStatus& each : raft_.status().peers) {
      if (each.id == n(id)) {
        return each;
      }
    }
    ADD_FAILURE() << "n" << id << " is no peer";
    return {};
  }

 private:
  void take(const Event& event) {
    const Position before = raft_.at();
    output_.clear();
    const auto taken = raft_.step(now_, event, output_);
    EXPECT_TRUE(taken.ok()) << describe(event) << ": " << (taken ? "" : taken.error().message);
    raft_.flush(now_, output_);
    const auto broken = check_invariants(before, raft_.at());
    EXPECT_FALSE(broken.has_value()) << *broken;
    obey();
  }

  void obey() {
    wake_at_ = output_.wake_at;
    for (const Message& message : output_.send_now) {
      leave(message);
    }
    held_.insert(held_.end(), output_.send_after_persist.begin(), output_.send_after_persist.end());
    while (!held_.empty() && held_.front().after <= durable_) {
      leave(held_.front().message);
      held_.erase(held_.begin());
    }
    if (output_.persist.ticket > Ticket{}) {
      writes_.push_back(output_.persist);
    }
    answers_.insert(answers_.end(), output_.answers.begin(), output_.answers.end());
    std::optional<Index> applied;
    if (output_.restore) {
      applied = output_.restore->last.index;
    }
    if (!output_.committed.empty()) {
      applied = output_.committed.back().index;
    }
    if (applied) {
      take(Applied{*applied});
    }
  }

  void leave(const Message& message) {
    const auto broken = check_may_leave(raft_.at(), message);
    EXPECT_FALSE(broken.has_value()) << *broken;
    all_sent_.push_back(message);
  }

  Instant now_{};
  Instant wake_at_ = kNever;
  Raft raft_;
  Output output_;
  std::vector<Persist> writes_;
  Ticket durable_;
  std::vector<Entry> disk_;
  std::vector<Deferred> held_;
  std::vector<Message> all_sent_;
  std::size_t forgotten_ = 0;
  std::vector<Answer> answers_;
};

// A leader that has just been elected by 2 (and by 3 and 4, where they are many); nothing of its
// term is on its disk yet.
inline Member elected(const Options& options = plain(), Restored restored = fresh()) {
  Member member{options, std::move(restored)};
  member.campaign();
  for (const NodeId id : member.raft().configuration().members()) {
    if (id != member.at().id && member.at().role == Role::kPreCandidate) {
      member.hear(id.value(), member.term(), PreVoteAnswer{Term{member.term() + 1}, 1, true});
    }
  }
  member.write();
  for (const NodeId id : member.raft().configuration().members()) {
    if (id != member.at().id && !member.leads()) {
      member.grant(id.value());
    }
  }
  EXPECT_TRUE(member.leads());
  return member;
}

// A leader of the first term, at rest: its empty entry is committed and everyone knows.
inline Member leading(const Options& options = plain(), Restored restored = fresh()) {
  Member member = elected(options, std::move(restored));
  member.write();
  for (const NodeId id : member.raft().configuration().members()) {
    if (id != member.at().id) {
      member.accept(id.value(), member.at().last.index.value());
    }
  }
  EXPECT_EQ(member.committed(), member.at().last.index.value());
  member.forget();
  return member;
}

// A follower of n2 in the first term, which is on its disk.
inline Member following(const Options& options = plain(), Restored restored = fresh()) {
  Member member{options, std::move(restored)};
  member.hear(2, std::max<std::uint64_t>(member.term(), 1), Heartbeat{Index{}, Round{1}});
  member.write();
  member.forget();
  return member;
}

}  // namespace quorate::rules
