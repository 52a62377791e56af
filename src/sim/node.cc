#include "sim/node.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/prints.h"

namespace quorate::sim {

void Machine::apply(const Entry& entry) {
  QUORATE_ASSERT(entry.index == applied.index.next(),
                 "the machine is at " + describe(applied) + ", the entry is " + describe(entry));
  Fingerprint next;
  next.add(digest);
  add(next, entry);
  digest = next.value();
  applied = entry.position();
  if (entry.kind == EntryKind::kCommand) {
    last_command = entry.payload.text();
  }
}

namespace {

const Machine& content_of(const SnapshotMeta& meta, const std::vector<Machine>& staged) {
  const auto found = std::ranges::find(staged, meta.last, &Machine::applied);
  QUORATE_ASSERT(found != staged.end(),
                 "no snapshot was staged that ends at " + describe(meta.last));
  return *found;
}

}  // namespace

void Disk::write(const Persist& persist, const std::vector<Machine>& staged) {
  if (persist.hard_state) {
    QUORATE_ASSERT(persist.hard_state->term >= hard_state.term);
    hard_state = *persist.hard_state;
  }
  if (persist.install) {
    QUORATE_ASSERT(persist.install->last.index > snapshot.last.index);
    snapshot_machine = content_of(*persist.install, staged);
    snapshot = *persist.install;
    base = snapshot.last;
    entries.clear();
  }
  if (persist.snapshot) {
    QUORATE_ASSERT(holds(persist.snapshot->last));
    snapshot_machine = content_of(*persist.snapshot, staged);
    snapshot = *persist.snapshot;
  }
  if (!persist.entries.empty()) {
    const Index first = persist.entries.front().index;
    QUORATE_ASSERT(first > base.index && first <= last().next(),
                   "the log on disk is " + describe(base) + ".." + std::to_string(last().value()) +
                       ", the write begins at " + std::to_string(first.value()));
    entries.resize(first - base.index.next());
    entries.insert(entries.end(), persist.entries.begin(), persist.entries.end());
  }
  if (persist.compact) {
    QUORATE_ASSERT(*persist.compact <= snapshot.last.index);
    compact(*persist.compact);
  }
}

void Disk::compact(Index upto) {
  if (upto <= base.index) {
    return;
  }
  const auto term = term_at(upto);
  QUORATE_ASSERT(term.has_value());
  entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(upto - base.index));
  base = {upto, *term};
}

std::optional<Term> Disk::term_at(Index index) const {
  if (index == base.index) {
    return base.term;
  }
  if (index < base.index || index > last()) {
    return std::nullopt;
  }
  return entries[index - base.index.next()].term;
}

void Node::lose_memory() {
  raft.reset();
  wake_at = kNever;
  machine = {};
  writes.clear();
  durable = {};
  deferred.clear();
  applies.clear();
  reads.clear();
  staged.clear();
}

const Machine* Node::files_of(LogPosition last) const {
  if (disk.snapshot_machine.applied == last) {
    return &disk.snapshot_machine;
  }
  const auto found = std::ranges::find(staged, last, &Machine::applied);
  return found == staged.end() ? nullptr : &*found;
}

void Node::stage_files(const Machine& content) {
  std::erase_if(staged, [&](const Machine& old) { return old.applied == content.applied; });
  staged.push_back(content);
}

std::uint64_t Node::fingerprint() const {
  Fingerprint into;
  into.add(id);
  into.add(boot);
  into.add(disk.hard_state.term);
  into.add(disk.hard_state.vote);
  add(into, disk.snapshot);
  add(into, disk.base);
  add(into, disk.entries);
  into.add(disk.machine.applied.index);
  into.add(up());
  if (!up()) {
    return into.value();
  }
  raft->fingerprint(into, clock);
  add(into, machine.applied);
  into.add(machine.digest);
  for (const Persist& write : writes) {
    add(into, write);
  }
  for (const Deferred& waiting : deferred) {
    into.add(waiting.after - durable);
    into.add(print_of(waiting.message, true));
  }
  for (const Batch& batch : applies) {
    into.add(batch.restore.has_value());
    into.add(std::uint64_t{batch.entries.size()});
  }
  for (const ReadEntries& read : reads) {
    into.add(read.reader);
    into.add(read.first);
    into.add(read.last);
  }
  return into.value();
}

}  // namespace quorate::sim
