// Membership (dissertation 4.1-4.3): any change in one call, by joint consensus where voters
// change.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "raft/core.h"

namespace quorate {
namespace {

void append_configuration(Core& core, Leader& leader, Configuration configuration) {
  const Index index =
      append_as_leader(core, leader, EntryKind::kConfiguration, configuration.encode());
  configuration_appended(core, index, std::move(configuration));
  refresh_peers(core, leader);
}

// The configuration at `index`, which is committed, is in effect there. Where its own entry is
// compacted away, the base says the same.
LogPosition position_of(const Core& core, Index index) {
  return index > core.log.base().index ? LogPosition{index, *core.log.term_at(index)}
                                       : core.log.base();
}

// Those that the latest configuration removed learn it, if they can be reached; the others when
// they campaign.
void tell_the_removed(Core& core, Output& output) {
  for (const NodeId id : core.membership.previous().members()) {
    if (id != core.self() && !core.configuration().contains(id)) {
      send(core, output, id, Removed{position_of(core, core.membership.latest_index())});
    }
  }
}

void note_removed(Core& core, Index as_of, Output& output) {
  if (!core.removed()) {
    core.removed_at = as_of;
    output.happened.push_back(Happened::kRemoved);
  }
}

}  // namespace

void change_membership(Core& core, const ChangeMembership& request, Output& output) {
  Leader* leader = core.leader();
  if (leader == nullptr) {
    return refuse(core, output, request.id, Refusal::kNotLeader);
  }
  if (leader->transfer) {
    return refuse(core, output, request.id, Refusal::kTransferring);
  }
  if (core.configuration().joint() || core.membership.latest_index() > core.log.committed()) {
    return refuse(core, output, request.id, Refusal::kChangePending);
  }
  // Rule 8: a leader that has committed nothing of its own might not know of a change that an
  // earlier one committed.
  if (!committed_in_own_term(core, *leader)) {
    return refuse(core, output, request.id, Refusal::kNotReady);
  }
  Configuration next = request.target;
  if (next.voters != core.configuration().voters) {
    next.old_voters = core.configuration().voters;
  }
  append_configuration(core, *leader, std::move(next));
  answer(output, request.id, Appended{core.log.last()});
}

// A configuration takes effect when it is appended, not when it commits (4.1).
void configuration_appended(Core& core, Index index, Configuration configuration) {
  core.membership.appended(index, std::move(configuration));
  if (core.removed() && index > core.removed_at && core.configuration().contains(core.self())) {
    core.removed_at = Index{};
  }
}

// ... and goes with its entry.
void configurations_truncated(Core& core, Index first) { core.membership.truncated_from(first); }

void configuration_committed(Core& core, Output& output) {
  if (core.configuration().joint()) {
    return;
  }
  const Index latest = core.membership.latest_index();
  const bool was_member = core.membership.previous().contains(core.self());
  if (was_member && !core.configuration().contains(core.self())) {
    note_removed(core, latest, output);
  }
  if (core.leader() != nullptr) {
    tell_the_removed(core, output);
  }
}

// After the commit index moved: judged by the latest configuration, whatever the commit jumped over
// (scenario 21). True: there is another configuration now, and commits are to be counted by it.
bool leader_after_configuration(Core& core, Leader& leader, Output& output) {
  if (core.membership.latest_index() > core.log.committed()) {
    return false;
  }
  if (core.configuration().joint()) {
    // Rule 4: a joint configuration committed, the leader appends the final one and counts anew.
    const bool may = committed_in_own_term(core, leader);
    if (may) {
      append_configuration(core, leader, core.configuration().final_form());
    }
    return may;
  }
  if (!leader.self_votes) {
    // 4.2.2: a leader that removed itself steps down when that is committed, and not before.
    hand_to_best_peer(core, leader, output);
    step_down(core, output, Happened::kSteppedDownRemoved);
  }
  return false;
}

void refresh_peers(Core& core, Leader& leader) {
  const auto among = [](const std::vector<NodeId>& ids, NodeId id) {
    return std::ranges::binary_search(ids, id);
  };
  const Configuration& configuration = core.configuration();
  std::vector<Progress> peers;
  for (const NodeId id : configuration.members()) {
    if (id == core.self()) {
      continue;
    }
    Progress* known = find_peer(leader, id);
    peers.push_back(known != nullptr ? std::move(*known)
                                     : Progress{id, core.log.last().index.next(), core.now});
    peers.back().set_votes(among(configuration.voters, id), among(configuration.old_voters, id));
  }
  leader.peers = std::move(peers);
  leader.self_votes = among(configuration.voters, core.self());
  leader.self_votes_old = among(configuration.old_voters, core.self());
}

// What the notice says is committed, so it stands against whatever is not committed here. Only a
// later configuration that names this node again, in a log that agrees with the notice, outweighs
// it.
void on_removed(Core& core, const Removed& notice, Output& output) {
  const bool agrees = notice.as_of.index <= core.log.base().index || core.log.matches(notice.as_of);
  const bool named_later = core.membership.latest_index() > notice.as_of.index &&
                           core.configuration().contains(core.self());
  if (core.removed() || core.configuration().voters.empty() || (agrees && named_later)) {
    return;
  }
  note_removed(core, notice.as_of.index, output);
  if (!std::holds_alternative<Follower>(core.role)) {
    become_follower(core, output, core.term(), kNobody);
  }
}

// A removed node that missed its removal campaigns; who knows better says so (rule 8): it is in
// neither the committed configuration nor any after it.
void tell_if_removed(const Turn& turn) {
  Core& core = turn.core;
  const ConfigurationAt& known = core.membership.at(core.log.committed());
  const bool settled = !known.configuration.joint() && !known.configuration.voters.empty();
  if (settled && !known.configuration.contains(turn.message.from) &&
      !core.membership.names_after(known.index, turn.message.from)) {
    reply(turn, Removed{position_of(core, known.index)});
  }
}

}  // namespace quorate
