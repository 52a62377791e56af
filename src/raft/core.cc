#include "raft/core.h"

#include <algorithm>
#include <utility>

namespace quorate {

Core::Core(const Options& given, Restored restored, Instant start)
    : options(given),
      // Members may well be given one seed; their timeouts must differ all the same (9.3).
      random(given.seed ^ (given.id.value() * 0x9e3779b97f4a7c15U)),
      now(start),
      hard_state(restored.hard_state),
      log({std::move(restored.runs), std::move(restored.tail), restored.snapshot.last.index,
           restored.applied},
          given.log_window_bytes),
      membership({restored.snapshot.configuration_index, restored.snapshot.configuration},
                 std::move(restored.configurations)),
      snapshot(std::move(restored.snapshot)),
      persistence(hard_state, log.last().index),
      applying{.handed = log.applied(),
               .earlier_batch = {},
               .restoring = false,
               .reading = false,
               .retry_at = kNever},
      fenced(restored.fenced) {
  Follower follower;
  follower.election = draw_election_timer(*this);
  role = std::move(follower);
  // Rule 6: this voter may have acknowledged a round that a lease still runs from, in the life
  // before.
  const bool lived_before = hard_state.term > Term{};
  if (options.lease_reads && lived_before) {
    no_votes_before = now + options.election_timeout;
  }
}

NodeId Core::known_leader() const {
  if (leader() != nullptr) {
    return self();
  }
  const auto* follower = std::get_if<Follower>(&role);
  return follower != nullptr ? follower->leader : kNobody;
}

void refuse(const Core& core, Output& output, RequestId id, Refusal why, std::string detail) {
  answer(output, id, Refused{why, core.known_leader(), std::move(detail)});
}

Index append_as_leader(Core& core, Leader& leader, EntryKind kind, Bytes payload) {
  Entry entry{core.term(), core.log.last().index.next(), kind, std::move(payload)};
  const Index index = entry.index;
  leader.uncommitted_bytes += entry.cost();
  leader.idle_since = core.now;
  core.log.append(std::move(entry));
  return index;
}

}  // namespace quorate
