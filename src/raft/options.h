// What a core is told once, when it is made.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "log/term_runs.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate {

struct Options {
  NodeId id;

  Duration heartbeat_interval = std::chrono::milliseconds{50};
  // T. A follower that hears nobody campaigns after a time drawn from [T, T + election_jitter). T
  // is also the reach of stickiness (no vote while a leader was heard within T) and of CheckQuorum
  // (a leader that heard no majority within T steps down).
  Duration election_timeout = std::chrono::milliseconds{250};
  Duration election_jitter = std::chrono::milliseconds{250};
  // What is in flight to a peer and unanswered for this long counts as lost (rule 9).
  Duration resend_timeout = std::chrono::milliseconds{250};
  // A snapshot may take longer.
  Duration snapshot_timeout = std::chrono::seconds{60};
  // A leader whose oldest write to disk is outstanding this long gives leadership up.
  Duration persist_timeout = std::chrono::seconds{1};
  // For so long after something was sent to a peer, what is little waits for company: a few entries
  // behind an append that is not answered yet, and word of a commit that no append has carried.
  // Zero: everything goes at once.
  Duration gather{0};
  // A read or a transfer that cannot be answered is refused after this long.
  Duration read_timeout = std::chrono::milliseconds{500};
  Duration transfer_timeout = std::chrono::milliseconds{250};

  bool pre_vote = true;
  bool check_quorum = true;
  // A new leader appends an empty entry, by which everything before it commits (5.4.2, 8). Without
  // it, reads and membership changes are refused as not ready until a command of the term has
  // committed.
  bool empty_entry = true;
  // Reads from the leader's lease (dissertation 6.4.1), right as long as no two clocks drift apart
  // by more than this many parts in a thousand. Never together with quiescence.
  bool lease_reads = false;
  std::uint32_t lease_drift_permille = 100;
  // A leader with nothing to do for this long puts its group to sleep; zero: never. Wants pre_vote
  // and check_quorum: without them a member that missed the sleep deposes its leader.
  Duration quiesce_after{0};

  std::uint64_t max_append_bytes = 1U << 20U;        // entries of one Append, at least one entry
  std::uint64_t max_inflight_bytes = 8U << 20U;      // unanswered per peer
  std::uint32_t max_inflight_messages = 256;         // unanswered per peer
  std::uint64_t max_uncommitted_bytes = 64U << 20U;  // proposals beyond it are answered busy
  std::uint64_t max_apply_bytes =
      1U << 20U;  // one batch for the state machine; two may be outstanding
  std::uint64_t log_window_bytes =
      16U << 20U;  // entries in memory, beyond which old ones are the disk's
  std::uint64_t max_pending_reads = 65536;  // reads beyond it are answered busy
  std::uint64_t compaction_tail =
      1000;  // entries kept behind a snapshot, for peers that lag a little

  // A number that differs in each life of this node; names its reads.
  std::uint64_t boot = 1;
  // Seeds the generator of election timeouts.
  std::uint64_t seed = 1;

  // The first field that cannot work, and why.
  [[nodiscard]] Result<void> validate() const;
};

// A configuration entry that is in the log, or the one that the snapshot carries.
struct ConfigurationAt {
  Index index;
  Configuration configuration;

  bool operator==(const ConfigurationAt&) const = default;
};

// What a node holds when it starts: nothing, or what its disk kept. Everything in it is durable.
struct Restored {
  HardState hard_state;
  SnapshotMeta snapshot;  // index 0 and the bootstrap configuration where there is none yet
  TermRuns runs;          // of the whole log; its base is at or before the snapshot
  std::vector<ConfigurationAt>
      configurations;       // every configuration entry after the snapshot, in order
  std::vector<Entry> tail;  // the newest entries, to be kept in memory
  Index applied;            // what the state machine holds; at least the snapshot's index
  bool fenced = false;      // rot was found: no vote and no campaign until `Unfence`

  // A new group with these members, nothing in its log. An empty configuration: a node that waits
  // to be added.
  static Restored fresh(Configuration bootstrap);
  // From entries that are all at hand, the first of them right after `base`.
  static Result<Restored> from_entries(HardState hard_state, SnapshotMeta snapshot,
                                       LogPosition base, std::vector<Entry> entries, Index applied);
  [[nodiscard]] Result<void> validate() const;
};

}  // namespace quorate
