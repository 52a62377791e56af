#include "node/bundle.h"

#include <utility>

#include "wire/codec.h"
#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate {
namespace {

enum class Type : std::uint8_t {
  kMessages = 1,
  kOffer = 2,
  kWant = 3,
  kPiece = 4,
  kGone = 5,
  kAsk = 6,
  kEntry = 7,
  kNoEntry = 8,
  kAskOffer = 9,
};

wire::Writer begin(std::string& out, Type type) {
  wire::Writer writer{out};
  writer.byte(static_cast<std::uint8_t>(type));
  return writer;
}

void write(wire::Writer& writer, GroupId group, LogPosition position) {
  writer.number(group.value());
  writer.number(position.index.value());
  writer.number(position.term.value());
}

void write(wire::Writer& writer, std::string_view bytes) {
  writer.number(bytes.size());
  writer.raw(bytes);
}

Bytes finish(const std::string& out) { return Bytes::copy_of(std::string_view{out}); }

// Reads one body; the first thing that is wrong stays as the decoder's error.
class Reader {
 public:
  Reader(const Bytes& body, std::vector<Said>& said) : decoder_(body, "bundle"), said_(said) {}

  Result<void> read() {
    const auto type = static_cast<Type>(decoder_.byte());
    if (!decoder_.failed()) {
      read(type);
    }
    if (error_) {
      return *error_;
    }
    return decoder_.failed() ? Result<void>{decoder_.error()} : Result<void>{};
  }

 private:
  void read(Type type) {
    switch (type) {
      case Type::kMessages:
        return messages();
      case Type::kOffer:
        return offer();
      case Type::kWant:
        return want();
      case Type::kPiece:
        return piece();
      case Type::kGone:
        return add(Gone{snapshot()});
      case Type::kAsk:
        return ask();
      case Type::kEntry:
        return entry();
      case Type::kNoEntry:
        return no_entry();
      case Type::kAskOffer:
        return add(AskOffer{group()});
    }
  }

  void messages() {
    while (decoder_.left() > 0 && !failed()) {
      const GroupId id = group();
      if (auto message = one_message()) {
        said_.emplace_back(GroupMessage{id, std::move(*message)});
      }
    }
  }
  void offer() {
    Offer offer;
    offer.group = group();
    auto message = one_message();
    offer.manifest = bytes();
    if (message && !std::holds_alternative<InstallSnapshot>(message->body)) {
      decoder_.fail("an offer without install-snapshot");
    }
    if (message) {
      offer.install = std::move(*message);
    }
    add(std::move(offer));
  }
  void want() {
    Want want{snapshot(), decoder_.number(), decoder_.number(), decoder_.number()};
    add(want);
  }
  void piece() {
    Piece piece{snapshot(), decoder_.number(), decoder_.number(), {}};
    piece.bytes = bytes();
    add(std::move(piece));
  }
  void ask() {
    AskEntry ask{group(), position(), decoder_.number()};
    add(ask);
  }
  void entry() {
    EntryFound found{group(), {}};
    auto decoded = wire::decode_entry(bytes());
    if (!decoded) {
      error_ = decoded.error();
      return;
    }
    found.entry = std::move(decoded.value());
    add(std::move(found));
  }
  void no_entry() {
    EntryMissing missing{group(), position(), {}};
    const std::uint64_t why = decoder_.number();
    if (why > static_cast<std::uint64_t>(EntryMissing::Why::kCompacted)) {
      decoder_.fail("no such reason for not having an entry");
    }
    missing.why = EntryMissing::Why{static_cast<std::uint8_t>(why)};
    add(missing);
  }

  GroupId group() { return GroupId{decoder_.number()}; }
  LogPosition position() {
    const Index index{decoder_.number()};
    return {index, Term{decoder_.number()}};
  }
  SnapshotName snapshot() {
    const GroupId id = group();
    return {id, position()};
  }
  Bytes bytes() { return decoder_.slice(decoder_.number()); }
  std::optional<Message> one_message() {
    const Bytes encoded = bytes();
    if (failed()) {
      return std::nullopt;
    }
    auto message = wire::decode(encoded);
    if (!message) {
      error_ = message.error();
      return std::nullopt;
    }
    return std::move(message.value());
  }

  [[nodiscard]] bool failed() const { return decoder_.failed() || error_.has_value(); }
  void add(Said said) {
    decoder_.expect_end();
    if (!failed()) {
      said_.push_back(std::move(said));
    }
  }

  wire::Decoder decoder_;
  std::vector<Said>& said_;
  std::optional<Error> error_;
};

}  // namespace

void Bundle::add(GroupId group, const Message& message) {
  wire::Writer writer{body_};
  if (body_.empty()) {
    writer.byte(static_cast<std::uint8_t>(Type::kMessages));
  }
  writer.number(group.value());
  writer.number(wire::encoded_size(message));
  wire::encode(message, body_);
}

Bytes Bundle::take() {
  Bytes body = finish(body_);
  body_.clear();
  return body;
}

Bytes encode(const Offer& offer) {
  std::string out;
  wire::Writer writer = begin(out, Type::kOffer);
  writer.number(offer.group.value());
  writer.number(wire::encoded_size(offer.install));
  wire::encode(offer.install, out);
  write(writer, offer.manifest.text());
  return finish(out);
}

Bytes encode(const Want& want) {
  std::string out;
  wire::Writer writer = begin(out, Type::kWant);
  write(writer, want.snapshot.group, want.snapshot.last);
  writer.number(want.file);
  writer.number(want.offset);
  writer.number(want.size);
  return finish(out);
}

Bytes encode(const Piece& piece) {
  std::string out;
  wire::Writer writer = begin(out, Type::kPiece);
  write(writer, piece.snapshot.group, piece.snapshot.last);
  writer.number(piece.file);
  writer.number(piece.offset);
  write(writer, piece.bytes.text());
  return finish(out);
}

Bytes encode(const Gone& gone) {
  std::string out;
  wire::Writer writer = begin(out, Type::kGone);
  write(writer, gone.snapshot.group, gone.snapshot.last);
  return finish(out);
}

Bytes encode(const AskEntry& ask) {
  std::string out;
  wire::Writer writer = begin(out, Type::kAsk);
  write(writer, ask.group, ask.position);
  writer.number(ask.checksum);
  return finish(out);
}

Bytes encode(const EntryFound& found) {
  std::string out;
  wire::Writer writer = begin(out, Type::kEntry);
  writer.number(found.group.value());
  std::string entry;
  wire::encode(found.entry, entry);
  write(writer, entry);
  return finish(out);
}

Bytes encode(const EntryMissing& missing) {
  std::string out;
  wire::Writer writer = begin(out, Type::kNoEntry);
  write(writer, missing.group, missing.position);
  writer.number(static_cast<std::uint64_t>(missing.why));
  return finish(out);
}

Bytes encode(const AskOffer& ask) {
  std::string out;
  begin(out, Type::kAskOffer).number(ask.group.value());
  return finish(out);
}

Result<void> decode(const Bytes& body, std::vector<Said>& said) {
  return Reader{body, said}.read();
}

}  // namespace quorate
