// Survival: what a power loss leaves of that which was not synced yet.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"

namespace quorate::simenv {

enum class Survival : std::uint8_t {
  kNone,    // nothing
  kAll,     // everything, as if it had been synced in time
  kPrefix,  // what was done first, up to a point that is drawn; the operation at that point torn
  kAny,     // any part: each sector, each size and each name by itself
};
std::string_view name_of(Survival survival);

// Decides, for one power loss, piece by piece. The operations of a disk are numbered in the order
// in which they were done.
class Fate {
 public:
  // `oldest` is the first operation that is not synced, `end` the one after the last.
  Fate(Survival survival, Random random, std::uint64_t oldest, std::uint64_t end);

  // Whether this piece of the operation (a sector of a write, a file's size, a name) survives.
  bool keeps(std::uint64_t operation);

 private:
  Survival survival_;
  Random random_;
  std::uint64_t cut_ = 0;  // kPrefix: torn here
  std::uint64_t odds_;     // in eighths
};

}  // namespace quorate::simenv
