// The first thing that a stranger says, and how it is judged: net/handshake.h.
#include "net/handshake.h"

#include "harness.h"

using namespace quorate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in = Bytes::copy_of(fuzz::text_of(data, size));
  const net::Hello mine{ClusterId{300}, NodeId{2}, Incarnation{9}, NodeId{1}, {1, 2}, {}, 0, "b:2"};
  if (const auto hello = net::decode_hello(in)) {
    const auto again = net::decode_hello(Bytes::copy_of(net::encode(hello.value())));
    fuzz::expect(again && again.value() == hello.value(), "what is decoded encodes to the same");
    for (const auto& refusal :
         {net::judge_caller(mine, hello.value()), net::judge_host(mine, hello.value())}) {
      fuzz::expect(!refusal || !refusal->text.empty(), "a refusal says why");
    }
  }
  if (const auto refusal = net::decode_refusal(in)) {
    const auto again = net::decode_refusal(Bytes::copy_of(net::encode(refusal.value())));
    fuzz::expect(again && again.value() == refusal.value(), "what is decoded encodes to the same");
    fuzz::expect(refusal.value().text.size() <= net::kMaxText, "a text is bounded");
  }
  return 0;
}
