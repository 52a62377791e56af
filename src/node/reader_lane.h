// ReaderLane: the lane that reads the disk for others: entries that have left the memory, pieces of
// snapshots, records that another node has lost. So a slow follower costs the log's writer nothing.
//
// It also knows of each snapshot that it offered whether the other side still asks for pieces.
// Where it does not, the offer or an answer was lost, and the core is told that it failed: it
// offers again.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "node/letters.h"
#include "wal/snapshots.h"
#include "wal/wal.h"

namespace quorate {

class ReaderLane {
 public:
  ReaderLane(env::Env& env, wal::Wal& wal, wal::Snapshots& snapshots, Observer* observer);

  // How a group that was fenced begins.
  void revive_by(std::function<void(GroupId)> revive) { revive_ = std::move(revive); }
  void put(ReaderLetter letter);
  void put_all(std::vector<ReaderLetter>& letters);
  void end() { lane_->end(); }

 private:
  struct Offering {
    LoopPort* loop = nullptr;
    Instant heard;
  };

  void work();
  void watch_offers();
  Result<std::string> piece_of(const Want& want);
  void handle(const ReaderLetter& letter, ReadForPeer& read);
  void handle(const ReaderLetter& letter, MakeOffer& offer);
  void handle(const ReaderLetter& letter, ServePiece& piece);
  void handle(const ReaderLetter& letter, ServeEntry& entry);
  void handle(const ReaderLetter& letter, OfferNewest& offer);
  EntryMissing::Why why_not(GroupId group, const AskEntry& ask);
  void handle(const ReaderLetter& letter, TendLog& tend);
  void handle(const ReaderLetter& letter, Revive& revive);
  void handle(const ReaderLetter& letter, RememberPeers& peers);

  env::Env& env_;
  wal::Wal& wal_;
  wal::Snapshots& snapshots_;
  Observer* observer_;
  std::function<void(GroupId)> revive_;
  env::Mailbox<ReaderLetter> mailbox_;
  std::vector<ReaderLetter> letters_;
  std::map<std::pair<GroupId, NodeId>, Offering> offering_;
  wal::Manifest manifest_;  // of the snapshot that was asked for last
  std::unique_ptr<env::Lane> lane_;
};

}  // namespace quorate
