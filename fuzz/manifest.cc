// The list of a snapshot's files, from a peer or from disk: wal::Manifest.
#include <array>
#include <charconv>

#include "harness.h"
#include "wal/snapshots.h"

using namespace quorate;

// The last line is the checksum of those before.
void fuzz::seal(std::string& bytes) {
  const std::size_t end = bytes.rfind("checksum ");
  bytes.resize(end == std::string::npos ? bytes.size() : end);
  std::array<char, 16> digits{};
  const auto last = std::to_chars(digits.begin(), digits.end(), wire::checksum_of(bytes), 16).ptr;
  bytes += "checksum ";
  bytes.append(digits.begin(), last);
  bytes += '\n';
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto manifest = wal::Manifest::decode(text);
  if (!manifest) {
    return 0;
  }
  fuzz::expect(manifest.value().encode() == text,
               "there is one encoding of a manifest, the one that was read");
  for (const wal::SnapshotFile& file : manifest.value().files) {
    fuzz::expect(file.name.find('/') == std::string::npos && file.name != ".." && file.name != ".",
                 "no name leads out of the folder");
  }
  return 0;
}
