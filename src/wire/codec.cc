#include "wire/codec.h"

#include <array>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "wire/decoder.h"
#include "wire/encoder.h"

namespace quorate::wire {
namespace {

constexpr std::size_t kTypes = std::variant_size_v<MessageBody>;

template <std::size_t... Is>
constexpr std::array<std::uint8_t, kTypes> type_numbers(std::index_sequence<Is...> /*all*/) {
  return {kTypeNumber<std::variant_alternative_t<Is, MessageBody>>...};
}

// By place in the variant, which says nothing about the number.
constexpr auto kTypeNumbers = type_numbers(std::make_index_sequence<kTypes>{});

constexpr bool each_type_has_a_number_of_its_own() {
  for (std::size_t i = 0; i < kTypes; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (kTypeNumbers[i] == kTypeNumbers[j]) {
        return false;
      }
    }
    if (kTypeNumbers[i] == 0) {
      return false;
    }
  }
  return true;
}
static_assert(each_type_has_a_number_of_its_own());

void encode_message(const Message& message, auto& sink) {
  sink.byte(kMessageVersion);
  sink.byte(kTypeNumbers[message.body.index()]);
  Encoder encoder{sink};
  encoder("from", message.from);
  encoder("to", message.to);
  encoder("term", message.term);
  std::visit([&encoder](const auto& body) { layout(encoder, body); }, message.body);
}

template <class Body>
MessageBody decode_body(Decoder& decoder) {
  decoder.name(Body::kName);
  Body body;
  layout(decoder, body);
  decoder.expect_end();
  return body;
}

template <std::size_t... Is>
constexpr auto body_decoders(std::index_sequence<Is...> /*all*/) {
  return std::array{&decode_body<std::variant_alternative_t<Is, MessageBody>>...};
}
constexpr auto kBodyDecoders = body_decoders(std::make_index_sequence<kTypes>{});

void decode_body(std::uint8_t type, Decoder& decoder, MessageBody& body) {
  for (std::size_t i = 0; i < kTypes; ++i) {
    if (kTypeNumbers[i] == type) {
      body = kBodyDecoders[i](decoder);
      return;
    }
  }
  decoder.fail("type " + std::to_string(type) + " is unknown; sent by a newer Quorate?");
}

// Writes all but the payload, which it only remembers for the checksum.
class AroundPayload {
 public:
  explicit AroundPayload(std::string& out) : writer_(out), out_(out) {}

  [[nodiscard]] std::size_t position() const { return out_.size(); }
  [[nodiscard]] std::size_t payload_at() const { return payload_at_; }
  void byte(std::uint8_t value) { writer_.byte(value); }
  void number(std::uint64_t value) { writer_.number(value); }
  void raw(std::string_view bytes) {
    payload_ = bytes;
    payload_at_ = out_.size();
  }
  void checksum32(std::size_t from) {
    std::uint64_t sum = checksum_of(std::array{std::string_view{out_}.substr(from), payload_});
    for (int i = 0; i < 4; ++i, sum >>= 8U) {
      byte(static_cast<std::uint8_t>(sum & 0xffU));
    }
  }

 private:
  Writer writer_;
  std::string& out_;
  std::string_view payload_;
  std::size_t payload_at_ = 0;
};

}  // namespace

void encode(const Message& message, std::string& out) {
  if (const auto* rejected = std::get_if<AppendRejected>(&message.body)) {
    QUORATE_ASSERT(rejected->runs.size() <= AppendRejected::kMaxRuns);
  }
  Writer writer{out};
  encode_message(message, writer);
}

std::size_t encoded_size(const Message& message) {
  Counter counter;
  encode_message(message, counter);
  return counter.position();
}

Result<Message> decode(const Bytes& in) {
  Decoder decoder{in, "message"};
  if (const std::uint8_t version = decoder.byte(); version != kMessageVersion) {
    decoder.fail("version " + std::to_string(version) + "; this build reads " +
                 std::to_string(kMessageVersion));
  }
  const std::uint8_t type = decoder.byte();
  Message message;
  decoder("from", message.from);
  decoder("to", message.to);
  decoder("term", message.term);
  if (!decoder.failed()) {
    decode_body(type, decoder, message.body);
  }
  if (decoder.failed()) {
    return decoder.error();
  }
  return message;
}

void encode(const Entry& entry, std::string& out) {
  Writer writer{out};
  Encoder{writer}("entry", entry);
}

std::size_t encoded_size(const Entry& entry) {
  Counter counter;
  Encoder{counter}("entry", entry);
  return counter.position();
}

std::size_t encode_around_payload(const Entry& entry, std::string& out) {
  const std::size_t start = out.size();
  AroundPayload sink{out};
  Encoder{sink}("entry", entry);
  return sink.payload_at() - start;
}

Result<Entry> decode_entry(const Bytes& in) {
  Decoder decoder{in, "log"};
  Entry entry;
  decoder("entry", entry);
  decoder.expect_end();
  if (decoder.failed()) {
    return decoder.error();
  }
  return entry;
}

}  // namespace quorate::wire
