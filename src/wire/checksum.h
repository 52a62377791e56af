// The one checksum of everything that Quorate writes down or sends: XXH3, 64 bits, no seed.
#pragma once

#include <cstdint>
#include <string_view>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes);

}  // namespace quorate::wire
