// Where the members of a configuration are found, from a peer: node/members.h.
#include "node/members.h"

#include "harness.h"

using namespace quorate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto members = Members::decode(Bytes::copy_of(fuzz::text_of(data, size)));
  if (!members) {
    return 0;
  }
  const auto again = Members::decode(members.value().encode());
  fuzz::expect(again && again.value() == members.value(), "what is decoded encodes to the same");
  for (const Member& member : members.value().all()) {
    fuzz::expect(members.value().find(member.id) != nullptr, "who is named is found");
  }
  return 0;
}
