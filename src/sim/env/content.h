// Content: the bytes of one simulated file, as reads see them, and what it takes to undo every
// write since the last sync. So a sync costs nothing, and a crash can leave any part of what was
// written.
//
// Each change bears the number of the disk's operation that made it; numbers only grow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/env/pages.h"
#include "sim/env/survival.h"

namespace quorate::simenv {

class Content {
 public:
  static constexpr std::uint64_t kSector = 512;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Less than asked for only where the file ends.
  std::size_t read(std::uint64_t offset, std::span<std::byte> into) const;
  void write(std::uint64_t operation, std::uint64_t offset, std::string_view bytes);
  void resize(std::uint64_t operation, std::uint64_t size);

  // Changes of operations before this one are durable.
  void sync(std::uint64_t end);
  // A sync that failed: reads go on to show those changes, but they count as written, and only a
  // new write to the same sector would bring that sector to the disk.
  void forget(std::uint64_t end);
  // Power loss: every sector holds one of the versions it had since it was durable, as does the
  // size; what is left is durable.
  void crash(Fate& fate);

  // The first operation that is not synced.
  [[nodiscard]] std::optional<std::uint64_t> oldest() const;
  // How much a sync has to write.
  [[nodiscard]] std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }

  // Rot: bytes of the durable content become these. Where the sector was written since, only a
  // crash that loses that write shows it.
  void damage(std::uint64_t offset, std::string_view bytes);
  // The durable byte there.
  [[nodiscard]] char durable(std::uint64_t offset);

 private:
  struct Change {
    std::uint64_t operation = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string before;  // `length` bytes; empty: zeros
    std::uint64_t size_before = 0;
    bool shrinks = false;
  };
  using Sector = std::array<char, kSector>;

  // What is settled while a crash walks back through the changes.
  struct Settled {
    std::set<std::uint64_t> sectors;  // these keep what they hold
    std::uint64_t all_from = ~std::uint64_t{0};
    bool size = false;
  };
  // Where the durable byte is kept; nothing where it is what reads see.
  char* durable_place(std::uint64_t offset);
  void undo(const Change& change, std::uint64_t begin, std::uint64_t end);
  void crash_write(const Change& change, Fate& fate, Settled& settled);
  void crash_shrink(const Change& change, Fate& fate, Settled& settled);
  void crash_forgotten(const Settled& settled);

  Pages pages_;
  std::uint64_t size_ = 0;
  std::vector<Change> changes_;  // not synced, in order
  std::uint64_t unsynced_bytes_ = 0;
  // What the disk holds where a sync has failed.
  std::map<std::uint64_t, Sector> forgotten_;
  std::optional<std::uint64_t> forgotten_size_;
};

}  // namespace quorate::simenv
