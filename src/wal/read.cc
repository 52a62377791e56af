// What the log is asked for while it is written.
#include <algorithm>
#include <iterator>
#include <limits>

#include "base/assert.h"
#include "wal/scanner.h"
#include "wal/wal.h"
#include "wire/codec.h"

namespace quorate::wal {
namespace {

constexpr std::uint64_t kLeastCost = 32;     // Entry::cost of an empty one
constexpr std::uint64_t kCostOverSize = 24;  // by how much a cost can exceed the encoded size

// The place where an entry of an extent stands, and how long it is.
struct Place {
  std::uint32_t offset = 0;
  Line line;
};

Result<std::string> read_exactly(env::File& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const auto read = file.read(offset, std::as_writable_bytes(std::span{bytes}));
  if (!read) {
    return read.error();
  }
  bytes.resize(read.value());
  return bytes;
}

// As many of the extent's entries as the budget holds, at least one if there is none yet; nothing
// where the table makes no sense.
std::vector<Place> places_in(const Extent& extent, std::string_view table, std::uint64_t budget,
                             bool at_least_one) {
  std::vector<Place> places;
  std::uint64_t at = extent.data;
  for (std::uint32_t i = 0; i < extent.skip + extent.count; ++i) {
    const Line line = line_at(table, i * kTableBytes);
    if (i >= extent.skip) {
      const std::uint64_t cost = line.size + kCostOverSize;
      if (cost > budget && !(at_least_one && places.empty())) {
        break;
      }
      budget -= std::min(budget, cost);
      places.push_back({static_cast<std::uint32_t>(at), line});
    }
    at += line.size;
    if (at > std::numeric_limits<std::uint32_t>::max()) {
      return {};
    }
  }
  return places;
}

// The entry, if these bytes are what was written there.
std::optional<Entry> entry_in(const Bytes& bytes, const Line& line, LogPosition position) {
  auto entry = wire::decode_entry(bytes);
  if (!entry || entry.value().position() != position || entry.value().kind != line.kind) {
    return std::nullopt;
  }
  return std::move(entry.value());
}

void charge(std::uint64_t& budget, const Entry& entry) { budget -= std::min(budget, entry.cost()); }

}  // namespace

// Keeps segments from being recycled while they are read.
class Wal::Pinned {
 public:
  explicit Pinned(Wal& wal) : wal_(wal) {}
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() {
    const std::lock_guard hold{wal_.mutex_};
    for (const Piece& piece : pieces_) {
      --piece.segment->readers;
    }
  }

  // With the mutex held.
  void add(GroupId group, const Extent& extent) {
    const SegmentPointer& segment = wal_.segments_.at(extent.segment);
    ++segment->readers;
    pieces_.push_back({group, extent, segment});
  }
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  Wal& wal_;
  std::vector<Piece> pieces_;
};

Result<Read> Wal::read(GroupId id, Index first, Index last, std::uint64_t max_bytes) {
  Pinned pinned{*this};
  {
    const std::lock_guard hold{mutex_};
    const Group* group = groups_.find(id);
    if (group == nullptr || first <= group->base().index || first > group->last().index) {
      return Error{ErrorCode::kNotFound, "group " + std::to_string(id.value()) + " has no entry " +
                                             std::to_string(first.value())};
    }
    last = std::min(last, group->last().index);
    const std::uint64_t most = max_bytes / kLeastCost + 1;  // entries
    for (std::size_t i = group->extent_of(first); i < group->extents().size(); ++i) {
      Extent extent = group->extents()[i];
      if (extent.first > last || extent.first >= first + most) {
        break;
      }
      const Index from = std::max(first, extent.first);
      extent.skip += static_cast<std::uint32_t>(from - extent.first);
      extent.count = static_cast<std::uint32_t>(std::min(last, extent.last()) - from) + 1;
      extent.first = from;
      pinned.add(id, extent);
    }
  }
  Read answer;
  for (const Piece& piece : pinned.pieces()) {
    const std::size_t before = answer.entries.size();
    if (auto done = read_piece(piece, max_bytes, answer); !done) {
      return done.error();
    }
    if (answer.lost || answer.entries.size() - before < piece.extent.count) {
      break;
    }
  }
  return answer;
}

// The quick way, which trusts the table; whatever does not fit is left to the careful one.
Result<void> Wal::read_piece(const Piece& piece, std::uint64_t& budget, Read& into) {
  const Extent& extent = piece.extent;
  env::File& file = *piece.segment->file;
  const std::size_t lines = std::size_t{extent.skip} + extent.count;
  const auto table = read_exactly(file, extent.table, lines * kTableBytes);
  if (!table) {
    return table.error();
  }
  if (table.value().size() < lines * kTableBytes) {
    return read_with_care(piece, budget, into);
  }
  const auto places = places_in(extent, table.value(), budget, into.entries.empty());
  if (places.empty()) {
    return {};
  }
  const std::uint32_t start = places.front().offset;
  const std::size_t size = places.back().offset + places.back().line.size - start;
  if (start + size > piece.segment->size) {
    return read_with_care(piece, budget, into);
  }
  BytesBuilder memory{size};
  const auto read = file.read(start, memory.extend(size));
  if (!read) {
    return read.error();
  }
  const Bytes bytes = memory.take();
  std::vector<Entry> entries;
  entries.reserve(places.size());
  for (std::size_t i = 0; i < places.size() && read.value() == size; ++i) {
    auto entry = entry_in(bytes.part(places[i].offset - start, places[i].line.size), places[i].line,
                          {extent.first + i, extent.term});
    if (!entry) {
      break;
    }
    entries.push_back(std::move(*entry));
  }
  if (entries.size() < places.size()) {
    return read_with_care(piece, budget, into);
  }
  for (Entry& entry : entries) {
    charge(budget, entry);
    into.entries.push_back(std::move(entry));
  }
  return {};
}

// Something is broken: asks the control section that is whole what stood there.
Result<void> Wal::read_with_care(const Piece& piece, std::uint64_t& budget, Read& into) {
  const Extent& extent = piece.extent;
  Scanner scanner{*piece.segment->file, piece.segment->key, piece.segment->size, 0, 0};
  const auto there = scanner.look_at(extent.batch);
  if (!there) {
    return there.error();
  }
  const FoundBatch& batch = scanner.batch();
  const auto record =
      std::ranges::find(batch.control.records, extent.table - extent.batch, &Record::body);
  if (!there.value() || record == batch.control.records.end()) {
    return corrupt("segment " + std::to_string(extent.segment) + " offset " +
                   std::to_string(extent.batch) +
                   ": rotten: both control sections of a batch that holds entries of group " +
                   std::to_string(piece.group.value()) + " from " +
                   describe(LogPosition{extent.first, extent.term}) + " on");
  }
  const std::string_view table = batch.bytes.substr(record->body);
  LogPosition position{extent.first, extent.term};
  for (const Place& place : places_in(extent, table, budget, into.entries.empty())) {
    const auto bytes = read_exactly(*piece.segment->file, place.offset, place.line.size);
    if (!bytes) {
      return bytes.error();
    }
    auto entry = entry_in(Bytes::copy_of(bytes.value()), place.line, position);
    if (!entry) {
      into.lost = Lost{piece.group,     position,       place.line.kind, place.line.checksum,
                       place.line.size, extent.segment, place.offset};
      return {};
    }
    charge(budget, *entry);
    into.entries.push_back(std::move(*entry));
    position.index = position.index.next();
  }
  return {};
}

// ---- What a group is started from

Result<Recovered> Wal::recover(GroupId id, std::uint64_t tail_bytes) {
  Recovered found;
  std::vector<Index> configurations;
  std::vector<Extent> extents;
  {
    const std::lock_guard hold{mutex_};
    const Group* group = groups_.find(id);
    if (group == nullptr) {
      return Error{ErrorCode::kNotFound, "the log knows no group " + std::to_string(id.value())};
    }
    found.hard_state = group->hard_state;
    found.snapshot = group->snapshot;
    found.base = group->base();
    found.last = group->last().index;
    configurations = group->configurations();
    for (std::size_t i = 0; i < group->extents().size(); ++i) {
      const Extent& extent = group->extents()[i];
      extents.push_back(extent);
      if (found.runs.empty() || found.runs.back().term != extent.term) {
        found.runs.push_back({extent.first, extent.term});
      }
    }
  }
  const Index snapshot = found.snapshot ? found.snapshot->last.index : Index{};
  for (const Index at : configurations) {
    if (at > snapshot) {
      auto configuration = configuration_at(id, at);
      if (!configuration) {
        return configuration.error();
      }
      found.configurations.push_back({at, std::move(configuration.value())});
    }
  }
  auto done = add_tail(id, extents, tail_bytes, found.tail);
  return done ? Result<Recovered>{std::move(found)} : done.error();
}

Result<Outline> Wal::outline(GroupId id) {
  Outline outline;
  std::vector<Index> configurations;
  {
    const std::lock_guard hold{mutex_};
    const Group* group = groups_.find(id);
    if (group == nullptr) {
      return Error{ErrorCode::kNotFound, "the log knows no group " + std::to_string(id.value())};
    }
    outline.hard_state = group->hard_state;
    outline.snapshot = group->snapshot;
    outline.base = group->base();
    outline.last = group->last().index;
    configurations = group->configurations();
  }
  if (outline.snapshot) {
    outline.configurations.push_back(outline.snapshot->configuration);
  }
  for (const Index at : configurations) {
    if (auto configuration = configuration_at(id, at)) {
      outline.configurations.push_back(std::move(configuration.value()));
    } else if (configuration.error().code != ErrorCode::kCorrupt) {
      return configuration.error();
    }
  }
  return outline;
}

std::optional<Term> Wal::term_at(GroupId id, Index index) const {
  const std::lock_guard hold{mutex_};
  const Group* group = groups_.find(id);
  return group == nullptr ? std::nullopt : group->term_at(index);
}

Result<Configuration> Wal::configuration_at(GroupId id, Index index) {
  auto found = read(id, index, index, 0);
  if (!found) {
    return found.error();
  }
  if (found.value().lost) {
    return corrupt(describe(*found.value().lost) +
                   "; it is a configuration, so it must be repaired "
                   "before the group can be started");
  }
  return Configuration::decode(found.value().entries.front().payload);
}

// From the newest extent backwards, until there is enough or one is lost.
Result<void> Wal::add_tail(GroupId id, const std::vector<Extent>& extents, std::uint64_t bytes,
                           std::vector<Entry>& tail) {
  std::vector<std::vector<Entry>> pieces;
  std::uint64_t total = 0;
  bool gap = false;
  for (auto extent = extents.rbegin(); extent != extents.rend() && !gap && total < bytes;
       ++extent) {
    auto some = read_after_loss(id, extent->first, extent->last(), gap);
    if (!some) {
      return some.error();
    }
    for (const Entry& entry : some.value()) {
      total += entry.cost();
    }
    pieces.push_back(std::move(some.value()));
  }
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    std::ranges::move(*piece, std::back_inserter(tail));
  }
  std::size_t too_many = 0;
  while (too_many < tail.size() && total > bytes) {
    total -= tail[too_many++].cost();
  }
  tail.erase(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(too_many));
  return {};
}

// The entries from `first` to `last` that stand behind the last lost one among them.
Result<std::vector<Entry>> Wal::read_after_loss(GroupId id, Index first, Index last, bool& gap) {
  std::vector<Entry> entries;
  while (first <= last) {
    auto some = read(id, first, last, std::numeric_limits<std::uint64_t>::max());
    if (!some) {
      return some.error();
    }
    std::ranges::move(some.value().entries, std::back_inserter(entries));
    if (some.value().lost) {
      gap = true;
      entries.clear();
      first = some.value().lost->position.index.next();
    } else {
      first = entries.back().index.next();
    }
  }
  return entries;
}

}  // namespace quorate::wal
