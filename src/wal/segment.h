// Segments as files: their names, how they are made, and what stands in the first two pages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "wal/format.h"

namespace quorate::wal {

// One that is part of the log. Its file stays open.
struct Segment {
  std::uint32_t number = 0;
  std::string path;
  std::unique_ptr<env::File> file;
  std::uint32_t size = 0;
  std::uint64_t key = 0;
  std::uint32_t readers = 0;  // that look into the file at this moment
};

// `0000000007.log`.
std::string segment_name(std::uint32_t number);
std::optional<std::uint32_t> segment_number(std::string_view name);
// Files of the log's directory that are no segments: `spare-7` may become one, `new-7` is one in
// the making, of no use after a crash.
inline constexpr std::string_view kSparePrefix = "spare-";
inline constexpr std::string_view kUnfinishedPrefix = "new-";
std::string spare_name(std::uint32_t number);
std::string unfinished_name(std::uint32_t number);
std::optional<std::uint32_t> number_of(std::string_view name, std::string_view prefix);

// A file of that size, all zeros, every block of it written and durable. On failure there is none.
Result<void> make_zeros(env::Files& files, const std::string& path, std::uint32_t size);

// Turns a spare file into the segment that `header` describes, its first batch `checkpoint` (the
// parts as they stand on disk), in `directory`: durable on return, its name too.
Result<Segment> start_segment(env::Files& files, const std::string& directory,
                              const std::string& spare, const SegmentHeader& header,
                              std::span<const std::string_view> checkpoint);
// Says in a segment that another follows.
Result<void> seal(Segment& segment);

}  // namespace quorate::wal
