// A member's whole state, as a driver keeps it: wire::decode_state.
#include "wire/state.h"

#include "harness.h"

using namespace quorate;

void fuzz::seal(std::string& bytes) { seal_end(bytes, 8); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in = Bytes::copy_of(fuzz::text_of(data, size));
  const auto state = wire::decode_state(in);
  if (!state) {
    return 0;
  }
  std::string out;
  wire::encode(state.value(), out);
  const auto again = wire::decode_state(Bytes::copy_of(out));
  fuzz::expect(again && again.value() == state.value(), "what is decoded encodes to the same");
  return 0;
}
