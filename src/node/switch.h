// Switch: between the loops of a node and other nodes. Takes bodies out, and hands what comes in to
// whoever owns it: messages to the group's loop, pieces of snapshots and asked-for entries to the
// lanes that write and read them. Lives on the first loop's lane.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/env.h"
#include "node/carrier.h"
#include "node/letters.h"
#include "node/loop.h"
#include "node/members.h"

namespace quorate {

class ReaderLane;
class SnapshotLane;

class Switch final : public CarrierEvents {
 public:
  struct Settings {
    NodeId self;
    // A node that could not be reached for so long is lost: its sleeping groups wake.
    Duration silence = std::chrono::milliseconds{250};
  };

  Switch(env::Env& env, Settings settings, Loop& loop, ReaderLane& reader, SnapshotLane& snapshots,
         Observer* observer);

  // ---- On the lane

  void received(NodeId from, const Bytes& body) override;
  void connected(NodeId peer) override;
  void disconnected(NodeId peer) override;
  void lost(NodeId peer) override;
  // Who has been silent for too long. Answers when to be called again.
  Instant work();

 private:
  void take(NodeId from, GroupMessage& said);
  void take(NodeId from, Offer& said);
  void take(NodeId from, Want& said);
  void take(NodeId from, Piece& said);
  void take(NodeId from, Gone& said);
  void take(NodeId from, AskEntry& said);
  void take(NodeId from, AskOffer& said);
  void take(NodeId from, EntryFound& said);
  void take(NodeId from, EntryMissing& said);
  void distrust(NodeId from, const std::string& why);

  env::Env& env_;
  Settings settings_;
  Loop& loop_;
  ReaderLane& reader_;
  SnapshotLane& snapshots_;
  Observer* observer_;
  std::vector<Said> said_;
  std::map<NodeId, Instant> gone_since_;
};

}  // namespace quorate
