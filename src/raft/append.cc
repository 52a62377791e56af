// A follower's side of replication (5.3), and what a commit brings about at any member.
#include <algorithm>
#include <span>
#include <utility>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

// Nothing can be appended while a snapshot's record is on its way to the disk: it will replace the
// log.
bool must_wait(const Core& core) { return core.installing.has_value(); }

void reject(const Turn& turn, const Append& request) {
  const Log& log = turn.core.log;
  const Index from = std::min(request.prev.index, log.last().index);
  reply(turn, AppendRejected{request.prev.index, from,
                             log.terms().describe_down_from(from, AppendRejected::kMaxRuns),
                             request.round});
}

void truncate(Core& core, Index first, Output& output) {
  core.log.truncate_from(first);
  core.persistence.truncated_from(first);
  configurations_truncated(core, first);
  output.happened.push_back(Happened::kTruncated);
}

// 5.3: an existing entry that conflicts goes, with all that follow it; what is here already stays
// untouched, even if more follows it: the message may be an old one.
void take_entries(Core& core, std::span<const Entry> entries, Output& output) {
  const Entry* fresh = core.log.first_new(entries);
  if (fresh == nullptr) {
    return;
  }
  if (fresh->index <= core.log.last().index) {
    truncate(core, fresh->index, output);
  }
  for (; fresh != entries.data() + entries.size(); ++fresh) {
    core.log.append(*fresh);
    if (fresh->kind == EntryKind::kConfiguration) {
      configuration_appended(core, fresh->index, Configuration::decode(fresh->payload).value());
    }
  }
}

}  // namespace

void on_append(const Turn& turn, const Append& request) {
  Core& core = turn.core;
  heard_from_leader(turn);
  if (must_wait(core)) {
    reply(turn, TryLater{request.round});
    return;
  }
  const std::span<const Entry> entries{request.entries};
  const Index end = request.prev.index + entries.size();
  if (end <= core.log.committed()) {
    // An old message: all of it was committed, so it is here (leader completeness), whatever memory
    // still holds.
    reply(turn, AppendAccepted{core.log.committed(), request.round}, core.log.committed());
    return;
  }
  // What it begins with may be committed already; the rest follows on that.
  const std::size_t known =
      core.log.committed() > request.prev.index ? core.log.committed() - request.prev.index : 0;
  if (known == 0 && !core.log.matches(request.prev)) {
    reject(turn, request);
    return;
  }
  take_entries(core, entries.subspan(known), turn.output);
  commit(core, turn.output, std::min(request.commit, end));
  reply(turn, AppendAccepted{end, request.round}, end);
}

// The leader names no more than it knows to be here.
void on_heartbeat(const Turn& turn, const Heartbeat& request) {
  Core& core = turn.core;
  heard_from_leader(turn);
  QUORATE_ASSERT(request.commit <= core.log.last().index);
  commit(core, turn.output, request.commit);
  reply(turn, HeartbeatAnswer{request.round});
}

void commit(Core& core, Output& output, Index index) {
  const Index before = core.log.committed();
  if (index <= before) {
    return;
  }
  core.log.commit_to(index);
  if (Leader* leader = core.leader()) {
    for (Index i = std::max(before.next(), leader->term_start); i <= index; i = i.next()) {
      leader->uncommitted_bytes -= core.log.entry(i).cost();
    }
  }
  const Index configured = core.membership.latest_index();
  if (configured > before && configured <= index) {
    configuration_committed(core, output);
  }
}

}  // namespace quorate
