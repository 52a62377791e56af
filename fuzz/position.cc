// The blob that a state machine keeps for the runtime: node/position.h.
#include "node/position.h"

#include "harness.h"

using namespace quorate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in = fuzz::text_of(data, size);
  const auto position = decode_position(in);
  if (!position) {
    return 0;
  }
  const auto again = decode_position(encode_position(position.value()));
  fuzz::expect(again && again.value() == position.value(), "what is decoded encodes to the same");
  return 0;
}
