// Scanner: the batches of one segment, one after the other, and where something is broken.
//
// It judges nothing: whether what is broken is a torn tail or rot is known only when what comes
// behind it has been seen (recovery.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "wal/format.h"
#include "wal/view.h"

namespace quorate::wal {

// An entry whose bytes are not what was written.
struct BrokenEntry {
  std::size_t record = 0;      // which of the batch's
  std::uint32_t position = 0;  // which of the record's
  std::uint32_t offset = 0;    // in the segment
  Line line;
};

struct FoundBatch {
  Control control;
  std::string_view bytes;  // the control section; valid until the next step
  bool first_broken = false;
  bool second_broken = false;
  std::vector<BrokenEntry> broken;

  [[nodiscard]] bool whole() const { return !first_broken && !second_broken && broken.empty(); }
};

// From `from` on there is nothing that can be read until, at `to`, a later batch begins. Batches
// from `sequence` to just before that one's are lost.
struct Hole {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint64_t sequence = 0;
  std::uint64_t next_sequence = 0;
  std::uint64_t state = 0;  // as that later batch says: the newest one before it that has state
};

// Nothing more of this segment can be read.
struct End {
  std::uint32_t at = 0;
};

class Scanner {
 public:
  // The batch expected first, and the checksum of the one before it.
  Scanner(env::File& file, std::uint64_t key, std::uint32_t size, std::uint64_t sequence,
          std::uint64_t chain)
      : view_(file), key_(key), size_(size), sequence_(sequence), chain_(chain) {}

  // What comes next; fails only where the file cannot be read. `FoundBatch` is in batch().
  struct InBatch {};
  using Step = std::variant<InBatch, Hole, End>;
  Result<Step> next();
  // The one batch that begins at `offset`, whatever its number: into batch(). False where neither
  // copy of its control section can be read. Not to be mixed with next().
  Result<bool> look_at(std::uint32_t offset);
  [[nodiscard]] const FoundBatch& batch() const { return batch_; }

  // The batch that would come next, and where.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::uint64_t chain() const { return chain_; }
  [[nodiscard]] std::uint32_t offset() const { return at_; }

 private:
  // The control section of either copy at this place, decoded into `control`.
  Result<bool> control_at(std::uint32_t offset, Copy copy, Control& control);
  // The next place from `from` on where a control section of a batch can be read whose number is
  // at least the expected one; the batch begins at or behind at_.
  Result<std::optional<std::uint32_t>> find(std::uint32_t from);
  Result<void> check(std::uint32_t offset);
  void check_entries(std::string_view bytes, std::uint32_t offset);
  [[nodiscard]] bool plausible(const Control& control, std::uint32_t offset) const;
  void accept();

  View view_;
  std::uint64_t key_;
  std::uint32_t size_;
  std::uint64_t sequence_;
  std::uint64_t chain_;
  std::uint32_t at_ = kFirstBatch;
  FoundBatch batch_;
  Control candidate_;
};

}  // namespace quorate::wal
