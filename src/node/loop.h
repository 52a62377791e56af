// Loop: the lane that owns groups outright. Whatever happens to a group comes to its loop as a
// letter or as a message from another node; the loop steps the group's core and puts what follows
// into other lanes' mailboxes. It waits for no disk, no socket and no state machine.
//
// One turn takes in all that has come, for any number of groups, and only then lets it out: so what
// came together shares writes, bodies and batches.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "node/group.h"
#include "node/letters.h"
#include "node/outbox.h"
#include "node/repairs.h"

namespace quorate {

class LogLane;
class MachineLane;
class ReaderLane;
class SnapshotLane;

class Loop final : public LoopPort {
 public:
  struct Lanes {
    LogLane* log = nullptr;
    MachineLane* machine = nullptr;
    ReaderLane* reader = nullptr;
    SnapshotLane* snapshots = nullptr;
  };
  struct Limits {
    std::size_t letters = 65536;  // requests in the inbox beyond it are answered busy
    // Alarms are rounded up to this, so that the heartbeats of many groups leave together.
    Duration grain = std::chrono::milliseconds{5};
    Duration handover = std::chrono::milliseconds{500};  // of leadership, when stopping
  };
  using Send = Outbox::Send;
  // Where members are found changed: the members of a group, as of its newest configuration.
  using MembersChanged = std::function<void(const Members&)>;

  Loop(env::Env& env, NodeId self, Limits limits, Observer* observer);

  // Before its first turn.
  void connect(Lanes lanes, Send send, MembersChanged members_changed);
  void run_on(env::Lane* lane) { lane_ = lane; }

  // ---- From any lane

  void post(LoopLetter letter) override;
  void post_all(std::vector<LoopLetter>& letters) override;
  // A request; false (and nothing taken) when too much waits already.
  template <class Ask>
  bool ask(Ask& request) {
    if (mailbox_.size() >= limits_.letters) {
      return false;
    }
    post(std::move(request));
    return true;
  }

  // ---- On its own lane

  // One turn. When it wants the next at the latest.
  Instant work();
  // A message of another node, to be taken in by the next turn.
  void receive(GroupId group, Message message);
  // A connection to another node broke: what was on its way there is lost.
  void peer_lost(NodeId peer);
  // Another node has been away for too long.
  void peer_silent(NodeId peer);
  // Another node's answer to what was asked for a fenced group.
  void found(const EntryFound& found);
  void missing(NodeId from, const EntryMissing& missing);

  [[nodiscard]] Group* find(GroupId group);

 private:
  struct Alarm {
    Instant at;
    GroupId group;
    friend bool operator<(const Alarm& a, const Alarm& b) {
      return a.at != b.at ? a.at > b.at : a.group > b.group;
    }
  };

  void open(LoopLetter& letter);
  void handle(AskPropose& ask);
  void handle(AskRead& ask);
  void handle(AskChange& ask);
  void handle(AskTransfer& ask);
  void handle(AskStatus& ask);
  void handle(Tell& tell);
  void handle(Adopt& adopt);
  void handle(Begin& begin);
  void handle(Written& written);
  void handle(DiskIs& disk);
  void handle(MachineFailed& failed);
  void handle(FenceOff& fence);
  void handle(RotFound& rot);
  void handle(Mended& mended);
  void handle(Judge& judge);
  void handle(Post& post);
  void handle(StopLoop& stop);
  [[nodiscard]] std::optional<Outcome> turned_away(GroupId group) const;

  void adopt(std::shared_ptr<Group> group);
  void locate(const Configuration& configuration);
  Instant repair();
  void touch(Group& group);
  void ring();
  void set_alarm(Group& group);
  void take_turns();
  void let_out();
  [[nodiscard]] Instant next_turn() const;
  void drive_stop();
  void stop_all(const std::string& why);

  env::Env& env_;
  Limits limits_;
  Observer* observer_;
  Lanes lanes_;
  Send send_;
  MembersChanged members_changed_;
  env::Lane* lane_ = nullptr;

  env::Mailbox<LoopLetter> mailbox_;
  std::vector<LoopLetter> letters_;
  std::unordered_map<GroupId, std::shared_ptr<Group>, IdHash> groups_;
  std::vector<Group*> in_order_;  // of their coming: the order of whatever concerns them all
  std::map<GroupId, Begin> beginning_;
  Repairs repairs_;
  Repairs::Orders orders_;
  bool repairing_ = false;      // as of the turn before, whose orders may still stand
  std::set<GroupId> reviving_;  // repaired, and not here yet
  std::vector<MendLetter> mends_;
  std::vector<Group*> touched_;
  std::priority_queue<Alarm> alarms_;
  Instant now_;

  Output output_;
  Outbox outbox_;
  std::vector<WriteLetter> writes_;
  std::vector<MachineLetter> machine_;
  std::vector<ReaderLetter> reads_;
  std::vector<SnapshotLetter> snapshots_;

  DiskIs disk_;
  bool stopping_ = false;
  bool stopped_ = false;
  Instant stop_by_ = kNever;
  std::vector<std::function<void()>> when_stopped_;
};

}  // namespace quorate
