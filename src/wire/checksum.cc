#include "wire/checksum.h"

#include <xxhash.h>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace quorate::wire
