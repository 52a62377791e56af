#include "sim/env/content.h"

#include <algorithm>
#include <cstring>

namespace quorate::simenv {

namespace {

// Calls `visit(number, begin, end)` for each sector that a range touches.
template <class Visit>
void each_sector(std::uint64_t offset, std::uint64_t length, Visit visit) {
  const std::uint64_t end = offset + length;
  while (offset < end) {
    const std::uint64_t number = offset / Content::kSector;
    const std::uint64_t next = std::min(end, (number + 1) * Content::kSector);
    visit(number, offset, next);
    offset = next;
  }
}

}  // namespace

std::size_t Content::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= size_) {
    return 0;
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  pages_.read(offset, reinterpret_cast<char*>(into.data()), count);
  return count;
}

void Content::write(std::uint64_t operation, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  Change change;
  change.operation = operation;
  change.offset = offset;
  change.length = bytes.size();
  change.before = pages_.copy(offset, bytes.size());
  change.size_before = size_;
  changes_.push_back(std::move(change));
  unsynced_bytes_ += bytes.size();
  pages_.write(offset, bytes);
  size_ = std::max(size_, offset + bytes.size());
}

void Content::resize(std::uint64_t operation, std::uint64_t size) {
  if (size == size_) {
    return;
  }
  Change change;
  change.operation = operation;
  change.offset = size;
  change.size_before = size_;
  if (size < size_) {
    change.shrinks = true;
    change.length = size_ - size;
    change.before = pages_.copy(size, change.length);
    pages_.zero_from(size);
  }
  changes_.push_back(std::move(change));
  size_ = size;
}

void Content::sync(std::uint64_t end) {
  const auto last = std::find_if(changes_.begin(), changes_.end(),
                                 [&](const Change& change) { return change.operation >= end; });
  if (!forgotten_.empty() || forgotten_size_) {
    for (auto change = changes_.begin(); change != last; ++change) {
      each_sector(
          change->offset, change->length,
          [&](std::uint64_t number, std::uint64_t, std::uint64_t) { forgotten_.erase(number); });
      if (change->shrinks || change->offset + change->length > change->size_before) {
        forgotten_size_.reset();
      }
    }
  }
  changes_.erase(changes_.begin(), last);
  unsynced_bytes_ = 0;
  for (const Change& change : changes_) {
    unsynced_bytes_ += change.length;
  }
}

void Content::forget(std::uint64_t end) {
  // What the disk holds: what is seen now with every change undone, the last first.
  std::map<std::uint64_t, Sector> disk;
  std::uint64_t size = size_;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    each_sector(change->offset, change->length,
                [&](std::uint64_t number, std::uint64_t begin, std::uint64_t stop) {
                  const auto [sector, first] = disk.try_emplace(number);
                  if (first) {
                    pages_.read(number * kSector, sector->second.data(), kSector);
                  }
                  char* at = sector->second.data() + begin % kSector;
                  if (change->before.empty()) {
                    std::memset(at, 0, stop - begin);
                  } else {
                    std::memcpy(at, change->before.data() + (begin - change->offset), stop - begin);
                  }
                });
    size = change->size_before;
  }
  forgotten_.merge(disk);  // Where one was forgotten before, that older one is on the disk.
  if (!forgotten_size_ && size != size_) {
    forgotten_size_ = size;
  }
  std::erase_if(changes_, [&](const Change& change) { return change.operation < end; });
  unsynced_bytes_ = 0;
}

void Content::undo(const Change& change, std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) {
    return;
  }
  if (change.before.empty()) {
    pages_.zero(begin, end - begin);
  } else {
    pages_.write(begin, std::string_view{change.before}.substr(begin - change.offset, end - begin));
  }
}

// From the last change to the first: the first of a sector's changes to survive on that way decides
// what it holds; those that do not are undone.
void Content::crash(Fate& fate) {
  Settled settled;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->shrinks) {
      crash_shrink(*change, fate, settled);
    } else {
      crash_write(*change, fate, settled);
    }
  }
  crash_forgotten(settled);
  changes_.clear();
  unsynced_bytes_ = 0;
  pages_.zero_from(size_);
}

void Content::crash_write(const Change& change, Fate& fate, Settled& settled) {
  each_sector(change.offset, change.length,
              [&](std::uint64_t number, std::uint64_t begin, std::uint64_t end) {
                if (settled.sectors.contains(number)) {
                  return;
                }
                if (fate.keeps(change.operation)) {
                  settled.sectors.insert(number);
                } else {
                  undo(change, begin, std::min(end, settled.all_from));
                }
              });
  // A size may be on the disk without the bytes, and the bytes without the size.
  if (change.offset + change.length > change.size_before && !settled.size) {
    if (fate.keeps(change.operation)) {
      settled.size = true;
    } else {
      size_ = change.size_before;
    }
  }
}

void Content::crash_shrink(const Change& change, Fate& fate, Settled& settled) {
  // The journal keeps metadata in order, and blocks that were given back hold nothing newer before
  // that is on the disk.
  const std::uint64_t first = (change.offset + kSector - 1) / kSector;
  const bool later = settled.size || settled.sectors.lower_bound(first) != settled.sectors.end();
  if (later || fate.keeps(change.operation)) {
    settled.size = true;
    settled.all_from = std::min(settled.all_from, first * kSector);
    if (change.offset < first * kSector) {
      settled.sectors.insert(first - 1);  // Its end was zeroed, so it was written.
    }
    return;
  }
  each_sector(change.offset, change.length,
              [&](std::uint64_t number, std::uint64_t begin, std::uint64_t end) {
                if (!settled.sectors.contains(number)) {
                  undo(change, begin, end);
                }
              });
  size_ = change.size_before;
}

void Content::crash_forgotten(const Settled& settled) {
  for (const auto& [number, sector] : forgotten_) {
    if (!settled.sectors.contains(number) && number * kSector < settled.all_from) {
      pages_.write(number * kSector, {sector.data(), sector.size()});
    }
  }
  if (forgotten_size_ && !settled.size) {
    size_ = *forgotten_size_;
  }
  forgotten_.clear();
  forgotten_size_.reset();
}

std::optional<std::uint64_t> Content::oldest() const {
  if (changes_.empty()) {
    return std::nullopt;
  }
  return changes_.front().operation;
}

char* Content::durable_place(std::uint64_t offset) {
  if (const auto found = forgotten_.find(offset / kSector); found != forgotten_.end()) {
    return &found->second[offset % kSector];
  }
  const auto change = std::find_if(changes_.begin(), changes_.end(), [&](const Change& one) {
    return offset >= one.offset && offset < one.offset + one.length;
  });
  if (change == changes_.end()) {
    return nullptr;
  }
  if (change->before.empty()) {
    change->before.assign(change->length, '\0');
  }
  return &change->before[offset - change->offset];
}

char Content::durable(std::uint64_t offset) {
  char byte = 0;
  if (const char* place = durable_place(offset); place != nullptr) {
    byte = *place;
  } else {
    pages_.read(offset, &byte, 1);
  }
  return byte;
}

void Content::damage(std::uint64_t offset, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (char* place = durable_place(offset + i); place != nullptr) {
      *place = bytes[i];
    } else {
      pages_.write(offset + i, bytes.substr(i, 1));
    }
  }
}

}  // namespace quorate::simenv
