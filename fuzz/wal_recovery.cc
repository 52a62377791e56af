// A log that was damaged, or written by somebody with a bug: it is looked at, opened, read, written
// to and opened again. Whatever is wrong with it is said, never guessed at and never a crash.
#include <map>
#include <optional>

#include "damaged_log.h"
#include "harness.h"
#include "wal/report.h"

using namespace quorate;

namespace {

using Held = std::map<GroupId, wal::Recovered>;

wal::Options options() {
  wal::Options options;
  options.segment_bytes = fuzz::kSegmentBytes;
  options.spare_segments = 0;
  return options;
}

Result<wal::Opened> open(env::Files& files) {
  auto directory =
      wal::Directory::open(files, fuzz::kDirectory, fuzz::kIdentity.cluster, fuzz::kIdentity.node);
  if (!directory) {
    return directory.error();
  }
  return wal::Wal::open(files, std::move(directory.value()), options());
}

void look(simenv::SimulatedDisk& disk) {
  const std::uint64_t before = disk.operations();
  const auto say = [](const std::string& line) {
    fuzz::expect(!line.empty(), "a line says something");
  };
  static_cast<void>(wal::dump(disk.files(), fuzz::kDirectory, say));
  static_cast<void>(wal::verify(disk.files(), fuzz::kDirectory, say));
  fuzz::expect(disk.operations() == before, "who looks changes nothing");
}

// What the log holds of each group, as far as nothing that is lost is in the way.
Held held(wal::Opened& opened) {
  Held held;
  for (const GroupId group : opened.groups) {
    auto recovered = opened.wal->recover(group, 1U << 20U);
    if (!recovered) {
      continue;
    }
    const wal::Recovered& found = recovered.value();
    fuzz::expect(found.last >= found.base.index, "a log does not end before it begins");
    static_cast<void>(opened.wal->read(group, found.base.index.next(), found.last, 1U << 20U));
    held.emplace(group, std::move(recovered.value()));
  }
  return held;
}

void expect_same(const Held& before, const Held& after) {
  fuzz::expect(before.size() == after.size(), "the same groups are there");
  for (const auto& [group, was] : before) {
    const auto is = after.find(group);
    fuzz::expect(is != after.end(), "the group is there");
    fuzz::expect(is->second.hard_state == was.hard_state, "its hard state is the same");
    fuzz::expect(is->second.snapshot == was.snapshot, "its snapshot is the same");
    fuzz::expect(is->second.base == was.base, "its log begins where it did");
    fuzz::expect(is->second.last == was.last, "its log ends where it did");
    fuzz::expect(is->second.runs == was.runs, "its terms are the same");
    fuzz::expect(is->second.configurations == was.configurations, "so are its configurations");
    fuzz::expect(is->second.tail == was.tail, "so are its newest entries");
  }
}

// A new group, which has nothing to do with what is broken.
void write_some(wal::Wal& wal) {
  const Entry entry{Term{1}, Index{1}, EntryKind::kCommand, Bytes::copy_of("new")};
  wal::Write write;
  write.group = GroupId{1000};
  write.hard_state = HardState{Term{1}, NodeId{1}};
  write.entries = std::span{&entry, 1};
  fuzz::expect(wal.write(std::span{&write, 1}).ok(), "a log that opened can be written");
  fuzz::expect(wal.sync().ok(), "and synced");
  fuzz::expect(wal.close_window().ok(), "and closed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::DamagedLog log;
  simenv::SimulatedDisk disk{1};
  const bool heads_hold = log.make(fuzz::text_of(data, size), disk);
  look(disk);
  std::optional<Held> before;
  if (auto opened = open(disk.files())) {
    before = held(opened.value());
  }
  if (!before || !heads_hold) {
    return 0;
  }
  {
    auto opened = open(disk.files());
    fuzz::expect(opened.ok(), "what was opened once opens again");
    expect_same(*before, held(opened.value()));
    write_some(*opened.value().wal);
  }
  auto opened = open(disk.files());
  fuzz::expect(opened.ok(), "what was written to opens again");
  Held after = held(opened.value());
  fuzz::expect(after.erase(GroupId{1000}) == 1, "what was written is there");
  before->erase(GroupId{1000});
  expect_same(*before, after);
  return 0;
}
