#include "wal/format.h"

#include <algorithm>

#include "base/bytes.h"
#include "wal/bytes.h"
#include "wire/checksum.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace quorate::wal {
namespace {

constexpr std::string_view kHeaderMagic = "QUORATE\n";
constexpr std::size_t kHeaderBytes = 80;
constexpr std::string_view kSealMagic = "SEALED\n\n";
constexpr std::size_t kSealBytes = 24;

// Both begin with eight bytes that say what follows, and end with a checksum over all before it.
std::string with_checksum(std::string bytes) {
  put64(bytes, wire::checksum_of(bytes));
  return bytes;
}
bool checksum_holds(std::string_view bytes) {
  const std::size_t end = bytes.size() - 8;
  return get64(bytes, end) == wire::checksum_of(bytes.substr(0, end));
}

std::optional<FoundHeader> decode_copy(std::string_view page) {
  const std::string_view bytes = page.substr(0, kHeaderBytes);
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kHeaderMagic) || !checksum_holds(bytes)) {
    return std::nullopt;
  }
  FoundHeader found;
  found.version = get32(bytes, 8);
  SegmentHeader& header = found.header;
  header.size = get32(bytes, 12);
  header.identity = {ClusterId{get64(bytes, 16)}, NodeId{get64(bytes, 24)},
                     Incarnation{get64(bytes, 32)}};
  header.segment = get64(bytes, 40);
  header.last_sequence = get64(bytes, 48);
  header.last_checksum = get64(bytes, 56);
  header.last_state = get64(bytes, 64);
  return found;
}

std::uint64_t key_for(std::uint64_t key, Copy copy) { return copy == Copy::kFirst ? key : ~key; }

bool has_entries(Kind kind) { return kind == Kind::kEntries || kind == Kind::kAgain; }
bool has_meta(Kind kind) { return kind == Kind::kSnapshot || kind == Kind::kInstall; }

// How many bytes a record adds to the control section behind its fixed part.
std::uint64_t body_size(const Record& record) {
  if (has_entries(record.kind)) {
    return std::uint64_t{record.count} * kTableBytes;
  }
  return has_meta(record.kind) ? round_up(record.count, 8) : 0;
}

// The record at `at`, or nothing where it does not fit.
std::optional<Record> record_at(std::string_view control, std::size_t at) {
  if (control.size() - at < kRecordBytes) {
    return std::nullopt;
  }
  Record record;
  record.group = GroupId{get64(control, at)};
  record.index = Index{get64(control, at + 8)};
  record.term = Term{get64(control, at + 16)};
  record.before = Term{get64(control, at + 24)};
  record.kind = Kind{static_cast<std::uint8_t>(control[at + 32])};
  record.count = get32(control, at + 36);
  record.body = static_cast<std::uint32_t>(at + kRecordBytes);
  const bool known = record.kind >= Kind::kEntries && record.kind <= Kind::kCut;
  if (!known || control.size() - record.body < body_size(record)) {
    return std::nullopt;
  }
  return record;
}

}  // namespace

std::string describe(const Identity& identity) {
  return "node " + std::to_string(identity.node.value()) + " of cluster " +
         std::to_string(identity.cluster.value()) + " (incarnation " +
         std::to_string(identity.incarnation.value()) + ")";
}

std::string encode(const SegmentHeader& header) {
  std::string bytes{kHeaderMagic};
  put32(bytes, kFormatVersion);
  put32(bytes, header.size);
  put64(bytes, header.identity.cluster.value());
  put64(bytes, header.identity.node.value());
  put64(bytes, header.identity.incarnation.value());
  put64(bytes, header.segment);
  put64(bytes, header.last_sequence);
  put64(bytes, header.last_checksum);
  put64(bytes, header.last_state);
  std::string pages = with_checksum(std::move(bytes));
  pages.resize(kPage, '\0');
  return pages + pages;
}

std::optional<FoundHeader> decode_header(std::string_view pages) {
  const auto first = decode_copy(pages.substr(0, std::min(pages.size(), kPage)));
  const auto second = decode_copy(pages.substr(std::min(pages.size(), kPage)));
  auto found = first ? first : second;
  if (found) {
    found->first_broken = !first;
    found->second_broken = !second;
  }
  return found;
}

std::string encode_seal(std::uint64_t key) {
  std::string bytes{kSealMagic};
  put64(bytes, key);
  return with_checksum(std::move(bytes));
}

bool sealed(std::string_view pages, std::uint64_t key) {
  const std::string seal = encode_seal(key);
  return std::ranges::any_of(kSealAt, [&](std::size_t at) {
    return at < pages.size() && pages.substr(at, kSealBytes) == seal;
  });
}

std::uint64_t key_of(const Identity& identity, std::uint64_t segment) {
  std::string bytes = "quorate wal";
  put64(bytes, identity.cluster.value());
  put64(bytes, identity.node.value());
  put64(bytes, identity.incarnation.value());
  put64(bytes, segment);
  return wire::checksum_of(bytes) | 1U;  // odd, so that neither it nor its complement is zeros
}

const char* describe(Kind kind) {
  switch (kind) {
    case Kind::kEntries:
      return "entries";
    case Kind::kAgain:
      return "entries again";
    case Kind::kHardState:
      return "hard state";
    case Kind::kSnapshot:
      return "snapshot";
    case Kind::kInstall:
      return "install";
    case Kind::kCompact:
      return "compact";
    case Kind::kForget:
      return "forget";
    case Kind::kCheckpoint:
      return "checkpoint";
    case Kind::kLast:
      return "last";
    case Kind::kSettled:
      return "settled";
    case Kind::kCut:
      return "cut";
  }
  return "?";
}

bool is_state(Kind kind) {
  return kind == Kind::kHardState || kind == Kind::kSnapshot || kind == Kind::kInstall ||
         kind == Kind::kForget || kind == Kind::kCheckpoint;
}

void put_line(std::string& out, const Line& line) {
  put32(out, line.size << 2U | static_cast<std::uint32_t>(line.kind));
  put32(out, line.checksum);
}

Line line_at(std::string_view control, std::size_t at) {
  const std::uint32_t first = get32(control, at);
  return {first >> 2U, EntryKind{static_cast<std::uint8_t>(first & 3U)}, get32(control, at + 4)};
}

std::uint32_t control_size(std::string_view bytes, std::uint64_t key, Copy copy) {
  return get64(bytes, 0) == key_for(key, copy) ? get32(bytes, 56) : 0;
}

bool decode_control(std::string_view bytes, std::uint64_t key, Copy copy, Control& into) {
  if (bytes.size() < kHeadBytes || get64(bytes, 0) != key_for(key, copy)) {
    return false;
  }
  into.checksum = get64(bytes, 8);
  if (wire::checksum_of(bytes.substr(16)) != into.checksum) {
    return false;
  }
  into.head = {get64(bytes, 16), get64(bytes, 24), get64(bytes, 32), get64(bytes, 40),
               get32(bytes, 48), get32(bytes, 52), get32(bytes, 56), get32(bytes, 60)};
  into.records.clear();
  if (into.head.control != bytes.size()) {
    return false;
  }
  std::uint64_t data = into.head.control;
  for (std::size_t at = kHeadBytes; at < bytes.size();) {
    auto record = record_at(bytes, at);
    if (!record) {
      return false;
    }
    record->data = static_cast<std::uint32_t>(data);
    if (has_entries(record->kind)) {
      for (std::uint32_t i = 0; i < record->count; ++i) {
        data += line_at(bytes, record->body + i * kTableBytes).size;
      }
      record->bytes = static_cast<std::uint32_t>(data - record->data);
    }
    at = record->body + body_size(*record);
    into.records.push_back(*record);
  }
  return data + into.head.control <= into.head.size;
}

std::size_t second_copy_at(std::size_t offset, std::size_t control, std::size_t entries,
                           bool apart) {
  const std::size_t end = offset + control + entries;
  const std::size_t least = apart ? round_up(offset + control, kPage) : end;
  return round_up(std::max(end, least), kAlignment) - offset;
}

std::size_t batch_size(std::size_t second_copy, std::size_t control) {
  return second_copy + round_up(control, kAlignment);
}

bool whole(std::string_view entry, const Line& line) {
  if (entry.size() != line.size || entry.size() < 4) {
    return false;
  }
  const auto sum = static_cast<std::uint32_t>(wire::checksum_of(entry.substr(0, entry.size() - 4)));
  return sum == line.checksum && get32(entry, entry.size() - 4) == sum;
}

void put_meta(std::string& out, const SnapshotMeta& meta) {
  wire::Writer writer{out};
  wire::Encoder{writer}("meta", meta);
}

std::optional<SnapshotMeta> meta_of(std::string_view bytes) {
  const Bytes copy = Bytes::copy_of(bytes);
  wire::Decoder decoder{copy, "snapshot"};
  SnapshotMeta meta;
  decoder("meta", meta);
  decoder.expect_end();
  return decoder.failed() ? std::nullopt : std::optional{std::move(meta)};
}

}  // namespace quorate::wal
