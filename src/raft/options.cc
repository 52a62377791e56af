#include "raft/options.h"

#include <algorithm>
#include <string>
#include <utility>

namespace quorate {
namespace {

// Beyond it sums of times would leave their range, long before anybody waited for them.
constexpr Duration kLongest = std::chrono::hours{24};

Error option(const char* name, const char* why) {
  return invalid(std::string{"options."} + name + ": " + why);
}

Result<void> validate_limits(const Options& o) {
  if (o.max_append_bytes == 0 || o.max_inflight_bytes == 0 || o.max_inflight_messages == 0) {
    return option("max_append_bytes, max_inflight_bytes, max_inflight_messages",
                  "must be above 0, or nothing is ever sent");
  }
  if (o.max_uncommitted_bytes == 0 || o.max_apply_bytes == 0 || o.max_pending_reads == 0) {
    return option("max_uncommitted_bytes, max_apply_bytes, max_pending_reads",
                  "must be above 0, or nothing is ever accepted");
  }
  return {};
}

Result<void> validate_features(const Options& o) {
  if (o.lease_reads && !o.check_quorum) {
    return option("lease_reads", "a lease stands on stickiness; turn check_quorum on");
  }
  if (o.lease_reads && o.quiesce_after > Duration::zero()) {
    return option("lease_reads",
                  "never together with quiesce_after: a sleeping leader renews no lease");
  }
  if (o.quiesce_after > Duration::zero() && !(o.pre_vote && o.check_quorum)) {
    return option("quiesce_after",
                  "wants pre_vote and check_quorum: without them a member that missed the sleep "
                  "deposes its leader");
  }
  if (o.lease_drift_permille >= 1000) {
    return option("lease_drift_permille", "must be below 1000, or no lease ever holds");
  }
  return {};
}

// The entries in memory are the newest of the log, without a gap.
Result<void> validate_tail(const std::vector<Entry>& tail, const TermRuns& runs) {
  if (tail.size() > runs.last().index - runs.base().index) {
    return corrupt("restored entries: more than the log holds");
  }
  Index expected = runs.last().index + 1 - tail.size();
  for (const Entry& entry : tail) {
    if (entry.index != expected || runs.term_at(entry.index) != entry.term) {
      return corrupt("restored entries: " + describe(entry.position()) +
                     " is not the entry of this log at " + std::to_string(expected.value()));
    }
    expected = expected.next();
  }
  return {};
}

}  // namespace

Result<void> Options::validate() const {
  if (id == kNobody) {
    return option("id", "0 is nobody; give each member its own number");
  }
  if (heartbeat_interval <= Duration::zero()) {
    return option("heartbeat_interval", "must be above 0");
  }
  if (election_timeout < 2 * heartbeat_interval) {
    return option(
        "election_timeout",
        "must be at least two heartbeat intervals, or one late message elects a new leader");
  }
  if (election_timeout > kLongest) {
    return option("election_timeout", "must be at most a day");
  }
  if (election_jitter < Duration::zero() || election_jitter > kLongest) {
    return option("election_jitter", "must be at least 0 and at most a day");
  }
  for (const auto& [value, name] : {std::pair{resend_timeout, "resend_timeout"},
                                    {snapshot_timeout, "snapshot_timeout"},
                                    {persist_timeout, "persist_timeout"},
                                    {read_timeout, "read_timeout"},
                                    {transfer_timeout, "transfer_timeout"}}) {
    if (value <= Duration::zero() || value > kLongest) {
      return option(name, "must be above 0 and at most a day");
    }
  }
  if (gather < Duration::zero() || gather >= heartbeat_interval) {
    return option("gather", "must be less than a heartbeat interval; 0 turns it off");
  }
  if (quiesce_after < Duration::zero() || quiesce_after > kLongest) {
    return option("quiesce_after", "must be at most a day; 0 turns it off");
  }
  if (auto limits = validate_limits(*this); !limits) {
    return limits;
  }
  return validate_features(*this);
}

Restored Restored::fresh(Configuration bootstrap) {
  Restored restored;
  restored.snapshot.configuration = std::move(bootstrap);
  return restored;
}

Result<Restored> Restored::from_entries(HardState hard_state, SnapshotMeta snapshot,
                                        LogPosition base, std::vector<Entry> entries,
                                        Index applied) {
  Restored restored;
  restored.hard_state = hard_state;
  restored.snapshot = std::move(snapshot);
  restored.runs = TermRuns{base};
  restored.applied = applied;
  LogPosition before = base;
  for (const Entry& entry : entries) {
    if (entry.index != before.index.next() || entry.term < before.term || entry.term == Term{}) {
      return corrupt("restored log: " + describe(entry.position()) + " does not follow " +
                     describe(before));
    }
    restored.runs.append(entry.term);
    before = entry.position();
    if (entry.kind == EntryKind::kConfiguration && entry.index > restored.snapshot.last.index) {
      auto configuration = Configuration::decode(entry.payload);
      if (!configuration) {
        return configuration.error();
      }
      restored.configurations.push_back({entry.index, std::move(configuration.value())});
    }
  }
  restored.tail = std::move(entries);
  if (auto valid = restored.validate(); !valid) {
    return valid.error();
  }
  return restored;
}

Result<void> Restored::validate() const {
  const LogPosition last = runs.last();
  if (runs.base().index > snapshot.last.index) {
    return corrupt("restored log: begins at " + describe(runs.base()) + ", after its snapshot " +
                   describe(snapshot.last));
  }
  if (last.index < snapshot.last.index) {
    return corrupt("restored log: ends at " + describe(last) + ", before its snapshot " +
                   describe(snapshot.last));
  }
  if (applied < snapshot.last.index || applied > last.index) {
    return corrupt("restored state: has applied " + std::to_string(applied.value()) +
                   ", which is not between snapshot and end of the log");
  }
  if (hard_state.term < last.term) {
    return corrupt("restored hard state: term " + std::to_string(hard_state.term.value()) +
                   " is below the log's last, " + describe(last));
  }
  if (runs.term_at(snapshot.last.index) != snapshot.last.term) {
    return corrupt("restored snapshot: " + describe(snapshot.last) +
                   " is not of the same term in the log");
  }
  if (auto valid = validate_tail(tail, runs); !valid) {
    return valid;
  }
  const bool has_bootstrap = snapshot.configuration != Configuration{};
  if (has_bootstrap) {
    if (auto valid = snapshot.configuration.validate(); !valid) {
      return valid;
    }
  }
  Index before = snapshot.configuration_index;
  for (const ConfigurationAt& each : configurations) {
    if (each.index <= before && !(before == Index{} && each.index > Index{})) {
      return corrupt("restored configurations: not in the order of the log");
    }
    if (auto valid = each.configuration.validate(); !valid) {
      return valid;
    }
    before = each.index;
  }
  if (before > last.index) {
    return corrupt("restored configurations: beyond the end of the log");
  }
  return {};
}

}  // namespace quorate
