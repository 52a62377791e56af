// The body of a node's frame, messages of many groups or pieces of a snapshot: node/bundle.h.
#include "node/bundle.h"

#include <variant>
#include <vector>

#include "harness.h"

using namespace quorate;

namespace {

// All that was said in one body, as bytes again. Messages stand together, all else by itself.
std::string encode_all(const std::vector<Said>& all) {
  Bundle messages;
  std::string out;
  for (const Said& said : all) {
    if (const auto* message = std::get_if<GroupMessage>(&said)) {
      messages.add(message->group, message->message);
      continue;
    }
    std::visit(
        [&](const auto& what) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(what)>, GroupMessage>) {
            out += encode(what).text();
          }
        },
        said);
  }
  return messages.empty() ? out : std::string{messages.take().text()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in = Bytes::copy_of(fuzz::text_of(data, size));
  std::vector<Said> said;
  if (!decode(in, said) || said.empty()) {
    return 0;
  }
  fuzz::expect(encode_all(said) == in.text(),
               "there is one encoding of a body, the one that was read");
  return 0;
}
