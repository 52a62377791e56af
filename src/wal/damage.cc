#include "wal/damage.h"

namespace quorate::wal {
namespace {

std::string place(std::uint32_t segment, std::uint32_t offset) {
  return "segment " + std::to_string(segment) + " offset " + std::to_string(offset);
}

}  // namespace

std::string describe(const Lost& lost) {
  return place(lost.segment, lost.offset) + ": rotten: entry " + describe(lost.position) +
         " of group " + std::to_string(lost.group.value()) + " (" + std::to_string(lost.size) +
         " bytes, checksum " + std::to_string(lost.checksum) + ")";
}

std::string describe(const Unknown& unknown) {
  return place(unknown.segment, unknown.from) + " to " + std::to_string(unknown.to) +
         ": rotten: batches " + std::to_string(unknown.first_sequence) + " to " +
         std::to_string(unknown.last_sequence) + ", nothing is known of what they held";
}

std::string describe(const Scar& scar) {
  return place(scar.segment, scar.offset) +
         ": rotten: one of two copies of the control section of batch " +
         std::to_string(scar.sequence) + "; nothing is lost";
}

std::string describe(const TornTail& tail) {
  return place(tail.segment, tail.offset) + ": torn: batch " + std::to_string(tail.sequence) +
         " and what followed were never durable";
}

}  // namespace quorate::wal
