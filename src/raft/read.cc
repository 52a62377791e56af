// Linearizable reads without the log (dissertation 6.4), and from a lease (6.4.1).
//
// Rule 5: a leader confirms that it leads by a round of messages, each numbered; answers repeat the
// number. A round serves only reads that arrived before its first message left, so an answer on its
// way cannot confirm what came after it.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "raft/core.h"
#include "raft/reached.h"

namespace quorate {
namespace {

Round confirmed_round(const Core& core, const Leader& leader) {
  return reached(core, leader, leader.round,
                 [](const Progress& peer) { return peer.acknowledged_round(); });
}

void add_read(Core& core, Leader& leader, PendingRead pending) {
  pending.deadline = core.now + core.options.read_timeout;
  leader.idle_since = core.now;
  leader.reads.push_back(pending);
}

void serve(Core& core, const PendingRead& pending, Index index, Output& output) {
  if (pending.asker == kNobody) {
    answer(output, pending.id, ReadReady{index});
  } else {
    send(core, output, pending.asker, ReadIndexAnswer{pending.tag, index});
  }
}

void turn_down(Core& core, const PendingRead& pending, Refusal why, Output& output) {
  if (pending.asker == kNobody) {
    refuse(core, output, pending.id, why);
  } else {
    send(core, output, pending.asker, ReadIndexRefused{pending.tag});
  }
}

// Rule 6: the lease runs from when the confirmed round was *sent*, shortened by what clocks may
// drift apart; none after TimeoutNow was sent.
bool lease_holds(const Core& core, const Leader& leader) {
  if (!core.options.lease_reads || leader.lease_ended || leader.lease_from == Instant::min()) {
    return false;
  }
  const auto reach =
      core.options.election_timeout * (1000 - core.options.lease_drift_permille) / 1000;
  return core.now < leader.lease_from + reach;
}

bool answer_from_lease(Core& core, const Leader& leader, const PendingRead& pending,
                       Output& output) {
  if (!lease_holds(core, leader) || !committed_in_own_term(core, leader)) {
    return false;
  }
  serve(core, pending, core.log.committed(), output);
  return true;
}

// Only where leases are on: when each round began, until it is confirmed. However fast answers
// come, rounds are spaced.
void note_round(Core& core, Leader& leader) {
  if (!core.options.lease_reads) {
    return;
  }
  const Duration spacing = core.options.heartbeat_interval / 4;
  if (leader.round_began == Instant::min() || leader.round_began + spacing <= core.now) {
    leader.round = leader.round.next();
    leader.round_began = core.now;
    leader.rounds.push_back({leader.round, core.now});
  }
}

void extend_lease(Leader& leader, Round confirmed) {
  while (!leader.rounds.empty() && leader.rounds.front().round <= confirmed) {
    leader.lease_from = leader.rounds.front().at;
    leader.rounds.pop_front();
  }
}

}  // namespace

bool committed_in_own_term(const Core& core, const Leader& leader) {
  return core.log.committed() >= leader.term_start;
}

void read(Core& core, const Read& request, Output& output) {
  if (Leader* leader = core.leader()) {
    PendingRead pending;
    pending.id = request.id;
    if (request.mode == ReadMode::kLease && answer_from_lease(core, *leader, pending, output)) {
      return;
    }
    if (leader->reads.size() >= core.options.max_pending_reads) {
      return refuse(core, output, request.id, Refusal::kBusy);
    }
    return add_read(core, *leader, pending);
  }
  auto* follower = std::get_if<Follower>(&core.role);
  if (follower == nullptr || follower->leader == kNobody) {
    return refuse(core, output, request.id, Refusal::kNotLeader);
  }
  if (follower->reads.size() >= core.options.max_pending_reads) {
    return refuse(core, output, request.id, Refusal::kBusy);
  }
  follower->reads.push_back(
      {request.id, 0, request.mode == ReadMode::kLease, core.now + core.options.read_timeout});
}

void on_read_index(const Turn& turn, Leader& leader, const ReadIndex& request) {
  Core& core = turn.core;
  PendingRead pending;
  pending.asker = turn.message.from;
  pending.tag = request.tag;
  if (request.lease && answer_from_lease(core, leader, pending, turn.output)) {
    return;
  }
  if (leader.reads.size() >= core.options.max_pending_reads) {
    reply(turn, ReadIndexRefused{request.tag});
    return;
  }
  add_read(core, leader, pending);
}

// Reads that wait for a round get one: it begins now, with the messages of this flush, at the
// present commit index. Before the first commit of its term a leader does not know what is
// committed (6.4, step 1), and begins none.
// True: every peer has to hear of it now.
bool begin_round(Core& core, Leader& leader) {
  note_round(core, leader);
  const bool waiting = !leader.reads.empty() && leader.reads.back().round == Round{};
  if (!waiting || !committed_in_own_term(core, leader)) {
    return false;
  }
  leader.round = leader.round.next();
  for (std::size_t i = leader.reads.size(); i > 0 && leader.reads[i - 1].round == Round{}; --i) {
    leader.reads[i - 1].round = leader.round;
    leader.reads[i - 1].index = core.log.committed();
  }
  return true;
}

void serve_confirmed(Core& core, Leader& leader, Output& output) {
  const Round confirmed = confirmed_round(core, leader);
  extend_lease(leader, confirmed);
  while (!leader.reads.empty() && leader.reads.front().round != Round{} &&
         leader.reads.front().round <= confirmed) {
    serve(core, leader.reads.front(), leader.reads.front().index, output);
    leader.reads.pop_front();
  }
}

void expire_reads(Core& core, Leader& leader, Output& output) {
  while (!leader.reads.empty() && leader.reads.front().deadline <= core.now) {
    const bool unready = leader.reads.front().round == Round{};
    turn_down(core, leader.reads.front(), unready ? Refusal::kNotReady : Refusal::kTimedOut,
              output);
    leader.reads.pop_front();
  }
}

void refuse_reads(Core& core, Leader& leader, Refusal why, Output& output) {
  while (!leader.reads.empty()) {
    turn_down(core, leader.reads.front(), why, output);
    leader.reads.pop_front();
  }
}

// ---- At a follower

void forward_reads(Core& core, Follower& follower, Output& output) {
  for (const bool lease : {false, true}) {
    bool any = false;
    for (ForwardedRead& each : follower.reads) {
      if (each.batch == 0 && each.lease == lease) {
        core.read_batches += any ? 0 : 1;
        any = true;
        each.batch = core.read_batches;
      }
    }
    if (any) {
      send(core, output, follower.leader, ReadIndex{{core.options.boot, core.read_batches}, lease});
    }
  }
}

void on_read_index_answer(const Turn& turn, Follower& follower, const ReadIndexAnswer& reply) {
  if (reply.tag.boot != turn.core.options.boot) {
    return;  // to an earlier life of this node
  }
  std::erase_if(follower.reads, [&](const ForwardedRead& each) {
    const bool served = each.batch == reply.tag.batch;
    if (served) {
      answer(turn.output, each.id, ReadReady{reply.index});
    }
    return served;
  });
}

void on_read_index_refused(const Turn& turn, Follower& follower, const ReadIndexRefused& reply) {
  if (reply.tag.boot != turn.core.options.boot) {
    return;
  }
  std::erase_if(follower.reads, [&](const ForwardedRead& each) {
    const bool refused = each.batch == reply.tag.batch;
    if (refused) {
      refuse(turn.core, turn.output, each.id, Refusal::kNotReady);
    }
    return refused;
  });
}

void expire_forwarded(Core& core, Follower& follower, Output& output) {
  std::erase_if(follower.reads, [&](const ForwardedRead& each) {
    const bool expired = each.deadline <= core.now;
    if (expired) {
      refuse(core, output, each.id, Refusal::kTimedOut);
    }
    return expired;
  });
}

void refuse_forwarded(Core& core, Follower& follower, Refusal why, Output& output) {
  for (const ForwardedRead& each : std::exchange(follower.reads, {})) {
    refuse(core, output, each.id, why);
  }
}

}  // namespace quorate
