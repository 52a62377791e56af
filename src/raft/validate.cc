// What cannot be right is refused before anything changes, with the field and the reason.
#include <algorithm>
#include <string>
#include <variant>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Terms and indexes count events; none comes near this, and what does would wrap.
constexpr std::uint64_t kEnd = std::uint64_t{1} << 62U;

std::string number(std::uint64_t value) { return std::to_string(value); }

Error wrong(const Message& message, const std::string& what) {
  return invalid(std::string{message_name(message.body)} + " from n" +
                 number(message.from.value()) + ": " + what);
}

Result<void> check_position(const Message& message, const LogPosition& position,
                            const char* field) {
  if ((position.index == Index{}) != (position.term == Term{})) {
    return wrong(message, std::string{field} +
                              ": index and term are 0 together or not at all, here " +
                              describe(position));
  }
  if (position.index.value() >= kEnd || position.term.value() >= kEnd) {
    return wrong(message, std::string{field} + ": " + describe(position) + " cannot be");
  }
  return {};
}

Result<void> check_entries(const Message& message, const Append& append) {
  LogPosition before = append.prev;
  for (const Entry& entry : append.entries) {
    if (entry.index != before.index.next()) {
      return wrong(message, "entries: index " + number(entry.index.value()) + " does not follow " +
                                number(before.index.value()));
    }
    if (entry.term < before.term || entry.term > message.term || entry.term == Term{}) {
      return wrong(message,
                   "entries: term of " + describe(entry.position()) +
                       " does not lie between those of the entry before and of the sender");
    }
    if (entry.kind == EntryKind::kConfiguration) {
      if (auto configuration = Configuration::decode(entry.payload); !configuration) {
        return wrong(message, "entries: " + describe(entry.position()) + ": " +
                                  configuration.error().message);
      }
    }
    before = entry.position();
  }
  return {};
}

Result<void> check_runs(const Message& message, const AppendRejected& answer) {
  Index above = answer.last.next();
  for (const TermRun& run : answer.runs) {
    if (run.first >= above) {
      return wrong(message, "runs: must go down from `last`, each below the one before");
    }
    above = run.first;
  }
  if (answer.last > answer.prev) {
    return wrong(message, "last: beyond prev");
  }
  return {};
}

struct CheckBody {
  const Core& core;
  const Message& message;

  Result<void> operator()(const PreVote& m) const {
    if (m.candidate_term <= message.term) {
      return wrong(message, "candidate_term: must be above the sender's own term");
    }
    return check_position(message, m.last, "last");
  }
  Result<void> operator()(const RequestVote& m) const {
    return check_position(message, m.last, "last");
  }
  Result<void> operator()(const Append& m) const {
    if (auto result = check_position(message, m.prev, "prev"); !result) {
      return result;
    }
    if (m.prev.term > message.term) {
      return wrong(message, "prev: its term is above the sender's");
    }
    if (auto result = check_entries(message, m); !result) {
      return result;
    }
    return check_committed(m);
  }
  Result<void> operator()(const AppendRejected& m) const {
    auto result = check_round(m.round);
    return result ? check_runs(message, m) : result;
  }
  Result<void> operator()(const HeartbeatAnswer& m) const { return check_round(m.round); }
  Result<void> operator()(const TryLater& m) const { return check_round(m.round); }
  Result<void> operator()(const Quiesce& m) const {
    return check_position(message, m.last, "last");
  }
  Result<void> operator()(const Removed& m) const {
    return check_position(message, m.as_of, "as_of");
  }
  Result<void> operator()(const ReadIndex& m) const {
    return m.tag.batch > 0 ? Result<void>{}
                           : Result<void>{wrong(message, "batch: must be above 0")};
  }
  Result<void> operator()(const ReadIndexAnswer& m) const { return check_tag(m.tag); }
  Result<void> operator()(const ReadIndexRefused& m) const { return check_tag(m.tag); }
  // A leader only names what this node has acknowledged in its term, so in that term it must be
  // here.
  Result<void> operator()(const Heartbeat& m) const {
    if (message.term >= core.term() && m.commit > core.log.last().index) {
      return wrong(message, "commit: " + number(m.commit.value()) +
                                " is beyond the log here, which ends at " +
                                number(core.log.last().index.value()));
    }
    return {};
  }
  Result<void> operator()(const AppendAccepted& m) const { return check_match(m.match, m.round); }
  Result<void> operator()(const SnapshotAccepted& m) const { return check_match(m.match, m.round); }
  Result<void> operator()(const InstallSnapshot& m) const {
    if (auto result = check_position(message, m.snapshot.last, "snapshot.last"); !result) {
      return result;
    }
    if (m.snapshot.last.index == Index{} || m.snapshot.last.term == Term{} ||
        m.snapshot.last.term > message.term) {
      return wrong(message, "snapshot.last: " + describe(m.snapshot.last) + " cannot be");
    }
    if (m.snapshot.configuration_index > m.snapshot.last.index) {
      return wrong(message, "snapshot.configuration_index: beyond the snapshot");
    }
    // Leader completeness again: what is committed here is beneath every later snapshot.
    const Index committed = core.log.committed();
    if (message.term >= core.term() && m.snapshot.last.index > committed &&
        m.snapshot.last.term < *core.log.term_at(committed)) {
      return wrong(message, "snapshot.last: " + describe(m.snapshot.last) +
                                " is of a term below what is committed here");
    }
    return m.snapshot.configuration.validate();
  }
  Result<void> operator()(const auto& /*m*/) const { return {}; }

  // Leader completeness (5.4.3): every leader holds what is committed here. Cheapest to see here,
  // and never masked.
  [[nodiscard]] Result<void> check_committed(const Append& m) const {
    const Index committed = core.log.committed();
    const bool speaks_of_it =
        committed >= m.prev.index && committed <= m.prev.index + m.entries.size();
    if (message.term < core.term() || !speaks_of_it) {
      return {};
    }
    const Term there =
        committed == m.prev.index ? m.prev.term : m.entries[committed - m.prev.index - 1].term;
    if (there != *core.log.term_at(committed)) {
      return wrong(message, "entries: of another term at " + number(committed.value()) +
                                ", which is committed here");
    }
    return {};
  }
  // A round that this leader has not begun cannot be answered (rule 5).
  [[nodiscard]] Result<void> check_round(Round round) const {
    const Leader* leader = core.leader();
    if (leader != nullptr && message.term == core.term() && round > leader->round) {
      return wrong(message, "round: " + number(round.value()) + " was never begun");
    }
    return {};
  }
  [[nodiscard]] Result<void> check_match(Index match, Round round) const {
    if (core.leader() != nullptr && message.term == core.term() && match > core.log.last().index) {
      return wrong(message, "match: " + number(match.value()) + " is beyond the leader's log");
    }
    return check_round(round);
  }
  [[nodiscard]] Result<void> check_tag(ReadTag tag) const {
    if (tag.boot == core.options.boot && (tag.batch == 0 || tag.batch > core.read_batches)) {
      return wrong(message, "batch: " + number(tag.batch) + " was never asked");
    }
    return {};
  }
};

Result<void> check_message(const Core& core, const Message& message) {
  if (message.to != core.self()) {
    return wrong(message, "to: n" + number(message.to.value()) + ", but this is n" +
                              number(core.self().value()));
  }
  if (message.from == kNobody || message.from == core.self()) {
    return wrong(message, "from: must be another node");
  }
  if (message.term.value() >= kEnd) {
    return wrong(message, "term: " + number(message.term.value()) + " cannot be");
  }
  if (message.term == Term{} && !std::holds_alternative<PreVote>(message.body) &&
      !std::holds_alternative<PreVoteAnswer>(message.body) &&
      !std::holds_alternative<Removed>(message.body)) {
    return wrong(message, "term: 0 is before the first election");
  }
  return std::visit(CheckBody{core, message}, message.body);
}

struct CheckEvent {
  const Core& core;

  Result<void> operator()(const Received& e) const { return check_message(core, e.message); }
  Result<void> operator()(const ChangeMembership& e) const {
    if (e.target.joint()) {
      return invalid(
          "change.old_voters: must be empty; the core makes the joint configuration itself");
    }
    return e.target.validate();
  }
  Result<void> operator()(const Persisted& e) const {
    if (!core.persistence.issued(e.ticket)) {
      return invalid("persisted.ticket: " + number(e.ticket.value()) + " was never issued");
    }
    return {};
  }
  Result<void> operator()(const Applied& e) const {
    if (e.index < core.log.applied()) {
      return invalid("applied.index: " + number(e.index.value()) +
                     " is behind what was applied before, " + number(core.log.applied().value()));
    }
    if (e.index > core.applying.handed) {
      return invalid("applied.index: " + number(e.index.value()) + " was never handed out");
    }
    return {};
  }
  Result<void> operator()(const SnapshotTaken& e) const {
    if (e.index > core.log.applied() && e.index > core.log.snapshot()) {
      return invalid("snapshot.index: " + number(e.index.value()) + " is not applied yet");
    }
    if (core.membership.at(e.index).configuration.voters.empty()) {
      return invalid("snapshot.index: who was a member at " + number(e.index.value()) +
                     " is not known here; take one of a later state");
    }
    return {};
  }
  Result<void> operator()(const EntriesRead& e) const {
    if (!e.entries) {
      return {};
    }
    Index expected = e.first;
    for (const Entry& entry : e.entries.value()) {
      if (entry.index != expected) {
        return invalid("entries-read: index " + number(entry.index.value()) + " where " +
                       number(expected.value()) + " was asked for");
      }
      if (const auto term = core.log.term_at(entry.index); term && *term != entry.term) {
        return invalid("entries-read: " + describe(entry.position()) +
                       " is not the entry of this log");
      }
      expected = expected.next();
    }
    if (expected == e.first) {
      return invalid("entries-read: no entry");
    }
    // Never more than was asked for: what is not committed and durable is not the state machine's.
    const Index end = e.reader == core.self() ? std::min(core.log.committed(), core.log.stable())
                                              : core.log.last().index;
    if (expected.previous() > end) {
      return invalid("entries-read: " + number(expected.previous().value()) +
                     " is beyond what was asked for");
    }
    return {};
  }
  Result<void> operator()(const auto& /*e*/) const { return {}; }
};

}  // namespace

Result<void> validate(const Core& core, const Event& event) {
  return std::visit(CheckEvent{core}, event);
}

}  // namespace quorate
