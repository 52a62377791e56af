// Snapshots (section 7), and the flow of committed entries to the state machine.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Compaction keeps a tail for peers that lag a little, and never passes a snapshot that is on its
// way to a peer: or it would arrive to find the log begin after it, again and again (scenario 15).
Index compaction_point(const Core& core, Index snapshot) {
  const std::uint64_t tail = core.options.compaction_tail;
  Index point = snapshot.value() > tail ? snapshot - tail : Index{};
  if (const Leader* leader = core.leader()) {
    for (const Progress& peer : leader->peers) {
      if (peer.pace() == Pace::kSnapshot) {
        point = std::min(point, peer.pending_snapshot());
      }
    }
  }
  return std::max(point, core.log.base().index);
}

// Two batches may be out: one being applied, one waiting behind it.
bool machine_has_room(const Core& core) {
  const bool two_out = core.applying.earlier_batch > core.log.applied();
  return !core.applying.restoring && !core.applying.reading && !two_out;
}

bool waits_to_retry(const Core& core) {
  return core.applying.retry_at != kNever && core.now < core.applying.retry_at;
}

void handed_out(Core& core, Index last) {
  core.applying.earlier_batch = core.applying.handed;
  core.applying.handed = last;
}

}  // namespace

// The application's state at `index` is kept: entries up to there are not needed for a restart any
// more.
void snapshot_taken(Core& core, Index index) {
  const bool overtaken = core.installing || core.applying.restoring || index <= core.log.snapshot();
  if (overtaken) {
    return;  // a received one is newer
  }
  const ConfigurationAt& configuration = core.membership.at(index);
  core.snapshot = {
      {index, *core.log.term_at(index)}, configuration.configuration, configuration.index};
  core.log.snapshot_at(index);
  const Index point = compaction_point(core, index);
  core.log.compact(point);
  core.membership.compacted_to(point);
  core.persistence.snapshot_taken(core.snapshot, point);
}

// True: the peer was sent one.
bool send_snapshot(Core& core, Leader& leader, Progress& peer, Output& output) {
  if (core.snapshot.last.index < core.log.base().index || core.snapshot.last.index == Index{}) {
    peer.put_off(core.now, core.options.heartbeat_interval);  // ours is being restored itself
    return false;
  }
  peer.snapshot_sent(core.snapshot.last.index, core.now, core.options.snapshot_timeout);
  send(core, output, peer.id(), InstallSnapshot{core.snapshot, leader.round});
  return true;
}

void on_install_snapshot(const Turn& turn, const InstallSnapshot& request) {
  Core& core = turn.core;
  heard_from_leader(turn);
  if (core.installing) {
    reply(turn, TryLater{request.round});
    return;
  }
  const LogPosition last = request.snapshot.last;
  if (last.index <= core.log.committed()) {
    // A stale one: all of it is here. It may never take anything back.
    reply(turn, SnapshotAccepted{core.log.committed(), request.round}, core.log.committed());
    return;
  }
  if (core.log.matches(last)) {
    // The log reaches that far already: it is enough to know that it is committed.
    commit(core, turn.output, last.index);
    reply(turn, SnapshotAccepted{last.index, request.round}, last.index);
    return;
  }
  // The record goes to the disk; the log in memory is replaced when it is durable, all at once.
  core.installing = Installing{request, turn.message.from, turn.message.term};
  core.persistence.install(request.snapshot);
}

void install_persisted(Core& core, Output& output) {
  QUORATE_ASSERT(core.installing.has_value());
  const Installing installed = *std::exchange(core.installing, std::nullopt);
  const InstallSnapshot& request = installed.request;
  core.snapshot = request.snapshot;
  core.log.reset(request.snapshot.last);
  core.persistence.log_replaced(request.snapshot.last.index);
  core.membership.replaced_by(
      {request.snapshot.configuration_index, request.snapshot.configuration});
  core.applying = Applying{.handed = request.snapshot.last.index,
                           .earlier_batch = {},
                           .restoring = true,
                           .reading = false,
                           .retry_at = kNever};
  output.restore = request.snapshot;
  output.committed.clear();
  output.happened.push_back(Happened::kSnapshotInstalled);
  if (installed.term == core.term()) {
    send(core, output, installed.from,
         SnapshotAccepted{request.snapshot.last.index, request.round});
  } else {
    send(core, output, installed.from, StaleTerm{});
  }
}

// Entries that are committed and durable here go to the state machine, in order, in bounded
// batches. Committed may run ahead of what is durable; applied may not.
void hand_out(Core& core, Index upto, Output& output) {
  if (!machine_has_room(core) || waits_to_retry(core)) {
    return;
  }
  core.applying.retry_at = kNever;
  const Index first = core.applying.handed.next();
  const std::size_t before = output.committed.size();
  if (core.log.copy(first, upto, core.options.max_apply_bytes, output.committed) > 0) {
    QUORATE_ASSERT(output.committed.size() > before);
    handed_out(core, output.committed.back().index);
    return;
  }
  core.applying.reading = true;
  const Index in_reach = std::min(upto, core.log.window_first().previous());
  output.reads.push_back({core.self(), first, in_reach, core.options.max_apply_bytes});
}

void entries_read_for_machine(Core& core, const EntriesRead& event, Output& output) {
  if (!core.applying.reading || event.first != core.applying.handed.next()) {
    return;  // a snapshot was installed meanwhile
  }
  core.applying.reading = false;
  if (!event.entries) {
    core.applying.retry_at = core.now + core.options.resend_timeout;
    return;
  }
  const std::vector<Entry>& entries = event.entries.value();
  output.committed.insert(output.committed.end(), entries.begin(), entries.end());
  handed_out(core, entries.back().index);
}

void applied_to(Core& core, Index index) {
  core.log.apply_to(index);
  if (core.applying.restoring && index >= core.snapshot.last.index) {
    core.applying.restoring = false;
    core.log.snapshot_at(core.snapshot.last.index);
  }
}

}  // namespace quorate
