// Leadership transfer (dissertation 3.10): bring the target up to date, tell it to campaign, and be
// done, or call it off after a bounded time and go on leading.
#include <algorithm>
#include <utility>

#include "raft/core.h"

namespace quorate {

void transfer_leadership(Core& core, const TransferLeadership& request, Output& output) {
  Leader* leader = core.leader();
  if (leader == nullptr) {
    return refuse(core, output, request.id, Refusal::kNotLeader);
  }
  if (leader->transfer) {
    return refuse(core, output, request.id, Refusal::kTransferring);
  }
  if (!core.configuration().is_voter(request.target)) {
    return refuse(core, output, request.id, Refusal::kInvalid,
                  "transfer.target: not a voter of this group");
  }
  if (request.target == core.self()) {
    return answer(output, request.id, HandedOver{});
  }
  leader->idle_since = core.now;
  leader->transfer = Transfer{request.id, request.target, core.now + core.options.transfer_timeout};
}

// Called at every flush: the target is told as soon as it holds everything. Told once; if that is
// lost, the deadline ends it.
void drive_transfer(Core& core, Leader& leader, Output& output) {
  if (!leader.transfer || leader.transfer->sent) {
    return;
  }
  const Progress* target = find_peer(leader, leader.transfer->target);
  if (target == nullptr || !core.configuration().is_voter(leader.transfer->target)) {
    return end_transfer(core, leader, /*handed_over=*/false, Refusal::kInvalid, output);
  }
  if (target->match() == core.log.last().index) {
    leader.transfer->sent = true;
    leader.lease_ended = true;  // rule 6: the target may be elected at any moment from now on
    send(core, output, leader.transfer->target, TimeoutNow{});
  }
}

void end_transfer(Core& core, Leader& leader, bool handed_over, Refusal why, Output& output) {
  if (!leader.transfer) {
    return;
  }
  const RequestId id = leader.transfer->id;
  leader.transfer.reset();
  if (handed_over) {
    answer(output, id, HandedOver{});
  } else {
    refuse(core, output, id, why);
  }
}

// A leader that cannot go on (its disk hangs, it is no member any more) does not let the group wait
// for a timeout.
void hand_to_best_peer(Core& core, Leader& leader, Output& output) {
  const Progress* best = nullptr;
  for (const Progress& peer : leader.peers) {
    const bool may_lead =
        core.configuration().is_voter(peer.id()) && peer.match() >= core.log.committed();
    if (may_lead && (best == nullptr || peer.match() > best->match())) {
      best = &peer;
    }
  }
  if (best != nullptr) {
    leader.lease_ended = true;
    send(core, output, best->id(), TimeoutNow{});
  }
}

void on_timeout_now(const Turn& turn) { campaign(turn.core, turn.output, /*handover=*/true); }

}  // namespace quorate
