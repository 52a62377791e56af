#include "sim/lab/server.h"

#include <algorithm>

#include "raft/invariants.h"
#include "raft/trace.h"
#include "sim/lab/timeline.h"

namespace quorate::lab {
namespace {

Raft first_breath(Peer peer, const Options& options, const Disk& disk, Instant now) {
  auto restored = disk.restore();
  if (!restored) {
    throw Failed{"peer " + std::to_string(peer) +
                 " cannot read its own disk: " + restored.error().message};
  }
  auto raft = Raft::create(options, std::move(restored.value()), now);
  if (!raft) {
    throw Failed{"peer " + std::to_string(peer) + " does not start: " + raft.error().message};
  }
  return std::move(raft.value());
}

void require_none(const AppliedLogs::Problem& problem) {
  if (problem) {
    throw Failed{*problem};
  }
}

}  // namespace

Server::Server(Peer peer, const Options& options, Belongings& belongings, Instant now)
    : peer_(peer), own_(belongings), raft_(first_breath(peer, options, belongings.disk, now)) {
  own_.logs->restarted(peer);
  if (!own_.disk.snapshot_content().empty()) {
    require_none(own_.logs->install(peer, own_.disk.snapshot_content(), std::nullopt));
  }
}

PeerState Server::state() const {
  const Position at = raft_.at();
  return {at.term, at.role == Role::kLeader};
}

const Bytes& Server::snapshot_content(const SnapshotMeta& meta) const {
  if (meta != own_.disk.snapshot()) {
    throw Failed{name() + " sends the snapshot " + describe(meta) + " and holds " +
                 describe(own_.disk.snapshot())};
  }
  return own_.disk.snapshot_content();
}

void Server::check(const Position& before) const {
  if (const auto breach = check_invariants(before, raft_.at())) {
    throw Failed{name() + " breaks an invariant: " + *breach};
  }
}

void Server::step(Instant now, const Event& event) {
  const Position before = raft_.at();
  if (const auto result = raft_.step(now, event, output_); !result) {
    throw Failed{name() + " refused an event that is right: " + result.error().message};
  }
  check(before);
  if (own_.trace) {
    traced_.emplace_back(before, event);
  }
}

std::optional<Placed> Server::propose(Instant now, Command command) {
  const RequestId id{++proposals_};
  step(now, Propose{id, payload_of(command)});
  const auto answer = std::ranges::find(output_.answers, id, &Answer::id);
  if (answer == output_.answers.end()) {
    throw Failed{name() + " gave no answer to a proposal"};
  }
  const auto* appended = std::get_if<Appended>(&answer->outcome);
  if (appended == nullptr) {
    return std::nullopt;
  }
  return Placed{appended->position.index, appended->position.term};
}

void Server::receive(Instant now, const Message& message, const Bytes& files) {
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    staged_[install->snapshot.last.index] = files;
  }
  step(now, Received{message});
}

void Server::settle(Instant now) {
  do {
    const Position before = raft_.at();
    raft_.flush(now, output_);
    check(before);
    trace_settled(now, before);
    wake_at_ = output_.wake_at;
    completions_.clear();
    write();
    for (const ReadEntries& wanted : output_.reads) {
      read(wanted);
    }
    if (output_.restore) {
      restore(*output_.restore);
    }
    apply(output_.committed);
    output_.clear();
    for (const Event& done : completions_) {
      step(now, done);
    }
  } while (!completions_.empty());
}

void Server::write() {
  std::ranges::move(output_.send_now, std::back_inserter(outbox_));
  const Persist& persist = output_.persist;
  if (persist.ticket != Ticket{}) {
    own_.disk.write(persist, staged_);
    staged_.erase(staged_.begin(), staged_.upper_bound(own_.disk.snapshot().last.index));
    completions_.emplace_back(Persisted{persist.ticket});
  }
  // Writes are durable at once, so that none of these has to wait any longer.
  for (Deferred& deferred : output_.send_after_persist) {
    outbox_.push_back(std::move(deferred.message));
  }
}

void Server::restore(const SnapshotMeta& meta) {
  if (meta != own_.disk.snapshot()) {
    throw Failed{name() + " restores the snapshot " + describe(meta) + " and holds " +
                 describe(own_.disk.snapshot())};
  }
  require_none(own_.logs->install(peer_, own_.disk.snapshot_content(), meta.last.index));
  completions_.emplace_back(Applied{meta.last.index});
}

void Server::apply(const std::vector<Entry>& entries) {
  constexpr std::uint64_t kInterval = 10;
  std::vector<Index> snapshots;
  for (const Entry& entry : entries) {
    std::optional<Command> command;
    if (entry.kind == EntryKind::kCommand) {
      command = parse_command(entry.payload.text());
      if (!command) {
        throw Failed{name() + " applied what nobody proposed: " + describe(entry)};
      }
    }
    if (!own_.snapshots) {
      require_none(own_.logs->apply(peer_, entry.index, command));
      continue;
    }
    require_none(own_.logs->apply_next(peer_, entry.index, command));
    if ((entry.index.value() + 1) % kInterval == 0) {
      staged_[entry.index] = own_.logs->snapshot(peer_, entry.index);
      snapshots.push_back(entry.index);
    }
  }
  if (!entries.empty()) {
    completions_.emplace_back(Applied{entries.back().index});
  }
  for (const Index index : snapshots) {
    completions_.emplace_back(SnapshotTaken{index});
  }
}

void Server::read(const ReadEntries& wanted) {
  completions_.emplace_back(EntriesRead{
      wanted.reader, wanted.first, own_.disk.read(wanted.first, wanted.last, wanted.max_bytes)});
}

void Server::trace_settled(Instant now, const Position& before) {
  if (!own_.trace) {
    return;
  }
  static const Output kNothing;
  for (std::size_t i = 0; i < traced_.size(); ++i) {
    const bool last = i + 1 == traced_.size();
    const Position after = last ? raft_.at() : traced_[i + 1].first;
    const Output& output = last ? output_ : kNothing;
    for (const std::string& line :
         trace(TraceFormat::kText, now, traced_[i].first, after, traced_[i].second, output)) {
      own_.trace(stamp(now) + " " + line);
    }
  }
  maybe(traced_.empty() && before != raft_.at());
  traced_.clear();
}

}  // namespace quorate::lab
