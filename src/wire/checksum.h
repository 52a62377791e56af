// The one checksum of everything that Quorate writes down or sends: XXH3, 64 bits, no seed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes);
// Of several pieces as if they were one.
std::uint64_t checksum_of(std::span<const std::string_view> pieces);

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
