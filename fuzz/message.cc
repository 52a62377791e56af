// A message from a peer: wire::decode.
#include "harness.h"
#include "wire/codec.h"

using namespace quorate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in = Bytes::copy_of(fuzz::text_of(data, size));
  const auto message = wire::decode(in);
  if (!message) {
    fuzz::expect(!message.error().message.empty(), "an error says what is wrong");
    return 0;
  }
  std::string out;
  wire::encode(message.value(), out);
  fuzz::expect(out == in.text(), "there is one encoding of a message, the one that was read");
  fuzz::expect(wire::encoded_size(message.value()) == out.size(), "its size is told exactly");
  fuzz::expect(!describe(message.value()).empty(), "it can be printed");
  return 0;
}
