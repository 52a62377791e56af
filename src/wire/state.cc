#include "wire/state.h"

#include <limits>
#include <utility>

#include "base/assert.h"
#include "wire/checksum.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace quorate::wire {
namespace {

constexpr std::size_t kChecksum = 8;

void encode_entries(const State& state, Writer& writer) {
  writer.number(state.entries.size());
  LogPosition before = state.base;
  for (const Entry& entry : state.entries) {
    QUORATE_ASSERT(entry.index == before.index.next(),
                   describe(entry) + " after " + describe(before));
    QUORATE_ASSERT(entry.term >= before.term, describe(entry) + " after " + describe(before));
    const std::uint64_t step = entry.term - before.term;
    writer.number(entry.payload.size() << 3U | static_cast<std::uint64_t>(entry.kind) << 1U |
                  static_cast<std::uint64_t>(step > 0));
    if (step > 0) {
      writer.number(step);
    }
    writer.raw(entry.payload.text());
    before = entry.position();
  }
}

Entry decode_entry_after(LogPosition before, Decoder& decoder) {
  const std::uint64_t head = decoder.number();
  const auto kind = static_cast<std::uint8_t>(head >> 1U & 3U);
  if (kind > kMaxEntryKind) {
    decoder.fail("kind " + std::to_string(kind) + " is unknown; written by a newer Quorate?");
  }
  const std::uint64_t step = (head & 1U) != 0 ? decoder.number() : 0;
  if (step > std::numeric_limits<std::uint64_t>::max() - before.term.value()) {
    decoder.fail("its term is more than 64 bits hold");
  }
  return {before.term + step, before.index.next(), EntryKind{kind}, decoder.slice(head >> 3U)};
}

void decode_entries(State& state, Decoder& decoder) {
  const std::uint64_t count = decoder.number();
  if (count > decoder.left()) {
    decoder.fail(std::to_string(count) + " entries announced, but " +
                 std::to_string(decoder.left()) + " bytes left");
    return;
  }
  state.entries.reserve(count);
  LogPosition before = state.base;
  for (std::uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    state.entries.push_back(decode_entry_after(before, decoder));
    before = state.entries.back().position();
  }
}

bool ends_with_its_checksum(std::string_view bytes) {
  std::uint64_t found = 0;
  for (std::size_t i = bytes.size(); i > bytes.size() - kChecksum; --i) {
    found = found << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return found == checksum_of(bytes.substr(0, bytes.size() - kChecksum));
}

}  // namespace

void encode(const State& state, std::string& out) {
  Writer writer{out};
  const std::size_t start = writer.position();
  writer.byte(kStateVersion);
  Encoder encoder{writer};
  encoder("hard_state", state.hard_state);
  encoder("snapshot", state.snapshot);
  encoder("base", state.base);
  encode_entries(state, writer);
  writer.checksum64(start);
}

Result<State> decode_state(const Bytes& in) {
  if (in.size() <= kChecksum) {
    return corrupt("state: cut short, " + std::to_string(in.size()) + " bytes");
  }
  if (!ends_with_its_checksum(in.text())) {
    return corrupt("state: the checksum differs; the bytes were damaged or cut short");
  }
  const Bytes body = in.part(0, in.size() - kChecksum);
  Decoder decoder{body, "state"};
  if (const std::uint8_t version = decoder.byte(); version != kStateVersion) {
    decoder.fail("version " + std::to_string(version) + "; this build reads " +
                 std::to_string(kStateVersion));
  }
  State state;
  decoder("hard_state", state.hard_state);
  decoder("snapshot", state.snapshot);
  decoder("base", state.base);
  decode_entries(state, decoder);
  decoder.expect_end();
  if (decoder.failed()) {
    return decoder.error();
  }
  return state;
}

}  // namespace quorate::wire
