#include "bench/slots.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "wire/checksum.h"
#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate::bench {
namespace {

constexpr const char* kFile = "slots";
constexpr std::uint64_t kLargest = std::uint64_t{8} << 30U;
constexpr std::size_t kChunk = std::size_t{1} << 20U;

void put_slot(wire::Writer& writer, std::size_t key, const Bytes& value) {
  writer.number(key);
  writer.number(value.size());
  writer.raw(value.text());
}

// A megabyte at a time: the values may be more than what the memory holds twice.
Result<void> write(env::Files& files, const std::string& path, const std::vector<Bytes>& values) {
  auto file = files.open(path, env::Open::kOverwrite);
  if (!file) {
    return file.error();
  }
  std::uint64_t offset = 0;
  std::string chunk;
  wire::Writer writer{chunk};
  for (std::size_t key = 0; key <= values.size(); ++key) {
    const bool last = key == values.size();
    if (!last && !values[key].empty()) {
      put_slot(writer, key, values[key]);
    }
    if (chunk.size() < kChunk && !last) {
      continue;
    }
    if (auto written = file.value()->write(offset, chunk); !written) {
      return written;
    }
    offset += chunk.size();
    chunk.clear();
  }
  return {};
}

}  // namespace

Bytes Slots::command(std::uint32_t key, std::string_view value) {
  BytesBuilder builder{kKeyBytes + value.size()};
  std::array<char, kKeyBytes> name{};
  std::memcpy(name.data(), &key, kKeyBytes);
  builder.append({name.data(), name.size()});
  builder.append(value);
  return builder.take();
}

std::string_view Slots::get(std::uint32_t key) const {
  return key < values_.size() ? values_[key].text() : std::string_view{};
}

Result<void> Slots::apply(std::span<const Command> batch, std::string_view /*position*/,
                          std::vector<std::string>& results) {
  for (const Command& each : batch) {
    std::uint32_t key = kKeys;
    if (each.payload.size() >= kKeyBytes) {
      std::memcpy(&key, each.payload.data(), kKeyBytes);
    }
    if (key >= kKeys) {
      return invalid("command.key: there is none below " + std::to_string(kKeys));
    }
    if (key >= values_.size()) {
      values_.resize(key + 1);
    }
    values_[key] = Bytes::copy_of(each.payload.substr(kKeyBytes));
    results.emplace_back();
  }
  return {};
}

Result<StateMachine::FinishSnapshot> Slots::snapshot(const std::string& folder) {
  return FinishSnapshot{[&files = files_, path = env::join(folder, kFile), values = values_] {
    return write(files, path, values);
  }};
}

Result<void> Slots::restore(const std::string& folder, std::string_view /*position*/) {
  const std::string path = env::join(folder, kFile);
  const auto read = env::read_all(files_, path, kLargest);
  if (!read) {
    return read.error();
  }
  values_.clear();
  const Bytes in = Bytes::copy_of(std::string_view{read.value()});
  wire::Decoder decoder{in, "slots"};
  while (decoder.left() > 0 && !decoder.failed()) {
    const std::uint64_t key = decoder.number();
    const Bytes value = decoder.slice(decoder.number());
    if (key >= kKeys) {
      decoder.fail("key " + std::to_string(key) + " is too large");
      break;
    }
    values_.resize(std::max<std::size_t>(values_.size(), key + 1));
    values_[key] = value;
  }
  return decoder.failed() ? Result<void>{decoder.error()} : Result<void>{};
}

std::uint64_t Slots::hash() {
  std::string all;
  wire::Writer writer{all};
  for (std::size_t key = 0; key < values_.size(); ++key) {
    if (!values_[key].empty()) {
      put_slot(writer, key, values_[key]);
    }
  }
  return wire::checksum_of(all);
}

}  // namespace quorate::bench
