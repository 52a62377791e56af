// Letters: what lanes tell each other. Every arrow between two lanes of a node is one of these
// values, put into a mailbox by one lane and taken out by another; there is no other way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "model/message.h"
#include "node/bundle.h"
#include "node/observer.h"
#include "node/outbox.h"
#include "node/repairs.h"
#include "node/request.h"
#include "node/waiters.h"
#include "raft/event.h"
#include "raft/output.h"
#include "raft/status.h"
#include "wal/damage.h"

namespace quorate {

class Group;

// ---- To a loop

// From callers
struct AskPropose {
  GroupId group;
  Bytes payload;
  Done done;
};
struct AskRead {
  GroupId group;
  ReadKind kind = ReadKind::kLinearizable;
  Query query;
};
struct AskChange {
  GroupId group;
  Configuration target;
  Done done;
};
struct AskTransfer {
  GroupId group;
  NodeId target;
  Done done;
};
struct AskStatus {
  GroupId group;
  std::function<void(Result<Status>)> done;
};
// An event for a core, from whoever has one to tell.
struct Tell {
  GroupId group;
  Event event;
};
// A group that this node holds already.
struct Adopt {
  std::shared_ptr<Group> group;
};
// A group that is new here. It begins when the record of that is durable; `begin` is called then.
struct Begin {
  GroupId group;
  Configuration members;
  std::function<std::shared_ptr<Group>()> begin;
  Done done;
};
// Everything up to this write is durable.
struct Written {
  GroupId group;
  Ticket ticket;
};
// The disk has no room (the write is tried again), has again, or failed for good.
struct DiskIs {
  enum class State : std::uint8_t { kWell, kFull, kBroken };
  State state = State::kWell;
  std::string why;
};
// The machine of a group failed: its part here is over.
struct MachineFailed {
  GroupId group;
  std::string why;
};
// Entries of a group's log have rotted: it begins when they are here again (repairs.h).
struct FenceOff {
  GroupId group;
  std::vector<wal::Lost> lost;
  std::vector<Configuration> configurations;  // those that are not lost
};
// An entry of a group that runs was found rotten.
struct RotFound {
  wal::Lost lost;
};
// What a MendLetter asked for is durable, or could not be done.
struct Mended {
  GroupId group;
  Repairs::Change change;
  bool done = false;
};
// Another node has lost this entry, and our disk cannot give it; the core may know more.
struct Judge {
  NodeId to;
  EntryMissing missing;
};
// A body to be sent.
struct Post {
  NodeId to;
  Channel channel = Channel::kControl;
  Bytes body;
};
// Hands leadership over, then answers everybody; `done` is called when nothing is under way any
// more.
struct StopLoop {
  std::function<void()> done;
};
using LoopLetter =
    std::variant<AskPropose, AskRead, AskChange, AskTransfer, AskStatus, Tell, Adopt, Begin,
                 Written, DiskIs, MachineFailed, FenceOff, RotFound, Mended, Judge, Post, StopLoop>;

class LoopPort;

// ---- To the log's lane

// One group's write.
struct WriteLetter {
  LoopPort* from = nullptr;
  GroupId group;
  Persist persist;
};
// Of a fenced group: a lost entry's bytes; or the first of those that are to go; or what takes the
// place of all up to where it ends.
struct MendLetter {
  LoopPort* from = nullptr;
  GroupId group;
  std::variant<Entry, Index, SnapshotMeta> what;
};

// ---- To the machines' lane

struct ApplyBatch {
  std::vector<Entry> entries;
  std::vector<Waiters::Due> due;
};
struct Restore {
  SnapshotMeta snapshot;
};
struct RunQuery {
  Query query;
  Outcome outcome;
};
// The snapshot that was begun is finished (or failed): another may be begun.
struct SnapshotEnded {
  std::optional<SnapshotMeta> made;
};
struct MachineLetter {
  GroupId group;
  std::variant<ApplyBatch, Restore, RunQuery, SnapshotEnded> what;
};

// ---- To the reader's lane: what others want from our disk

struct ReadForPeer {
  ReadEntries read;
};
struct MakeOffer {
  Message install;
};
struct ServePiece {
  NodeId to;
  Want want;
};
struct ServeEntry {
  NodeId to;
  AskEntry ask;
};
struct OfferNewest {
  NodeId to;
};
// The log has segments to make ready, or to put aside.
struct TendLog {};
// Nothing of this group is lost any more: it is to begin.
struct Revive {};
// Whom this node has met is to be kept.
struct RememberPeers {
  std::string text;
};
inline constexpr const char* kPeersFile = "peers";
struct ReaderLetter {
  LoopPort* from = nullptr;
  GroupId group;
  std::variant<ReadForPeer, MakeOffer, ServePiece, ServeEntry, OfferNewest, TendLog, Revive,
               RememberPeers>
      what;
};

// ---- To the snapshots' lane: what is made and received

struct FinishMaking {
  SnapshotMeta snapshot;
  StateMachine::FinishSnapshot finish;
};
struct Offered {
  NodeId from;
  Offer offer;
};
struct PieceCame {
  NodeId from;
  Piece piece;
};
struct SnapshotIsGone {
  NodeId from;
  SnapshotName snapshot;
};
// The record of this snapshot is durable: what is older may go.
struct KeepOnly {
  LogPosition last;
};
struct SnapshotLetter {
  LoopPort* from = nullptr;
  GroupId group;
  std::variant<FinishMaking, Offered, PieceCame, SnapshotIsGone, KeepOnly> what;
};

// ---- Where letters are put

class LoopPort {
 public:
  LoopPort() = default;
  LoopPort(const LoopPort&) = delete;
  LoopPort& operator=(const LoopPort&) = delete;
  virtual ~LoopPort() = default;
  virtual void post(LoopLetter letter) = 0;
  virtual void post_all(std::vector<LoopLetter>& letters) = 0;
};

}  // namespace quorate
