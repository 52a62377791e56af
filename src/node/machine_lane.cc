#include "node/machine_lane.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "node/position.h"

namespace quorate {
namespace {

constexpr const char* kMachineFailed = "the state machine of this node has failed";

}  // namespace

MachineLane::MachineLane(env::Env& env, wal::Snapshots& snapshots, SnapshotPolicy policy,
                         Observer* observer)
    : snapshots_(snapshots), policy_(policy), observer_(observer) {
  lane_ = env.start_lane("machine", [this] { work(); });
}

void MachineLane::seat(GroupId group, Seat seat) {
  newcomers_.put({group, std::move(seat)});
  lane_->wake();
}

void MachineLane::put(MachineLetter letter) {
  if (mailbox_.put(std::move(letter))) {
    lane_->wake();
  }
}

void MachineLane::put_all(std::vector<MachineLetter>& letters) {
  if (mailbox_.put_all(letters)) {
    lane_->wake();
  }
}

void MachineLane::work() {
  // Letters first: whoever is seated after they were taken cannot have any among them.
  mailbox_.take(letters_);
  std::vector<Newcomer> newcomers;
  newcomers_.take(newcomers);
  for (Newcomer& newcomer : newcomers) {
    seats_[newcomer.group] = Occupied{.seat = std::move(newcomer.seat)};
  }
  for (MachineLetter& letter : letters_) {
    const auto seat = seats_.find(letter.group);
    QUORATE_ASSERT(seat != seats_.end());
    std::visit([&](auto& what) { handle(letter.group, seat->second, what); }, letter.what);
  }
  letters_.clear();
}

void MachineLane::handle(GroupId group, Occupied& seat, ApplyBatch& batch) {
  if (!seat.failed) {
    apply(group, seat, batch);
  }
  if (seat.failed) {
    for (Waiters::Due& due : batch.due) {
      due.done(unknown(kMachineFailed, due.position));
    }
    return;
  }
  answer(batch);
  tell(group, seat, Applied{seat.seat.at.last.index});
  snapshot_if_due(group, seat);
}

void MachineLane::apply(GroupId group, Occupied& seat, const ApplyBatch& batch) {
  SnapshotMeta& at = seat.seat.at;
  commands_.clear();
  results_.clear();
  for (const Entry& entry : batch.entries) {
    QUORATE_ASSERT(entry.index == at.last.index.next());
    at.last = entry.position();
    if (entry.kind == EntryKind::kCommand) {
      commands_.push_back({entry.index, entry.term, entry.payload.text()});
      seat.bytes_since_snapshot += entry.cost();
    } else if (entry.kind == EntryKind::kConfiguration) {
      at.configuration = Configuration::decode(entry.payload).value();
      at.configuration_index = entry.index;
    }
  }
  const Result<void> applied = seat.seat.machine->apply(commands_, encode_position(at), results_);
  if (!applied) {
    fail(group, seat, "applying up to " + describe(at.last) + ": " + applied.error().message);
  } else if (results_.size() != commands_.size()) {
    fail(group, seat,
         "applying up to " + describe(at.last) + ": " + std::to_string(results_.size()) +
             " results for " + std::to_string(commands_.size()) +
             " commands; apply() must add one for each");
  }
}

void MachineLane::answer(ApplyBatch& batch) {
  std::size_t command = 0;
  std::size_t place = 0;
  for (Waiters::Due& due : batch.due) {
    for (; place < due.place; ++place) {
      command += batch.entries[place].kind == EntryKind::kCommand ? 1 : 0;
    }
    const bool has_result = batch.entries[due.place].kind == EntryKind::kCommand;
    due.done(done_at(due.position, has_result ? std::move(results_[command]) : std::string{}));
  }
}

void MachineLane::handle(GroupId group, Occupied& seat, Restore& restore) {
  if (seat.failed) {
    return;
  }
  const auto folder = snapshots_.files_of(group, restore.snapshot.last);
  const Result<void> restored =
      seat.seat.machine->restore(folder, encode_position(restore.snapshot));
  if (!restored) {
    return fail(group, seat, "restoring " + folder + ": " + restored.error().message);
  }
  seat.seat.at = std::move(restore.snapshot);
  seat.bytes_since_snapshot = 0;
  tell(group, seat, Applied{seat.seat.at.last.index});
}

void MachineLane::handle(GroupId /*group*/, Occupied& seat, RunQuery& query) {
  const bool serves = query.outcome.fate == Fate::kDone && !seat.failed;
  if (query.outcome.fate == Fate::kDone && seat.failed) {
    query.outcome = unknown(kMachineFailed);
  }
  query.query(query.outcome, serves ? seat.seat.machine.get() : nullptr);
}

void MachineLane::handle(GroupId group, Occupied& seat, SnapshotEnded& ended) {
  seat.snapshotting = false;
  if (ended.made) {
    tell(group, seat, SnapshotTaken{ended.made->last.index});
  }
}

void MachineLane::snapshot_if_due(GroupId group, Occupied& seat) {
  if (policy_.after_bytes == 0 || seat.snapshotting ||
      seat.bytes_since_snapshot < policy_.after_bytes) {
    return;
  }
  seat.bytes_since_snapshot = 0;
  auto folder = snapshots_.begin(group, seat.seat.at.last);
  auto finish = folder ? seat.seat.machine->snapshot(folder.value())
                       : Result<StateMachine::FinishSnapshot>{folder.error()};
  if (!finish) {
    return note(observer_, group,
                "no snapshot at " + describe(seat.seat.at.last) + ": " + finish.error().message);
  }
  seat.snapshotting = true;
  finish_({seat.seat.loop, group, FinishMaking{seat.seat.at, std::move(finish.value())}});
}

void MachineLane::fail(GroupId group, Occupied& seat, const std::string& why) {
  seat.failed = true;
  seat.seat.loop->post(MachineFailed{group, why});
}

void MachineLane::tell(GroupId group, const Occupied& seat, Event event) {
  seat.seat.loop->post(Tell{group, std::move(event)});
}

}  // namespace quorate
