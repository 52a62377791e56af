// An entry, from a peer or from the log: wire::decode_entry, and the configuration in it.
#include "harness.h"
#include "model/configuration.h"
#include "wire/codec.h"

using namespace quorate;

void fuzz::seal(std::string& bytes) { seal_end(bytes, 4); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in = Bytes::copy_of(fuzz::text_of(data, size));
  const auto entry = wire::decode_entry(in);
  if (!entry) {
    return 0;
  }
  std::string out;
  wire::encode(entry.value(), out);
  fuzz::expect(out == in.text(), "there is one encoding of an entry, the one that was read");
  std::string around;
  const std::size_t before = wire::encode_around_payload(entry.value(), around);
  around.insert(before, entry.value().payload.text());
  fuzz::expect(around == out, "a payload that is left out fits where it is put back");
  if (entry.value().kind == EntryKind::kConfiguration) {
    const auto configuration = Configuration::decode(entry.value().payload);
    fuzz::expect(!configuration || configuration.value().encode() == entry.value().payload,
                 "there is one encoding of a configuration, the one that was read");
  }
  return 0;
}
