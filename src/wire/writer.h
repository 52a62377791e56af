// Where encoded bytes go: to the end of a string, or nowhere, to be counted. Both take the same
// calls.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/checksum.h"

namespace quorate::wire {

// Numbers are LEB128 varints: seven bits a byte, the lowest first, the high bit set on all but the
// last.
constexpr std::size_t kMaxVarint = 10;

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  [[nodiscard]] std::size_t position() const { return out_.size(); }
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  void number(std::uint64_t value) {
    std::array<char, kMaxVarint> digits{};
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7U) {
      digits[size++] = static_cast<char>((value & 0x7fU) | 0x80U);
    }
    digits[size++] = static_cast<char>(value);
    out_.append(digits.data(), size);
  }
  // Of everything from that position on; the low byte first.
  void checksum32(std::size_t from) { little_endian(checksum(from) & 0xffffffffU, 4); }
  void checksum64(std::size_t from) { little_endian(checksum(from), 8); }

 private:
  [[nodiscard]] std::uint64_t checksum(std::size_t from) const {
    return checksum_of(std::string_view{out_}.substr(from));
  }
  void little_endian(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, value >>= 8U) {
      byte(static_cast<std::uint8_t>(value & 0xffU));
    }
  }

  std::string& out_;
};

class Counter {
 public:
  [[nodiscard]] std::size_t position() const { return size_; }
  void byte(std::uint8_t /*value*/) { ++size_; }
  void raw(std::string_view bytes) { size_ += bytes.size(); }
  void number(std::uint64_t value) { size_ += varint_size(value); }
  void checksum32(std::size_t /*from*/) { size_ += 4; }

 private:
  std::size_t size_ = 0;
};

}  // namespace quorate::wire
