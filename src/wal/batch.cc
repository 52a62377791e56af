#include "wal/batch.h"

#include <array>

#include "base/assert.h"
#include "wal/bytes.h"
#include "wire/checksum.h"
#include "wire/codec.h"

namespace quorate::wal {
namespace {

constexpr std::size_t kMostPadding = kPage + kAlignment;
constexpr std::array<char, kMostPadding> kZeros{};

}  // namespace

void Batch::clear() {
  control_.resize(kHeadBytes);
  entries_.clear();
  bytes_ = 0;
  cuts_.clear();
  records_.clear();
  state_ = false;
}

void Batch::add_fixed(const Record& record) {
  put64(control_, record.group.value());
  put64(control_, record.index.value());
  put64(control_, record.term.value());
  put64(control_, record.before.value());
  put32(control_, static_cast<std::uint32_t>(record.kind));
  put32(control_, record.count);
  records_.push_back(record);
  records_.back().body = static_cast<std::uint32_t>(control_.size());
}

void Batch::add(Kind kind, GroupId group, Index index, Term term) {
  state_ = state_ || is_state(kind);
  add_fixed({kind, group, index, term, {}});
}

void Batch::add(Kind kind, GroupId group, const SnapshotMeta& meta) {
  state_ = state_ || is_state(kind);
  add_fixed({kind, group, meta.last.index, meta.last.term, {}});
  const std::size_t start = control_.size();
  put_meta(control_, meta);
  const std::size_t size = control_.size() - start;
  patch32(control_, start - 4, static_cast<std::uint32_t>(size));
  records_.back().count = static_cast<std::uint32_t>(size);
  control_.resize(start + round_up(size, 8), '\0');
}

void Batch::add(Kind kind, GroupId group, Term before, std::span<const Entry> entries) {
  while (!entries.empty()) {
    std::size_t run = 1;
    while (run < entries.size() && entries[run].term == entries.front().term) {
      ++run;
    }
    add_run(kind, group, before, entries.first(run));
    before = entries.front().term;
    entries = entries.subspan(run);
  }
}

void Batch::add_run(Kind kind, GroupId group, Term before, std::span<const Entry> entries) {
  add_fixed({kind, group, entries.front().index, entries.front().term, before,
             static_cast<std::uint32_t>(entries.size())});
  records_.back().data = static_cast<std::uint32_t>(bytes_);  // as yet without the control section
  const std::uint64_t start = bytes_;
  Index expected = entries.front().index;
  for (const Entry& entry : entries) {
    QUORATE_ASSERT(entry.index == expected, describe(entry));
    expected = expected.next();
    const std::uint32_t size = add_entry(entry);
    put_line(control_, {size, entry.kind, get32(entries_, entries_.size() - 4)});
  }
  records_.back().bytes = static_cast<std::uint32_t>(bytes_ - start);
}

std::uint32_t Batch::add_entry(const Entry& entry) {
  const std::size_t start = entries_.size();
  std::size_t size = 0;
  if (entry.payload.size() < kCopyBelow) {
    wire::encode(entry, entries_);
    size = entries_.size() - start;
  } else {
    const std::size_t head = wire::encode_around_payload(entry, entries_);
    cuts_.push_back({start + head, entry.payload.text()});
    size = entries_.size() - start + entry.payload.size();
  }
  QUORATE_ASSERT(size <= kMaxEntryBytes, describe(entry));
  bytes_ += size;
  return static_cast<std::uint32_t>(size);
}

std::uint64_t Batch::most() const {
  return 2 * round_up(control_.size(), kAlignment) + bytes_ + kAlignment + (apart() ? kPage : 0);
}

std::span<const std::string_view> Batch::finish(Head head, std::uint64_t key) {
  const std::size_t second = second_copy_at(head.offset, control_.size(), bytes_, apart());
  head.control = static_cast<std::uint32_t>(control_.size());
  head.size = static_cast<std::uint32_t>(batch_size(second, control_.size()));
  for (Record& record : records_) {
    record.data += head.control;
  }
  patch64(control_, 0, key);
  patch64(control_, 16, head.sequence);
  patch64(control_, 24, head.chain);
  patch64(control_, 32, head.synced);
  patch64(control_, 40, head.state);
  patch32(control_, 48, head.boot);
  patch32(control_, 52, head.size);
  patch32(control_, 56, head.control);
  patch32(control_, 60, head.offset);
  checksum_ = wire::checksum_of(std::string_view{control_}.substr(16));
  patch64(control_, 8, checksum_);
  head_ = head;
  second_ = control_;
  patch64(second_, 0, ~key);
  second_.resize(round_up(second_.size(), kAlignment), '\0');
  gather(second);
  return parts_;
}

void Batch::gather(std::size_t second_copy) {
  parts_.clear();
  parts_.emplace_back(control_);
  const std::string_view entries{entries_};
  std::size_t done = 0;
  for (const Cut& cut : cuts_) {
    parts_.push_back(entries.substr(done, cut.at - done));
    parts_.push_back(cut.payload);
    done = cut.at;
  }
  parts_.push_back(entries.substr(done));
  parts_.emplace_back(kZeros.data(), second_copy - control_.size() - bytes_);
  parts_.emplace_back(second_);
}

}  // namespace quorate::wal
