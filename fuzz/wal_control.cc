// One control section of a batch: wal::decode_control. Its own first bytes are taken for the key.
#include "harness.h"
#include "wal/format.h"

using namespace quorate;

namespace {

void expect_inside(const wal::Record& record, const wal::Control& control) {
  const std::uint64_t size = control.head.control;
  fuzz::expect(record.body <= size, "what a record adds begins inside");
  switch (record.kind) {
    case wal::Kind::kEntries:
    case wal::Kind::kAgain:
      fuzz::expect(record.body + std::uint64_t{record.count} * wal::kTableBytes <= size,
                   "the table lies inside the control section");
      fuzz::expect(record.data >= size, "entries stand behind the control section");
      fuzz::expect(std::uint64_t{record.data} + record.bytes + size <= control.head.size,
                   "entries stand before the second control section");
      break;
    case wal::Kind::kSnapshot:
    case wal::Kind::kInstall:
      fuzz::expect(std::uint64_t{record.body} + record.count <= size, "metadata lies inside");
      break;
    default:
      break;
  }
}

void expect_same_meta(std::string_view bytes) {
  if (const auto meta = wal::meta_of(bytes)) {
    std::string out;
    wal::put_meta(out, *meta);
    fuzz::expect(out == bytes, "there is one encoding of metadata, the one that was read");
  }
}

}  // namespace

void fuzz::seal(std::string& bytes) {
  if (bytes.size() >= wal::kHeadBytes) {
    patch(bytes, 56, bytes.size(), 4);
    patch(bytes, 8, wire::checksum_of(std::string_view{bytes}.substr(16)), 8);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (bytes.size() < 8) {
    return 0;
  }
  const std::uint64_t key = fuzz::number_at(bytes, 0, 8);
  wal::Control control;
  if (!wal::decode_control(bytes, key, wal::Copy::kFirst, control)) {
    return 0;
  }
  fuzz::expect(wal::control_size(bytes, key, wal::Copy::kFirst) == bytes.size(),
               "its size is what its head says");
  for (const wal::Record& record : control.records) {
    expect_inside(record, control);
    if (record.kind == wal::Kind::kSnapshot || record.kind == wal::Kind::kInstall) {
      expect_same_meta(bytes.substr(record.body, record.count));
    }
  }
  return 0;
}
