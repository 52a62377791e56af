// What the fuzz targets share. A target is one file that says what must hold of any bytes;
// libFuzzer calls it (docs/fuzzing.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/checksum.h"

namespace quorate::fuzz {

// What must hold. Otherwise the run ends here, and the input that did it is kept.
inline void expect(bool holds, std::string_view what) {
  if (!holds) {
    std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
    __builtin_trap();
  }
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Makes the checksums in `bytes` right, so that a change reaches what stands behind them; may make
// them shorter or longer too. Defined by each target whose format has any (SEALED in
// cmake/fuzz.cmake).
void seal(std::string& bytes);

// `width` bytes at `at` become this number, the low byte first.
inline void patch(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8U) {
    bytes[at + i] = static_cast<char>(value & 0xffU);
  }
}

inline std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// The last `width` bytes become the checksum of those before.
inline void seal_end(std::string& bytes, std::size_t width) {
  if (bytes.size() >= width) {
    const std::size_t end = bytes.size() - width;
    patch(bytes, end, wire::checksum_of(std::string_view{bytes}.substr(0, end)), width);
  }
}

}  // namespace quorate::fuzz

// The one thing that libFuzzer asks of a target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
