// The file `identity`, whose directory this is: wal::Directory.
#include "harness.h"
#include "sim/env/disk.h"
#include "wal/directory.h"

using namespace quorate;

// The last line is the checksum of those before.
void fuzz::seal(std::string& bytes) {
  const std::size_t end = bytes.rfind("checksum ");
  bytes.resize(end == std::string::npos ? bytes.size() : end);
  bytes += "checksum " + std::to_string(wire::checksum_of(bytes)) + "\n";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  simenv::SimulatedDisk disk{1};
  auto file = disk.files().open("/identity", env::Open::kCreate);
  fuzz::expect(file.ok() && file.value()->write(0, text).ok(), "the disk takes it");
  const auto found = wal::Directory::read_identity(disk.files(), "/");
  if (!found) {
    return 0;
  }
  const wal::Identity& identity = found.value();
  const auto opened = wal::Directory::open(disk.files(), "/", identity.cluster, identity.node);
  fuzz::expect(opened && opened.value().identity() == identity, "its owner may open it");
  const auto other =
      wal::Directory::open(disk.files(), "/", identity.cluster, NodeId{identity.node.value() + 1});
  fuzz::expect(!other, "nobody else may");
  return 0;
}
