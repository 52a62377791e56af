// The one checksum of everything that Quorate writes down or sends: XXH3, 64 bits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes);
// With a seed, for what is to be covered but stands elsewhere; of one piece, or of several as if
// they were one.
std::uint64_t checksum_of(std::string_view bytes, std::uint64_t seed);
std::uint64_t checksum_of(std::span<const std::string_view> pieces, std::uint64_t seed);

}  // namespace quorate::wire
