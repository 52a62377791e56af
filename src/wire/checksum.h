// The one checksum of everything that Quorate writes down or sends: XXH3, 64 bits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes);
// With a seed, for what is to be covered but stands elsewhere; of one piece, or of several as if
// they were one.
std::uint64_t checksum_of(std::string_view bytes, std::uint64_t seed);
std::uint64_t checksum_of(std::span<const std::string_view> pieces, std::uint64_t seed);

// The same of bytes that come piece by piece.
class RunningChecksum {
 public:
  RunningChecksum();
  RunningChecksum(const RunningChecksum&) = delete;
  RunningChecksum& operator=(const RunningChecksum&) = delete;
  ~RunningChecksum();
  void add(std::string_view bytes);
  [[nodiscard]] std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quorate::wire
