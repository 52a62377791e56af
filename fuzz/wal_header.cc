// The first two pages of a segment: wal::decode_header. The input is the two copies, 80 bytes each.
#include <algorithm>

#include "harness.h"
#include "wal/format.h"

using namespace quorate;

namespace {

constexpr std::size_t kCopy = 80;

std::string pages_of(std::string_view copies) {
  std::string pages(wal::kFirstBatch, '\0');
  std::ranges::copy(copies.substr(0, kCopy), pages.begin());
  if (copies.size() > kCopy) {
    std::ranges::copy(copies.substr(kCopy, kCopy), pages.begin() + wal::kPage);
  }
  return pages;
}

}  // namespace

void fuzz::seal(std::string& bytes) {
  for (std::size_t at = 0; bytes.size() - at >= kCopy; at += kCopy) {
    patch(bytes, at + kCopy - 8, wire::checksum_of(std::string_view{bytes}.substr(at, kCopy - 8)),
          8);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const std::string pages = pages_of(bytes);
  static_cast<void>(wal::decode_header(bytes));  // a file that is shorter than two pages
  static_cast<void>(wal::sealed(bytes, 1));
  const auto found = wal::decode_header(pages);
  if (!found) {
    return 0;
  }
  const auto again = wal::decode_header(wal::encode(found->header));
  fuzz::expect(again && again->header == found->header, "what is decoded encodes to the same");
  fuzz::expect(!again->first_broken && !again->second_broken, "both copies are whole");
  return 0;
}
