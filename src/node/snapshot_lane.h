// SnapshotLane: the lane that writes snapshots: finishes those that the machines begin, and
// receives those that other nodes offer, piece by piece, into a folder aside. What is whole,
// verified and durable is handed to the core.
//
// The receiver asks for each piece, one after the other, so that a transfer goes on where it broke
// off and the sender keeps nothing of it. One transfer a group; a newer snapshot takes its place.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "node/letters.h"
#include "wal/snapshots.h"

namespace quorate {

class SnapshotLane {
 public:
  SnapshotLane(env::Env& env, wal::Snapshots& snapshots, Observer* observer);

  // Who begins snapshots is told here when one has ended.
  void tell_machines_by(std::function<void(MachineLetter)> tell) {
    tell_machine_ = std::move(tell);
  }
  void put(SnapshotLetter letter);
  void put_all(std::vector<SnapshotLetter>& letters);
  void end() { lane_->end(); }

 private:
  struct Arriving {
    NodeId from;
    LoopPort* loop = nullptr;
    Message install;
    wal::Incoming files;
    Instant heard;
    Instant asked;
  };

  void work();
  void handle(const SnapshotLetter& letter, FinishMaking& finish);
  void handle(const SnapshotLetter& letter, Offered& offered);
  void handle(const SnapshotLetter& letter, PieceCame& came);
  void handle(const SnapshotLetter& letter, SnapshotIsGone& gone);
  void handle(const SnapshotLetter& letter, KeepOnly& keep);
  Result<wal::Incoming> open(GroupId group, const SnapshotMeta& wanted, const Bytes& text);
  void want_more(GroupId group, Arriving& arriving);
  void arrived(GroupId group, Arriving& arriving);
  void ask_again();

  env::Env& env_;
  wal::Snapshots& snapshots_;
  Observer* observer_;
  std::function<void(MachineLetter)> tell_machine_;
  env::Mailbox<SnapshotLetter> mailbox_;
  std::vector<SnapshotLetter> letters_;
  std::map<GroupId, Arriving> arriving_;
  std::unique_ptr<env::Lane> lane_;
};

}  // namespace quorate
