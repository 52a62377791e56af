// A log on a simulated disk, and words to say what happens to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/files.h"
#include "sim/env/disk.h"
#include "wal/directory.h"
#include "wal/wal.h"

namespace quorate::wal::testing {

inline const Identity kIdentity{ClusterId{7}, NodeId{3}, Incarnation{0x1234567890abcdefU}};
inline const std::string kPath = "/data";
inline constexpr std::uint32_t kTiny = 32U << 10U;

inline Entry entry(std::uint64_t index, std::uint64_t term, std::string_view text = "command") {
  return {Term{term}, Index{index}, EntryKind::kCommand, Bytes::copy_of(text)};
}
inline std::vector<Entry> entries(std::uint64_t first, std::uint64_t last, std::uint64_t term,
                                  const std::string& text = "entry ") {
  std::vector<Entry> made;
  for (std::uint64_t i = first; i <= last; ++i) {
    made.push_back(entry(i, term, text + std::to_string(i) + "/" + std::to_string(term)));
  }
  return made;
}
inline SnapshotMeta meta(std::uint64_t index, std::uint64_t term) {
  return {{Index{index}, Term{term}}, {{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, {}}, Index{1}};
}
inline Write write_of(std::uint64_t group, std::span<const Entry> entries) {
  Write write;
  write.group = GroupId{group};
  write.entries = entries;
  return write;
}

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "none" : result.error().message;
}

class LogOnDisk {
 public:
  explicit LogOnDisk(std::uint64_t seed = 1) : disk(seed) { options.segment_bytes = kTiny; }

  void create() {
    const auto created = Directory::create(disk.files(), kPath, kIdentity, options.segment_bytes);
    ASSERT_TRUE(created.ok()) << error_of(created);
  }
  Result<void> try_open() {
    wal.reset();
    auto directory = Directory::open(disk.files(), kPath, kIdentity.cluster, kIdentity.node);
    if (!directory) {
      return directory.error();
    }
    auto result = Wal::open(disk.files(), std::move(directory.value()), options);
    if (!result) {
      return result.error();
    }
    wal = std::move(result.value().wal);
    opened = std::move(result.value());
    return {};
  }
  void open() {
    const auto result = try_open();
    ASSERT_TRUE(result.ok()) << error_of(result);
  }
  void write(const Write& write) {
    const auto written = wal->write(std::span{&write, 1});
    ASSERT_TRUE(written.ok()) << error_of(written);
  }
  void append(std::uint64_t group, std::uint64_t first, std::uint64_t last, std::uint64_t term) {
    const auto made = entries(first, last, term);
    write(write_of(group, made));
  }
  void sync() {
    const auto synced = wal->sync();
    ASSERT_TRUE(synced.ok()) << error_of(synced);
  }
  Recovered recover(std::uint64_t group, std::uint64_t tail_bytes = 1U << 20U) {
    auto recovered = wal->recover(GroupId{group}, tail_bytes);
    EXPECT_TRUE(recovered.ok()) << error_of(recovered);
    return recovered ? std::move(recovered.value()) : Recovered{};
  }
  std::vector<Entry> read(std::uint64_t group, std::uint64_t first, std::uint64_t last,
                          std::uint64_t max_bytes = 1U << 30U) {
    auto found = wal->read(GroupId{group}, Index{first}, Index{last}, max_bytes);
    EXPECT_TRUE(found.ok()) << error_of(found);
    return found ? std::move(found.value().entries) : std::vector<Entry>{};
  }
  [[nodiscard]] static std::string segment_path(std::uint32_t number) {
    return env::join(Directory::log_of(kPath), segment_name(number));
  }

  simenv::SimulatedDisk disk;
  Options options;
  std::unique_ptr<Wal> wal;
  Opened opened;
};

}  // namespace quorate::wal::testing
