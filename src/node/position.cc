#include "node/position.h"

#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate {

std::string encode_position(const SnapshotMeta& at) {
  std::string out;
  wire::Writer writer{out};
  writer.byte(kPositionVersion);
  writer.number(at.last.index.value());
  writer.number(at.last.term.value());
  writer.number(at.configuration_index.value());
  const Bytes configuration =
      at.configuration == Configuration{} ? Bytes{} : at.configuration.encode();
  writer.number(configuration.size());
  writer.raw(configuration.text());
  return out;
}

Result<SnapshotMeta> decode_position(std::string_view bytes) {
  SnapshotMeta at;
  if (bytes.empty()) {
    return at;
  }
  const Bytes in = Bytes::copy_of(bytes);
  wire::Decoder decoder{in, "position"};
  if (const auto version = decoder.byte(); version != kPositionVersion && !decoder.failed()) {
    return invalid("position.version: " + std::to_string(version) +
                   " is not known; the state was written by a newer Quorate");
  }
  at.last.index = Index{decoder.number()};
  at.last.term = Term{decoder.number()};
  at.configuration_index = Index{decoder.number()};
  const Bytes configuration = decoder.slice(decoder.number());
  decoder.expect_end();
  if (decoder.failed()) {
    return decoder.error();
  }
  if (!configuration.empty()) {
    auto decoded = Configuration::decode(configuration);
    if (!decoded) {
      return decoded.error();
    }
    at.configuration = std::move(decoded.value());
  }
  return at;
}

}  // namespace quorate
