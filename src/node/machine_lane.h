// MachineLane: the lane of the state machines: applies batches, answers who waited for them, runs
// queries in between, and begins snapshots. The loop never waits for it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/env.h"
#include "env/mailbox.h"
#include "node/letters.h"
#include "node/state_machine.h"
#include "wal/snapshots.h"

namespace quorate {

struct SnapshotPolicy {
  std::uint64_t after_bytes = 64U << 20U;  // of commands applied since the last one; 0: never
};

class MachineLane {
 public:
  // A machine that is open, and where it stands.
  struct Seat {
    std::unique_ptr<StateMachine> machine;
    SnapshotMeta at;
    LoopPort* loop = nullptr;
  };

  MachineLane(env::Env& env, wal::Snapshots& snapshots, SnapshotPolicy policy, Observer* observer);

  // Before the group's first letter; not while letters of it are under way.
  void seat(GroupId group, Seat seat);
  // Where snapshots that were begun are finished.
  void finish_snapshots_by(std::function<void(SnapshotLetter)> finish) {
    finish_ = std::move(finish);
  }
  void put(MachineLetter letter);
  void put_all(std::vector<MachineLetter>& letters);
  void end() { lane_->end(); }

 private:
  struct Occupied {
    Seat seat;
    std::uint64_t bytes_since_snapshot = 0;
    bool snapshotting = false;
    bool failed = false;
  };
  struct Newcomer {
    GroupId group;
    Seat seat;
  };

  void work();
  void handle(GroupId group, Occupied& seat, ApplyBatch& batch);
  void handle(GroupId group, Occupied& seat, Restore& restore);
  void handle(GroupId group, Occupied& seat, RunQuery& query);
  void handle(GroupId group, Occupied& seat, SnapshotEnded& ended);
  void apply(GroupId group, Occupied& seat, const ApplyBatch& batch);
  void answer(ApplyBatch& batch);
  void snapshot_if_due(GroupId group, Occupied& seat);
  void fail(GroupId group, Occupied& seat, const std::string& why);
  void tell(GroupId group, const Occupied& seat, Event event);

  wal::Snapshots& snapshots_;
  SnapshotPolicy policy_;
  Observer* observer_;
  std::function<void(SnapshotLetter)> finish_;
  env::Mailbox<Newcomer> newcomers_;
  env::Mailbox<MachineLetter> mailbox_;
  std::vector<MachineLetter> letters_;
  std::map<GroupId, Occupied> seats_;
  std::vector<Command> commands_;
  std::vector<std::string> results_;
  std::unique_ptr<env::Lane> lane_;
};

}  // namespace quorate
