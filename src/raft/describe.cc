// What the core's values look like to a reader.
#include <string>

#include "raft/fields.h"

namespace quorate {
namespace {

std::string number(Index index) { return std::to_string(index.value()); }

std::string line_of(const PeerStatus& peer) {
  return "  " + text_of(peer.id) + " " + (peer.voter ? "voter" : "learner") + " " +
         describe(peer.pace) + " match=" + number(peer.match) + " next=" + number(peer.next) +
         " inflight=" + std::to_string(peer.inflight);
}

}  // namespace

std::string describe(const Event& event) { return line_of(event); }
std::string describe(const Answer& answer) { return line_of(answer); }
std::string describe(const ReadEntries& read) { return line_of(read); }
std::string describe(const Persist& persist) { return line_of(persist); }

const char* describe(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotLeader:
      return "not leader";
    case Refusal::kBusy:
      return "busy";
    case Refusal::kTransferring:
      return "transferring";
    case Refusal::kChangePending:
      return "change pending";
    case Refusal::kNotReady:
      return "not ready";
    case Refusal::kTimedOut:
      return "timed out";
    case Refusal::kInvalid:
      return "invalid";
    case Refusal::kShutDown:
      return "shut down";
    case Refusal::kPoisoned:
      return "poisoned";
  }
  return "unknown";
}

const char* describe(Happened what) {
  switch (what) {
    case Happened::kBecameFollower:
      return "became follower";
    case Happened::kBecamePreCandidate:
      return "became pre-candidate";
    case Happened::kBecameCandidate:
      return "became candidate";
    case Happened::kBecameLeader:
      return "became leader";
    case Happened::kSteppedDownNoQuorum:
      return "stepped down: heard no majority";
    case Happened::kSteppedDownSlowDisk:
      return "stepped down: its disk hangs";
    case Happened::kSteppedDownRemoved:
      return "stepped down: no voter any more";
    case Happened::kTruncated:
      return "truncated";
    case Happened::kSnapshotInstalled:
      return "snapshot installed";
    case Happened::kRemoved:
      return "removed";
    case Happened::kFellAsleep:
      return "fell asleep";
    case Happened::kWokeUp:
      return "woke up";
  }
  return "unknown";
}

const char* describe(Role role) {
  switch (role) {
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  return "unknown";
}

const char* describe(Pace pace) {
  switch (pace) {
    case Pace::kProbe:
      return "probe";
    case Pace::kReplicate:
      return "replicate";
    case Pace::kSnapshot:
      return "snapshot";
  }
  return "unknown";
}

std::string describe(const Position& p) {
  std::string text = text_of(p.id) + " " + describe(p.role) + " t" + text_of(p.term);
  if (p.vote != kNobody) {
    text += " vote=" + text_of(p.vote);
  }
  if (p.leader != kNobody && p.leader != p.id) {
    text += " leader=" + text_of(p.leader);
  }
  text += " log=" + number(p.base.next()) + ".." + describe(p.last) +
          " commit=" + number(p.committed) + " applied=" + number(p.applied);
  if (p.stable != p.last.index) {
    text += " stable=" + number(p.stable);
  }
  if (p.snapshot != Index{}) {
    text += " snapshot=" + number(p.snapshot);
  }
  for (const auto& [holds, what] : {std::pair{p.joint, " joint"},
                                    {p.asleep, " asleep"},
                                    {p.removed, " removed"},
                                    {p.fenced, " fenced"},
                                    {p.restoring, " restoring"},
                                    {p.stopped, " stopped"}}) {
    text += holds ? what : "";
  }
  return text;
}

std::string describe(const Status& status) {
  std::string text = describe(status.at) + "\n  members " + describe(status.configuration) + "@" +
                     number(status.at.configuration_index);
  if (status.pending_reads > 0) {
    text += " reads=" + std::to_string(status.pending_reads);
  }
  if (status.pending_writes > 0) {
    text += " writes=" + std::to_string(status.pending_writes);
  }
  if (status.uncommitted_bytes > 0) {
    text += " uncommitted_bytes=" + std::to_string(status.uncommitted_bytes);
  }
  text += status.transferring ? " transferring" : "";
  for (const PeerStatus& peer : status.peers) {
    text += "\n" + line_of(peer);
  }
  return text;
}

}  // namespace quorate
