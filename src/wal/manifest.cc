#include <algorithm>
#include <array>
#include <charconv>

#include "wal/format.h"
#include "wal/snapshots.h"
#include "wire/checksum.h"

namespace quorate::wal {
namespace {

constexpr std::string_view kFirstLine = "quorate snapshot, version 1\n";
constexpr std::string_view kDigits = "0123456789abcdef";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4U];
    text += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}
std::string hex(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  return {digits.begin(), end};
}

template <class Number>
std::optional<Number> parse(std::string_view text, int base) {
  Number number{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole ? std::optional{number} : std::nullopt;
}

std::optional<std::string> unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto byte = parse<std::uint8_t>(text.substr(i, 2), 16);
    if (!byte) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(*byte));
  }
  return text.size() % 2 == 0 ? std::optional{bytes} : std::nullopt;
}

// Takes what stands before `end` off the front.
std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

bool harmless(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos &&
         name.find('\n') == std::string_view::npos;
}

bool read_line(std::string_view line, Manifest& manifest) {
  const std::string_view word = take(line, ' ');
  if (word == "group") {
    const auto number = parse<std::uint64_t>(line, 10);
    manifest.group = GroupId{number.value_or(0)};
    return number.has_value();
  }
  if (word == "meta") {
    const auto bytes = unhex(line);
    auto meta = bytes ? meta_of(*bytes) : std::nullopt;
    manifest.meta = meta.value_or(SnapshotMeta{});
    return meta.has_value();
  }
  if (word != "file") {
    return false;
  }
  const auto size = parse<std::uint64_t>(take(line, ' '), 10);
  const auto checksum = parse<std::uint64_t>(take(line, ' '), 16);
  manifest.files.push_back({std::string{line}, size.value_or(0), checksum.value_or(0)});
  return size && checksum;
}

}  // namespace

std::string Manifest::encode() const {
  std::string text{kFirstLine};
  text += "group " + std::to_string(group.value()) + "\n";
  std::string encoded;
  put_meta(encoded, meta);
  text += "meta " + hex(encoded) + "\n";
  for (const SnapshotFile& file : files) {
    text += "file " + std::to_string(file.size) + " " + hex(file.checksum) + " " + file.name + "\n";
  }
  return text + "checksum " + hex(wire::checksum_of(text)) + "\n";
}

Result<Manifest> Manifest::decode(std::string_view text) {
  if (text.starts_with("quorate snapshot, version ") && !text.starts_with(kFirstLine)) {
    return invalid(
        "the manifest is of another version of Quorate, in a format that this one does "
        "not know");
  }
  const std::size_t end = text.rfind("checksum ");
  if (!text.starts_with(kFirstLine) || end == std::string_view::npos) {
    return corrupt("the manifest is damaged");
  }
  std::string_view rest = text.substr(kFirstLine.size(), end - kFirstLine.size());
  Manifest manifest;
  while (!rest.empty()) {
    if (!read_line(take(rest, '\n'), manifest)) {
      return corrupt("the manifest is damaged");
    }
  }
  // Written again it must be the same bytes, the checksum with them.
  if (manifest.encode() != text) {
    return corrupt("the manifest is damaged");
  }
  for (const SnapshotFile& file : manifest.files) {
    if (!harmless(file.name)) {
      return invalid("the manifest names a file '" + file.name + "', which may lead elsewhere");
    }
  }
  const auto twice =
      std::ranges::adjacent_find(manifest.files, std::ranges::greater_equal{}, &SnapshotFile::name);
  if (twice != manifest.files.end()) {
    return invalid("the manifest names '" + twice->name + "' out of order, or twice");
  }
  return manifest;
}

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const SnapshotFile& file : files) {
    sum += file.size;
  }
  return sum;
}

}  // namespace quorate::wal
