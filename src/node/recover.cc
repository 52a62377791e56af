#include "node/recover.h"

#include <utility>

#include "node/observer.h"
#include "node/position.h"

namespace quorate {
namespace {

TermRuns runs_of(const wal::Recovered& recovered) {
  TermRuns runs{recovered.base};
  for (std::size_t i = 0; i < recovered.runs.size(); ++i) {
    const Index end =
        i + 1 < recovered.runs.size() ? recovered.runs[i + 1].first : recovered.last.next();
    while (runs.last().index.next() < end) {
      runs.append(recovered.runs[i].term);
    }
  }
  return runs;
}

}  // namespace

Result<Beginning> recover(GroupId id, std::unique_ptr<StateMachine> machine,
                          wal::Recovered recovered, wal::Snapshots& snapshots) {
  const std::string group = describe(id) + ": ";
  const auto blob = machine->open();
  if (!blob) {
    return Error{blob.error().code, group + "opening the state machine: " + blob.error().message};
  }
  auto at = decode_position(blob.value());
  if (!at) {
    return Error{at.error().code, group + "the state machine's position: " + at.error().message};
  }
  const SnapshotMeta snapshot = recovered.snapshot.value_or(SnapshotMeta{});
  if (at.value().last.index < snapshot.last.index) {
    if (const auto verified = snapshots.verify(id, snapshot.last); !verified) {
      return Error{verified.error().code, group + verified.error().message};
    }
    const std::string folder = snapshots.files_of(id, snapshot.last);
    if (const auto restored = machine->restore(folder, encode_position(snapshot)); !restored) {
      return Error{restored.error().code,
                   group + "restoring " + folder + ": " + restored.error().message};
    }
    at.value() = snapshot;
  }
  if (at.value().last.index == Index{}) {
    at.value() = snapshot;  // nothing is applied yet: the members that it began with
  }
  if (at.value().last.index > recovered.last) {
    return corrupt(
        group + "the state machine has applied " + describe(at.value().last) +
        ", but the log ends at " + std::to_string(recovered.last.value()) +
        ": one of the two is not this node's, or was put back from a backup. Remove this "
        "node from the group and add it anew with an empty directory");
  }
  Beginning beginning;
  beginning.core.hard_state = recovered.hard_state;
  beginning.core.snapshot = snapshot;
  beginning.core.runs = runs_of(recovered);
  for (auto& [index, configuration] : recovered.configurations) {
    beginning.core.configurations.push_back({index, std::move(configuration)});
  }
  beginning.core.tail = std::move(recovered.tail);
  beginning.core.applied = at.value().last.index;
  beginning.seat = {std::move(machine), std::move(at.value()), nullptr};
  return beginning;
}

Result<Beginning> begin(std::unique_ptr<StateMachine> machine, Configuration members) {
  const auto blob = machine->open();
  if (!blob) {
    return blob.error();
  }
  if (!blob.value().empty()) {
    return invalid("its state machine holds state already: a new group begins with none");
  }
  Beginning beginning;
  SnapshotMeta at;
  at.configuration = members;
  beginning.core = Restored::fresh(std::move(members));
  beginning.seat = {std::move(machine), std::move(at), nullptr};
  return beginning;
}

}  // namespace quorate
