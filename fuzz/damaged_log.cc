#include "damaged_log.h"

#include <algorithm>
#include <iterator>

#include "harness.h"
#include "wal/bytes.h"
#include "wal/recovery.h"
#include "wal/segment.h"

namespace quorate::fuzz {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kHeaderSum = 72;
constexpr std::size_t kHeaderLastChecksum = 56;

Entry entry(std::uint64_t index, std::uint64_t term, std::string_view text) {
  return {Term{term}, Index{index}, EntryKind::kCommand, Bytes::copy_of(text)};
}

Configuration members() { return {{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, {}}; }

void write(wal::Wal& wal, const wal::Write& write) {
  expect(wal.write(std::span{&write, 1}).ok() && wal.sync().ok(), "the log is written");
}

void append(wal::Wal& wal, std::uint64_t group, const std::vector<Entry>& entries) {
  wal::Write with_entries;
  with_entries.group = GroupId{group};
  with_entries.entries = entries;
  write(wal, with_entries);
}

void overwrite(std::string& bytes, std::size_t at, std::string_view with) {
  if (at < bytes.size()) {
    const std::string_view fits = with.substr(0, bytes.size() - at);
    bytes.replace(at, fits.size(), fits);
  }
}

}  // namespace

DamagedLog::DamagedLog() {
  auto created = wal::Directory::create(disk_.files(), kDirectory, kIdentity, kSegmentBytes);
  expect(created.ok(), "a directory is made");
  wal::Options options;
  options.segment_bytes = kSegmentBytes;
  options.spare_segments = 0;
  auto opened = wal::Wal::open(disk_.files(), std::move(created.value()), options);
  expect(opened.ok(), "its log opens");
  write_all(*opened.value().wal);
  expect(opened.value().wal->segments() > 1, "it has several segments");
  find_batches();
}

void DamagedLog::write_all(wal::Wal& wal) {
  wal::Write first;
  first.group = GroupId{7};
  first.hard_state = HardState{Term{2}, NodeId{3}};
  first.snapshot = SnapshotMeta{{}, members(), {}};
  const std::vector<Entry> entries{
      entry(1, 1, "one"),
      entry(2, 2, "two"),
      {Term{2}, Index{3}, EntryKind::kConfiguration, members().encode()}};
  first.entries = entries;
  write(wal, first);
  append(wal, 7, {entry(3, 3, "instead of three"), entry(4, 3, std::string(300, 'x'))});
  wal::Write second;
  second.group = GroupId{8};
  second.hard_state = HardState{Term{5}, NodeId{1}};
  second.install = SnapshotMeta{{Index{40}, Term{4}}, members(), Index{2}};
  write(wal, second);
  append(wal, 8, {entry(41, 5, "behind a snapshot")});
  append(wal, 9, {entry(1, 1, "soon gone")});
  wal::Write gone;
  gone.group = GroupId{9};
  gone.forget = true;
  write(wal, gone);
  for (std::uint64_t index = 5; index < 12; ++index) {
    append(wal, 7, {entry(index, 3, std::string(1500, 'y'))});
  }
  wal::Write compact;
  compact.group = GroupId{7};
  compact.compact = Index{2};
  write(wal, compact);
  append(wal, 7, {entry(12, 4, "the last"), entry(13, 4, "cut off")});
  expect(wal.cut(GroupId{7}, Index{13}).ok(), "a group's log is cut");
  expect(wal.close_window().ok(), "what is written is proved to be durable");
}

void DamagedLog::find_batches() {
  const std::string log = wal::Directory::log_of(kDirectory);
  const auto recovery = wal::Recovery::read(
      disk_.files(), log, kIdentity, env::Open::kRead,
      [&](const wal::Segment& segment, const wal::FoundBatch& batch) {
        const wal::Head& head = batch.control.head;
        const auto copy = static_cast<std::uint32_t>(wal::round_up(head.control, wal::kAlignment));
        batches_.push_back(
            {segment.number, head.offset, head.offset + head.size - copy, head.control});
      });
  expect(recovery.ok(), "the log is whole");
  for (const Place& place : batches_) {
    const std::string path = env::join(log, wal::segment_name(place.segment));
    auto text = env::read_all(disk_.files(), path, 1U << 20U);
    expect(text.ok(), "a segment can be read");
    image_.emplace(place.segment, std::move(text.value()));
  }
}

bool DamagedLog::next(std::string_view& input, Edit& edit) {
  constexpr std::size_t kFixed = 5;
  if (input.size() < kFixed) {
    return false;
  }
  edit.how = static_cast<std::uint8_t>(input[0]);
  edit.where = static_cast<std::uint8_t>(input[1]);
  edit.offset = static_cast<std::uint16_t>(number_at(input, 2, 2));
  edit.size = static_cast<std::uint8_t>(input[4]);
  edit.bytes = input.substr(kFixed, edit.size);
  input.remove_prefix(kFixed + edit.bytes.size());
  return true;
}

bool DamagedLog::write_into_batch(const Edit& edit, Image& image) const {
  const Place& place = batches_[edit.where % batches_.size()];
  const auto segment = image.find(place.segment);
  if (segment == image.end()) {
    return true;
  }
  const std::size_t at = 16 + edit.offset % (place.control - 16);
  const std::string_view fits = edit.bytes.substr(0, place.control - at);
  overwrite(segment->second, place.offset + at, fits);
  overwrite(segment->second, place.second + at, fits);
  seal(image);
  return at >= wal::kHeadBytes;
}

bool DamagedLog::apply(const Edit& edit, Image& image) const {
  if (edit.how % 4 == 2) {
    return write_into_batch(edit, image);
  }
  if (image.empty()) {
    return true;
  }
  const auto segment = std::next(image.begin(), edit.where % static_cast<int>(image.size()));
  std::string& bytes = segment->second;
  if (edit.how % 4 == 0) {
    overwrite(bytes, edit.offset, edit.bytes);
  } else if (edit.how % 4 == 1) {
    overwrite(bytes, edit.offset / kSector * kSector, std::string(kSector, '\0'));
  } else if (edit.size == 255) {
    image.erase(segment);
  } else {
    bytes.resize(std::min<std::size_t>(edit.offset, bytes.size()));
  }
  return true;
}

// Each batch names the checksum of the one before, and each segment that of the segment before.
void DamagedLog::seal(Image& image) const {
  std::uint64_t chain = 0;
  std::uint32_t segment = 0;
  for (const Place& place : batches_) {
    const auto found = image.find(place.segment);
    if (found == image.end() || found->second.size() < place.second + place.control) {
      continue;
    }
    std::string& bytes = found->second;
    if (place.segment != segment && segment != 0) {
      for (const std::size_t page : {std::size_t{0}, wal::kPage}) {
        patch(bytes, page + kHeaderLastChecksum, chain, 8);
        patch(bytes, page + kHeaderSum,
              wire::checksum_of(std::string_view{bytes}.substr(page, kHeaderSum)), 8);
      }
    }
    for (const std::size_t at : {place.offset, place.second}) {
      if (segment != 0) {
        patch(bytes, at + 24, chain, 8);
      }
      patch(bytes, at + 8,
            wire::checksum_of(std::string_view{bytes}.substr(at + 16, place.control - 16)), 8);
    }
    chain = wal::get64(bytes, place.offset + 8);
    segment = place.segment;
  }
}

bool DamagedLog::make(std::string_view edits, simenv::SimulatedDisk& disk) const {
  Image image = image_;
  Edit edit;
  bool heads_hold = true;
  for (int left = 16; left > 0 && next(edits, edit); --left) {
    heads_hold = apply(edit, image) && heads_hold;
  }
  disk.copy_from(disk_);
  const std::string log = wal::Directory::log_of(kDirectory);
  for (const auto& [number, before] : image_) {
    const std::string path = env::join(log, wal::segment_name(number));
    const auto now = image.find(number);
    if (now == image.end()) {
      expect(disk.files().remove(path).ok(), "a segment goes");
    } else if (now->second != before) {
      auto file = disk.files().open(path, env::Open::kOverwrite);
      expect(file.ok() && file.value()->write(0, now->second).ok(), "a segment changes");
    }
  }
  return heads_hold;
}

}  // namespace quorate::fuzz
