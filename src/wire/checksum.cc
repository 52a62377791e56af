#include "wire/checksum.h"

#define XXH_STATIC_LINKING_ONLY  // the size of a state
#include <xxhash.h>

namespace quorate::wire {

std::uint64_t checksum_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t checksum_of(std::span<const std::string_view> pieces) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const std::string_view piece : pieces) {
    XXH3_64bits_update(&state, piece.data(), piece.size());
  }
  return XXH3_64bits_digest(&state);
}

struct RunningChecksum::State {
  XXH3_state_t of_library;
};

RunningChecksum::RunningChecksum() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->of_library);
}
RunningChecksum::~RunningChecksum() = default;

void RunningChecksum::add(std::string_view bytes) {
  XXH3_64bits_update(&state_->of_library, bytes.data(), bytes.size());
}

std::uint64_t RunningChecksum::value() const { return XXH3_64bits_digest(&state_->of_library); }

}  // namespace quorate::wire
