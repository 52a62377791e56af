// The file `peers`, whom a node has met: node/acquaintances.h.
#include <algorithm>
#include <array>
#include <charconv>

#include "harness.h"
#include "node/acquaintances.h"
#include "sim/env/disk.h"

using namespace quorate;

namespace {

const std::string kPath = "/peers";

void store(simenv::SimulatedDisk& disk, std::string_view bytes) {
  auto file = disk.files().open(kPath, env::Open::kOverwrite);
  fuzz::expect(file.ok() && file.value()->write(0, bytes).ok(), "the disk takes it");
}

}  // namespace

// The last line is the checksum of those before.
void fuzz::seal(std::string& bytes) {
  const std::size_t end =
      bytes.size() < 2 ? std::string::npos : bytes.rfind('\n', bytes.size() - 2);
  bytes.resize(end == std::string::npos ? 0 : end + 1);
  std::array<char, 16> digits{};
  const auto last = std::to_chars(digits.begin(), digits.end(), wire::checksum_of(bytes), 16).ptr;
  bytes.append(digits.begin(), last);
  bytes += '\n';
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  simenv::SimulatedDisk disk{1};
  store(disk, fuzz::text_of(data, size));
  const auto known = Acquaintances::load(disk.files(), kPath);
  if (!known) {
    return 0;
  }
  const std::string text = known.value().text();
  store(disk, text);
  const auto again = Acquaintances::load(disk.files(), kPath);
  fuzz::expect(again && again.value().text() == text, "what is decoded encodes to the same");
  return 0;
}
