// Batch: what becomes one write. Records are added, then it is finished for its place, and is a
// list of parts that stand one behind the other on disk. It is reused: in steady state nothing is
// allocated, and no large payload is copied.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "wal/format.h"

namespace quorate::wal {

class Batch {
 public:
  // Payloads from this size on are not copied but referred to.
  static constexpr std::size_t kCopyBelow = 4096;

  void clear();
  // A record that needs no more than its fixed part.
  void add(Kind kind, GroupId group, Index index, Term term);
  void add(Kind kind, GroupId group, const SnapshotMeta& meta);
  // Consecutive entries, of as many terms as may be: a record a term. They must outlive finish()
  // and what is done with its parts.
  void add(Kind kind, GroupId group, Term before, std::span<const Entry> entries);

  [[nodiscard]] bool empty() const { return records_.empty(); }
  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  // No more than so many bytes, wherever it will stand.
  [[nodiscard]] std::uint64_t most() const;

  // For this place; control and size of `head` are filled in. No more may be added.
  std::span<const std::string_view> finish(Head head, std::uint64_t key);
  // Of the finished batch.
  [[nodiscard]] const Head& head() const { return head_; }
  [[nodiscard]] std::uint64_t checksum() const { return checksum_; }
  [[nodiscard]] std::string_view control() const { return control_; }

 private:
  struct Cut {
    std::size_t at = 0;  // in entries_, here stands
    std::string_view payload;
  };

  // No page may hold parts of both control sections: for state, and for a batch that is nothing but
  // the proof that those before it were durable.
  [[nodiscard]] bool apart() const { return state_ || records_.empty(); }
  void add_fixed(const Record& record);
  void add_run(Kind kind, GroupId group, Term before, std::span<const Entry> entries);
  std::uint32_t add_entry(const Entry& entry);
  void gather(std::size_t second_copy);

  std::string control_ = std::string(kHeadBytes, '\0');
  std::string entries_;      // encoded, without the payloads that are referred to
  std::uint64_t bytes_ = 0;  // of all entries
  std::vector<Cut> cuts_;
  std::vector<Record> records_;
  bool state_ = false;

  Head head_;
  std::uint64_t checksum_ = 0;
  std::string second_;
  std::vector<std::string_view> parts_;
};

}  // namespace quorate::wal
