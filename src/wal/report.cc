#include "wal/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <vector>

#include "wal/directory.h"
#include "wal/recovery.h"
#include "wal/snapshots.h"

namespace quorate::wal {
namespace {

[[gnu::format(printf, 1, 2)]] std::string line(const char* format, ...) {
  char text[512];
  std::va_list values;
  va_start(values, format);
  const int size = std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return {text, static_cast<std::size_t>(std::min<int>(size, sizeof text - 1))};
}

std::string text(std::uint64_t number) { return std::to_string(number); }

// What a record says, beside its kind and its group.
std::string content(const Record& record) {
  const LogPosition position{record.index, record.term};
  switch (record.kind) {
    case Kind::kEntries:
    case Kind::kAgain: {
      const LogPosition last{record.index + (record.count - 1), record.term};
      const std::string after =
          record.kind == Kind::kEntries ? ", after term " + text(record.before.value()) : "";
      return quorate::describe(position) + " to " + quorate::describe(last) + after + ", " +
             text(record.bytes) + " bytes";
    }
    case Kind::kHardState:
      return "term " + text(record.term.value()) + ", vote " + text(record.index.value());
    case Kind::kCompact:
      return "begins after " + quorate::describe(position);
    case Kind::kLast:
      return "ends at " + quorate::describe(position);
    case Kind::kSnapshot:
    case Kind::kInstall:
      return "at " + quorate::describe(position);
    case Kind::kSettled:
      return "up to batch " + text(record.index.value());
    case Kind::kCut:
      return "ends before " + text(record.index.value());
    case Kind::kForget:
    case Kind::kCheckpoint:
      return "";
  }
  return "";
}

struct Counts {
  std::uint64_t batches = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

void say_damage(Recovery& recovery, const Say& say) {
  for (const Lost& lost : recovery.replay().lost()) {
    say(describe(lost));
  }
  for (const Unknown& unknown : recovery.replay().unknown()) {
    say(describe(unknown));
  }
  for (const Scar& scar : recovery.scars()) {
    say(describe(scar));
  }
  for (const BrokenHeader& header : recovery.broken_headers()) {
    say("segment " + text(header.segment) + " offset " + text(header.first ? 0 : kPage) +
        ": rotten: " + (header.first && header.second ? "both copies" : "one of two copies") +
        " of the header");
  }
  if (recovery.torn()) {
    say(describe(*recovery.torn()));
  }
}

// Of each group the snapshot that its log names. False where one is not whole.
Result<bool> verify_snapshots(env::Files& files, const std::string& directory, Groups& groups,
                              const Say& say) {
  Snapshots snapshots{files, Directory::snapshots_of(directory)};
  bool whole = true;
  for (const auto& [id, group] : groups.all()) {
    if (!group.snapshot || group.snapshot->last.index == Index{}) {
      continue;
    }
    const auto verified = snapshots.verify(id, group.snapshot->last);
    if (!verified) {
      say("snapshot " + quorate::describe(group.snapshot->last) + " of group " + text(id.value()) +
          ": " + verified.error().message);
      whole = false;
    }
  }
  return whole;
}

}  // namespace

Result<void> dump(env::Files& files, const std::string& directory, const Say& say) {
  const auto identity = Directory::read_identity(files, directory);
  if (!identity) {
    return identity.error();
  }
  say(directory + ": " + describe(identity.value()));
  say(line("%8s %10s %10s  %-13s %8s  %s", "segment", "offset", "batch", "record", "group",
           "content"));
  auto recovery = Recovery::read(
      files, Directory::log_of(directory), identity.value(), env::Open::kRead,
      [&](const Segment& segment, const FoundBatch& batch) {
        const Head& head = batch.control.head;
        say(line("%8u %10u %10llu  %-13s %8s  %u bytes, durable up to %llu, boot %u",
                 segment.number, head.offset, static_cast<unsigned long long>(head.sequence),
                 "batch", "", head.size, static_cast<unsigned long long>(head.synced), head.boot));
        for (const Record& record : batch.control.records) {
          say(line("%8s %10s %10s  %-13s %8s  %s", "", "", "", describe(record.kind),
                   record.group == GroupId{} ? "" : text(record.group.value()).c_str(),
                   content(record).c_str()));
        }
      });
  if (!recovery) {
    return recovery.error();
  }
  say_damage(recovery.value(), say);
  say("ends in segment " + text(recovery.value().segments().back().number) + " at offset " +
      text(recovery.value().tip().offset));
  return {};
}

Result<bool> verify(env::Files& files, const std::string& directory, const Say& say) {
  const auto identity = Directory::read_identity(files, directory);
  if (!identity) {
    return identity.error();
  }
  Counts counts;
  auto read = Recovery::read(files, Directory::log_of(directory), identity.value(),
                             env::Open::kRead, [&](const Segment&, const FoundBatch& batch) {
                               ++counts.batches;
                               counts.bytes += batch.control.head.size;
                               for (const Record& record : batch.control.records) {
                                 counts.entries += record.bytes == 0 ? 0 : record.count;
                               }
                             });
  if (!read) {
    return read.error();
  }
  Recovery& recovery = read.value();
  say_damage(recovery, say);
  const auto snapshots = verify_snapshots(files, directory, recovery.replay().groups(), say);
  if (!snapshots) {
    return snapshots.error();
  }
  say(line(
      "%s: %zu segments, %llu batches of %llu bytes, %llu entries, %zu groups", directory.c_str(),
      recovery.segments().size(), static_cast<unsigned long long>(counts.batches),
      static_cast<unsigned long long>(counts.bytes),
      static_cast<unsigned long long>(counts.entries), recovery.replay().groups().all().size()));
  const bool whole = snapshots.value() && recovery.replay().lost().empty() &&
                     recovery.replay().unknown().empty() && recovery.scars().empty() &&
                     recovery.broken_headers().empty();
  say(whole ? "nothing is broken" : "broken, as told above");
  return whole;
}

}  // namespace quorate::wal
