// Quiescence (rule 14): a group in which nothing happens, and in which everyone holds everything,
// costs nothing.
//
// Only the leader puts it to sleep, and only whoever holds the same goes along; one that does not
// is heard of and wakes the leader. Any message wakes; so does the news that the leader's node is
// lost.
#include <algorithm>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

bool all_quiet(const Core& core, const Leader& leader) {
  const Index last = core.log.last().index;
  const bool settled = core.log.committed() == last && core.log.stable() == last &&
                       core.log.applied() == last && core.persistence.outstanding() == 0 &&
                       !core.configuration().joint();
  if (!settled || leader.transfer || !leader.reads.empty()) {
    return false;
  }
  return std::ranges::all_of(leader.peers, [&](const Progress& peer) {
    return peer.idle() && peer.match() == last && peer.told_commit() == last &&
           core.now - peer.heard() < core.options.election_timeout;
  });
}

}  // namespace

void fall_asleep_if_idle(Core& core, Leader& leader, Output& output) {
  const Duration after = core.options.quiesce_after;
  const bool idle =
      after > Duration::zero() && !leader.asleep && leader.idle_since + after <= core.now;
  if (!idle || !all_quiet(core, leader)) {
    return;
  }
  leader.asleep = true;
  for (Progress& peer : leader.peers) {
    send(core, output, peer.id(), Quiesce{core.log.last()});
    peer.release_memory();
  }
  core.log.release_memory();
  core.persistence.release_memory();
  output.happened.push_back(Happened::kFellAsleep);
}

void on_quiesce(const Turn& turn, Follower& follower, const Quiesce& notice) {
  Core& core = turn.core;
  const Index last = core.log.last().index;
  const bool same = notice.last == core.log.last() && core.log.committed() == last &&
                    core.log.stable() == last && follower.reads.empty() && !core.installing;
  if (follower.leader != turn.message.from || !same) {
    send(core, turn.output, turn.message.from, Wake{});
    return;
  }
  follower.asleep = true;
  core.log.release_memory();
  core.persistence.release_memory();
  turn.output.happened.push_back(Happened::kFellAsleep);
}

void wake_up(Core& core, Output& output, Alarm why) {
  QUORATE_ASSERT(core.asleep());
  output.happened.push_back(Happened::kWokeUp);
  if (Leader* leader = core.leader()) {
    leader->asleep = false;
    leader->idle_since = core.now;
    leader->quorum_deadline = core.now + core.options.election_timeout;
    for (Progress& peer : leader->peers) {
      peer.restart_clocks(core.now);
      send_heartbeat(core, *leader, peer, output);
    }
    return;
  }
  auto& follower = std::get<Follower>(core.role);
  follower.asleep = false;
  follower.heard = why == Alarm::kLeaderLost ? Instant::min() : core.now;
  follower.election.restart(core.now);
  if (why == Alarm::kSomebody) {
    send(core, output, follower.leader, Wake{});
  }
}

}  // namespace quorate
