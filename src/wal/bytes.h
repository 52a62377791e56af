// Fixed numbers in bytes, the low byte first, whatever the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quorate::wal {

inline void put(std::string& out, std::uint64_t value, std::size_t width) {
  char bytes[8];
  for (std::size_t i = 0; i < width; ++i) {
    bytes[i] = static_cast<char>(value >> (8 * i) & 0xffU);
  }
  out.append(bytes, width);
}
inline void put32(std::string& out, std::uint32_t value) { put(out, value, 4); }
inline void put64(std::string& out, std::uint64_t value) { put(out, value, 8); }

// Over what is there already.
inline void patch64(std::string& out, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) {
    out[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
  }
}
inline void patch32(std::string& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    out[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
  }
}

inline std::uint64_t get64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}
inline std::uint32_t get32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

constexpr std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace quorate::wal
