#include "wal/segment.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace quorate::wal {
namespace {

constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kDigits = 10;
constexpr std::size_t kChunk = std::size_t{1} << 20U;

Result<void> write_zeros(env::File& file, std::uint32_t size) {
  const std::string zeros(std::min<std::size_t>(size, kChunk), '\0');
  for (std::uint64_t at = 0; at < size; at += zeros.size()) {
    const std::string_view part = std::string_view{zeros}.substr(0, size - at);
    if (auto written = file.write(at, part); !written) {
      return written;
    }
  }
  return file.sync();
}

}  // namespace

std::string segment_name(std::uint32_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits +
         std::string{kSuffix};
}

std::optional<std::uint32_t> segment_number(std::string_view name) {
  std::uint32_t number = 0;
  const char* end = name.data() + std::min(kDigits, name.size());
  const auto parsed = std::from_chars(name.data(), end, number);
  const bool is_one = parsed.ec == std::errc{} && parsed.ptr == end && number > 0;
  return is_one && name == segment_name(number) ? std::optional{number} : std::nullopt;
}

std::string spare_name(std::uint32_t number) {
  return std::string{kSparePrefix} + std::to_string(number);
}
std::string unfinished_name(std::uint32_t number) {
  return std::string{kUnfinishedPrefix} + std::to_string(number);
}

std::optional<std::uint32_t> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + prefix.size(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional{number} : std::nullopt;
}

Result<void> make_zeros(env::Files& files, const std::string& path, std::uint32_t size) {
  auto file = files.open(path, env::Open::kOverwrite);
  if (!file) {
    return file.error();
  }
  auto written = write_zeros(*file.value(), size);
  if (!written) {
    file.value().reset();
    // Whether this succeeds or not, the name is cleared away when the log is opened.
    static_cast<void>(files.remove(path));
  }
  return written;
}

Result<Segment> start_segment(env::Files& files, const std::string& directory,
                              const std::string& spare, const SegmentHeader& header,
                              std::span<const std::string_view> checkpoint) {
  auto file = files.open(spare, env::Open::kWrite);
  if (!file) {
    return file.error();
  }
  Segment segment;
  segment.number = static_cast<std::uint32_t>(header.segment);
  segment.path = env::join(directory, segment_name(segment.number));
  segment.file = std::move(file.value());
  segment.size = header.size;
  segment.key = key_of(header.identity, header.segment);
  auto done = segment.file->write(0, encode(header));
  if (done) {
    done = segment.file->write(kFirstBatch, checkpoint);
  }
  if (done) {
    done = segment.file->sync();
  }
  if (done) {
    done = files.rename(spare, segment.path);
  }
  if (!done) {
    static_cast<void>(files.remove(spare));
    return done.error();
  }
  // From here on the name may be there after a crash, so nothing may go on as if it were not.
  if (auto synced = files.sync_directory(directory); !synced) {
    return Error{ErrorCode::kIo, synced.error().message};
  }
  return segment;
}

Result<void> seal(Segment& segment) {
  const std::string bytes = encode_seal(segment.key);
  for (const std::size_t at : kSealAt) {
    if (auto written = segment.file->write(at, bytes); !written) {
      return written;
    }
  }
  return segment.file->sync();
}

}  // namespace quorate::wal
