// Everything that a core asks for: values that its driver carries out. The caller owns the Output
// and reuses it; in steady state nothing is allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "model/message.h"
#include "quorate/types.h"

namespace quorate {

// What must become durable, in this order, as one write; answered by Persisted{ticket}. Writes are
// done in the order of their tickets. Nothing to do if `ticket` is 0.
struct Persist {
  Ticket ticket;
  std::optional<HardState> hard_state;
  // A snapshot that was received replaces the whole log: empty, and based at its last position. Its
  // files are staged and durable already. Write this record; then the state machine is told to
  // restore (Output::restore).
  std::optional<SnapshotMeta> install;
  // A snapshot that the application has taken. The record only.
  std::optional<SnapshotMeta> snapshot;
  // Entries to write; whatever the log held from the first of them on is replaced.
  std::vector<Entry> entries;
  // Entries up to here are not needed any more.
  std::optional<Index> compact;
};

// A message that may leave only when the write with this ticket is durable.
struct Deferred {
  Ticket after;
  Message message;

  Deferred() = default;
  Deferred(Ticket write, Message held) : after(write), message(std::move(held)) {}
  // Made in place: this is on the path of every acknowledgement.
  template <class Body>
  Deferred(Ticket write, NodeId from, NodeId to, Term term, Body body)
      : after(write), message{from, to, term, std::move(body)} {}
};

enum class Refusal : std::uint8_t {
  kNotLeader,      // somebody else leads; `leader` says who, if known
  kBusy,           // too much is waiting already
  kTransferring,   // leadership is being handed over
  kChangePending,  // one membership change at a time
  kNotReady,       // nothing of this leader's term is committed yet
  kTimedOut,  // no majority confirmed it in time; a read has no effect, a transfer was called off
  kInvalid,   // the request cannot be carried out as it stands; `detail` names the field
  kShutDown,
  kPoisoned,  // the node has found a bug in itself and takes no part any more
};
const char* describe(Refusal refusal);

// The proposal or the change is in the log at this position. It is done when the entry of this term
// at this index is applied; it has definitely failed when an entry of another term is applied
// there; otherwise it is unknown.
struct Appended {
  LogPosition position;
};
// A state that has applied `index` may answer the read.
struct ReadReady {
  Index index;
};
// Leadership was given up to the target's candidacy.
struct HandedOver {};
struct Refused {
  Refusal why = Refusal::kNotLeader;
  NodeId leader;
  std::string detail;
};
struct Answer {
  RequestId id;
  std::variant<Appended, ReadReady, HandedOver, Refused> outcome;
};
std::string describe(const Answer& answer);

// Entries that have left the memory: read them from disk, from `first` to `last`, as many as
// `max_bytes` hold but at least one, and answer with EntriesRead.
struct ReadEntries {
  NodeId reader;  // the peer they are for; this node itself: for its state machine
  Index first;
  Index last;
  std::uint64_t max_bytes = 0;
};

// What happened inside, for those who watch: not to be acted upon, but for kRemoved.
enum class Happened : std::uint8_t {
  kBecameFollower,
  kBecamePreCandidate,
  kBecameCandidate,
  kBecameLeader,
  kSteppedDownNoQuorum,  // CheckQuorum
  kSteppedDownSlowDisk,  // the oldest write is outstanding for too long
  kSteppedDownRemoved,   // the leader is no voter of the committed configuration any more
  kTruncated,
  kSnapshotInstalled,
  kRemoved,  // this node is in no committed configuration of the group: it may be shut down
  kFellAsleep,
  kWokeUp,
};
const char* describe(Happened what);

struct Output {
  Persist persist;
  std::vector<Message> send_now;
  std::vector<Deferred> send_after_persist;
  std::vector<Answer> answers;
  // For the state machine: first the restore, then the entries, consecutive and in order. Answered
  // by Applied.
  std::optional<SnapshotMeta> restore;
  std::vector<Entry> committed;
  std::vector<ReadEntries> reads;
  std::vector<Happened> happened;
  // When the core wants a Tick at the latest, if nothing else comes before.
  Instant wake_at = kNever;

  // Empties it and keeps the memory, that of the messages' entries too.
  void clear();
  // Takes the memory of a message that was sent by value and is done with.
  void give_back(Message message);
  // An empty vector with memory from an earlier use, if there is one.
  std::vector<Entry> take_spare();

 private:
  std::vector<std::vector<Entry>> spares_;
};

std::string describe(const ReadEntries& read);
std::string describe(const Persist& persist);

}  // namespace quorate
