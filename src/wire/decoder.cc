#include "wire/decoder.h"

#include <utility>

#include "wire/checksum.h"

namespace quorate::wire {

void Decoder::expect_end() {
  if (!failed() && !rest_.empty()) {
    fail(std::to_string(rest_.size()) + " bytes too many at the end");
  }
}

void Decoder::fail(std::string why) { fail(ErrorCode::kInvalid, std::move(why)); }

void Decoder::fail(ErrorCode code, std::string why) {
  if (failed()) {
    return;
  }
  std::string path{what_};
  for (std::size_t i = 0; i < depth_; ++i) {
    path += std::string{"."} + path_[i].name;
    if (path_[i].element != kNoElement) {
      path += "[" + std::to_string(path_[i].element) + "]";
    }
  }
  error_ = Error{code, path + ": " + std::move(why)};
  rest_ = {};
}

std::uint64_t Decoder::long_number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t digit = byte();
    if (shift == 63 && digit > 1) {
      break;
    }
    value |= static_cast<std::uint64_t>(digit & 0x7fU) << shift;
    if (digit < 0x80) {
      if (digit == 0 && shift > 0) {
        fail("a number with needless digits");
      }
      return value;
    }
  }
  fail("a number of more than 64 bits");
  return 0;
}

Bytes Decoder::slice(std::uint64_t size) {
  if (size > rest_.size()) {
    fail(std::to_string(size) + " bytes announced, " + std::to_string(rest_.size()) + " left");
    return {};
  }
  if (size == 0) {
    return {};
  }
  const std::size_t offset = in_.size() - rest_.size();
  rest_.remove_prefix(size);
  return in_.part(offset, size);
}

void Decoder::read(bool& value) {
  const std::uint8_t flag = byte();
  if (flag > 1) {
    fail(std::to_string(flag) + " is neither yes (1) nor no (0)");
  }
  value = flag == 1;
}

void Decoder::read(EntryKind& kind) {
  const std::uint8_t number = byte();
  if (number > kMaxEntryKind) {
    fail("kind " + std::to_string(number) + " is unknown; written by a newer Quorate?");
  }
  kind = EntryKind{number};
}

void Decoder::read(Configuration& configuration) {
  const Bytes encoded = slice(number());
  if (failed() || encoded.empty()) {
    return;
  }
  auto decoded = Configuration::decode(encoded);
  if (!decoded) {
    return fail(decoded.error().message);
  }
  configuration = std::move(decoded.value());
}

void Decoder::read(Entry& entry) {
  const std::string_view start = rest_;
  layout(*this, entry);
  if (failed()) {
    return;
  }
  const std::uint64_t expected = checksum_of(start.substr(0, start.size() - rest_.size()));
  for (unsigned shift = 0; shift < 32; shift += 8) {
    if (byte() != ((expected >> shift) & 0xffU)) {
      return fail(ErrorCode::kCorrupt, "the checksum differs; the bytes were damaged on their way");
    }
  }
}

bool Decoder::check_count(std::uint64_t count, std::size_t smallest, std::size_t most) {
  if (count > most) {
    fail(std::to_string(count) + " announced, more than " + std::to_string(most));
  } else if (count > rest_.size() / smallest) {
    fail(std::to_string(count) + " announced, but " + std::to_string(rest_.size()) + " bytes left");
  }
  return !failed();
}

}  // namespace quorate::wire
