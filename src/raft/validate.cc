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

[[gnu::cold]] Result<void> wrong(const Message& message, const std::string& what) {
  return invalid(std::string{message_name(message.body)} + " from n" +
                 number(message.from.value()) + ": " + what);
}

bool possible(const LogPosition& position) {
  return (position.index == Index{}) == (position.term == Term{}) &&
         position.index.value() < kEnd && position.term.value() < kEnd;
}

[[gnu::cold]] Result<void> wrong_position(const Message& message, const LogPosition& position,
                                          const char* field) {
  return wrong(message, std::string{field} + ": " + describe(position) +
                            " cannot be; index and term are 0 together or not at all, and far "
                            "below 2^62");
}

Result<void> check_position(const Message& message, const LogPosition& position,
                            const char* field) {
  if (!possible(position)) {
    return wrong_position(message, position, field);
  }
  return {};
}

// How many of the entries stand in their places, from the first on, each of a term between that of
// the one before and the sender's.
std::size_t in_order(const Append& append, Term sender) {
  LogPosition before = append.prev;
  for (const Entry& entry : append.entries) {
    const bool follows = entry.index == before.index.next() && entry.term >= before.term &&
                         entry.term <= sender && entry.term > Term{};
    if (!follows) {
      break;
    }
    before = entry.position();
  }
  return before.index - append.prev.index;
}

[[gnu::cold]] Result<void> wrong_entry(const Message& message, const Append& append,
                                       std::size_t at) {
  const Entry& entry = append.entries[at];
  const Index expected = append.prev.index.next() + at;
  if (entry.index != expected) {
    return wrong(message, "entries: index " + number(entry.index.value()) + " does not follow " +
                              number(expected.previous().value()));
  }
  return wrong(message, "entries: term of " + describe(entry.position()) +
                            " does not lie between those of the entry before and of the sender");
}

bool brings_configuration(const Append& append) {
  return std::ranges::any_of(
      append.entries, [](const Entry& entry) { return entry.kind == EntryKind::kConfiguration; });
}

// As seldom as memberships change.
[[gnu::cold, gnu::noinline]] Result<void> check_configurations(const Message& message,
                                                               const Append& append) {
  for (const Entry& entry : append.entries) {
    if (entry.kind != EntryKind::kConfiguration) {
      continue;
    }
    if (auto configuration = Configuration::decode(entry.payload); !configuration) {
      return wrong(message,
                   "entries: " + describe(entry.position()) + ": " + configuration.error().message);
    }
  }
  return {};
}

// A log has a run at every position, its base if nothing else. Without one the leader would learn
// nothing, and probe at the same place again.
Result<void> check_runs(const Message& message, const AppendRejected& answer) {
  if (answer.runs.empty()) {
    return wrong(message, "runs: none, so where the logs agree cannot be told");
  }
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

[[gnu::cold]] Result<void> wrong_at_committed(const Message& message, Index committed) {
  return wrong(message, "entries: of another term at " + number(committed.value()) +
                            ", which is committed here");
}
[[gnu::cold]] Result<void> wrong_round(const Message& message, Round round) {
  return wrong(message, "round: " + number(round.value()) + " was never begun");
}
[[gnu::cold]] Result<void> wrong_match(const Message& message, Index match) {
  return wrong(message, "match: " + number(match.value()) + " is beyond the leader's log");
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
    if (!possible(m.prev)) {
      return wrong_position(message, m.prev, "prev");
    }
    if (m.prev.term > message.term) {
      return wrong(message, "prev: its term is above the sender's");
    }
    if (const std::size_t good = in_order(m, message.term); good < m.entries.size()) {
      return wrong_entry(message, m, good);
    }
    if (contradicts_committed(m)) {
      return wrong_at_committed(message, core.log.committed());
    }
    return brings_configuration(m) ? check_configurations(message, m) : Result<void>{};
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
    return m.tag.batch > 0 ? Result<void>{} : wrong(message, "batch: must be above 0");
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
  [[nodiscard]] bool contradicts_committed(const Append& m) const {
    const Index committed = core.log.committed();
    const bool speaks_of_it =
        committed >= m.prev.index && committed <= m.prev.index + m.entries.size();
    if (message.term < core.term() || !speaks_of_it) {
      return false;
    }
    const Term there =
        committed == m.prev.index ? m.prev.term : m.entries[committed - m.prev.index - 1].term;
    return core.log.term_at(committed) != there;
  }
  // A round that this leader has not begun cannot be answered (rule 5).
  [[nodiscard]] Result<void> check_round(Round round) const {
    const Leader* leader = core.leader();
    if (leader != nullptr && message.term == core.term() && round > leader->round) {
      return wrong_round(message, round);
    }
    return {};
  }
  [[nodiscard]] Result<void> check_match(Index match, Round round) const {
    if (core.leader() != nullptr && message.term == core.term() && match > core.log.last().index) {
      return wrong_match(message, match);
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

// Before the first election nobody has anything else to say.
bool may_be_of_term_0(const MessageBody& body) {
  return std::holds_alternative<PreVote>(body) || std::holds_alternative<PreVoteAnswer>(body) ||
         std::holds_alternative<Removed>(body);
}

[[gnu::cold]] Result<void> wrong_envelope(const Core& core, const Message& message) {
  if (message.to != core.self()) {
    return wrong(message, "to: n" + number(message.to.value()) + ", but this is n" +
                              number(core.self().value()));
  }
  if (message.term.value() >= kEnd) {
    return wrong(message, "term: " + number(message.term.value()) + " cannot be");
  }
  if (message.term == Term{}) {
    return wrong(message, "term: 0 is before the first election");
  }
  return wrong(message, "from: must be another node");
}

struct CheckEvent {
  const Core& core;

  Result<void> operator()(const Received& e) const { return validate(core, e.message); }
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

Result<void> validate(const Core& core, const Message& message) {
  const bool right_envelope = message.to == core.self() && message.from != kNobody &&
                              message.from != core.self() && message.term.value() < kEnd &&
                              (message.term > Term{} || may_be_of_term_0(message.body));
  if (!right_envelope) {
    return wrong_envelope(core, message);
  }
  return std::visit(CheckBody{core, message}, message.body);
}

Result<void> validate(const Core& core, const Event& event) {
  return std::visit(CheckEvent{core}, event);
}

}  // namespace quorate
