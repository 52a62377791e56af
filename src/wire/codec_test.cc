#include "wire/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "wire/example.h"
#include "wire/generators.h"
#include "wire/layout.h"
#include "wire/writer.h"

namespace quorate::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::string_view_literals;

Bytes bytes_of(const auto& value) {
  std::string out;
  encode(value, out);
  return Bytes::copy_of(out);
}

Message message_of(MessageBody body) { return {NodeId{1}, NodeId{2}, Term{4}, std::move(body)}; }

Entry command(std::uint64_t index, std::string_view text) {
  return {Term{4}, Index{index}, EntryKind::kCommand, Bytes::copy_of(text)};
}

Append example() { return {{Index{299}, Term{3}}, Index{298}, Round{7}, {command(300, "hi")}}; }

// One message of each shape that a decoder can trip over.
std::vector<Message> samples() {
  const Configuration configuration{{NodeId{1}, NodeId{2}}, {NodeId{3}}, {}, Bytes::copy_of("at")};
  return {message_of(example()),
          message_of(AppendRejected{Index{9}, Index{5}, {{Index{4}, Term{2}}, {}}, Round{1}}),
          message_of(InstallSnapshot{{{Index{7}, Term{3}}, configuration, Index{2}}, Round{5}}),
          message_of(PreVote{Term{5}, {Index{7}, Term{3}}, 200}),
          message_of(ReadIndex{{1U << 20U, 9}, true}),
          message_of(Wake{})};
}

std::string error_of(std::string_view bytes) {
  const Result<Message> result = decode(Bytes::copy_of(bytes));
  return result ? "none" : result.error().message;
}

TEST(Codec, TheWorkedExampleIsWhatTheDocumentSays) {
  for (const char* where : {"docs/formats/message.md", "src/wire/codec.h"}) {
    const Bytes written = testing::worked_example(where);
    EXPECT_EQ(bytes_of(message_of(example())), written) << where;
    const Result<Message> decoded = decode(written);
    ASSERT_TRUE(decoded.ok()) << where << ": " << decoded.error().message;
    EXPECT_EQ(decoded.value(), message_of(example()));
  }
}

// The numbers as they were given out. Whoever changes one here breaks every running cluster.
TEST(Codec, TypeNumbersNeverChange) {
  std::vector<std::string> numbers(21);
  testing::for_each_type([&numbers]<class Body>() {
    const Bytes bytes = bytes_of(message_of(Body{}));
    numbers.at(static_cast<std::size_t>(bytes.span()[1])) = Body::kName;
  });
  EXPECT_EQ(numbers, (std::vector<std::string>{"",
                                               "pre-vote",
                                               "pre-vote-answer",
                                               "request-vote",
                                               "vote-answer",
                                               "append",
                                               "append-accepted",
                                               "append-rejected",
                                               "heartbeat",
                                               "heartbeat-answer",
                                               "install-snapshot",
                                               "snapshot-accepted",
                                               "stale-term",
                                               "try-later",
                                               "timeout-now",
                                               "read-index",
                                               "read-index-answer",
                                               "read-index-refused",
                                               "quiesce",
                                               "wake",
                                               "removed"}));
}

TEST(Codec, EveryTypeComesBackFromItsBytes) {
  testing::for_each_type([]<class Body>() {
    EXPECT_TRUE(rc::check(std::string{Body::kName}, [] {
      const Message message = *testing::messages_of<Body>();
      const Bytes bytes = bytes_of(message);
      RC_ASSERT(bytes.size() == encoded_size(message));
      const Result<Message> decoded = decode(bytes);
      RC_ASSERT(decoded.ok());
      RC_ASSERT(decoded.value() == message);
    }));
  });
}

TEST(Codec, EncodingAddsToWhatIsThere) {
  std::string out = "before";
  encode(message_of(Wake{}), out);
  EXPECT_EQ(out, "before\x01\x13\x01\x02\x04");
}

TEST(Codec, PayloadsShareTheMemoryOfTheMessage) {
  const Bytes bytes = bytes_of(message_of(example()));
  const Result<Message> decoded = decode(bytes);
  ASSERT_TRUE(decoded.ok());
  const auto payload = std::get<Append>(decoded.value().body).entries[0].payload.span();
  EXPECT_GE(payload.data(), bytes.span().data());
  EXPECT_LT(payload.data(), bytes.span().data() + bytes.size());
}

TEST(Codec, EveryTruncationIsAnError) {
  for (const Message& message : samples()) {
    const Bytes bytes = bytes_of(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(bytes.part(0, size)).ok()) << describe(message) << " cut to " << size;
    }
  }
}

TEST(Codec, EveryByteTooManyIsAnError) {
  for (const Message& message : samples()) {
    const std::string bytes{bytes_of(message).text()};
    EXPECT_THAT(error_of(bytes + '\0'), HasSubstr("1 bytes too many at the end"));
  }
}

// Some corruptions make another message, which is framing's to notice. None does more than that.
TEST(Codec, EveryCorruptionOfOneByteIsAnErrorOrAnotherMessage) {
  for (const Message& message : samples()) {
    std::string bytes{bytes_of(message).text()};
    for (char& byte : bytes) {
      const char before = byte;
      for (int change = 1; change < 256; ++change) {
        byte = static_cast<char>(before ^ change);
        if (const Result<Message> decoded = decode(Bytes::copy_of(bytes)); decoded) {
          EXPECT_FALSE(decoded.value() == message);
        }
      }
      byte = before;
    }
  }
}

TEST(Codec, EveryCorruptionOfAnEntryIsAnError) {
  std::string bytes{bytes_of(command(300, "payload")).text()};
  ASSERT_TRUE(decode_entry(Bytes::copy_of(bytes)).ok());
  for (char& byte : bytes) {
    const char before = byte;
    for (int change = 1; change < 256; ++change) {
      byte = static_cast<char>(before ^ change);
      EXPECT_FALSE(decode_entry(Bytes::copy_of(bytes)).ok()) << bytes;
    }
    byte = before;
  }
}

RC_GTEST_PROP(Codec, AnyBytesAreAMessageOrAnError, ()) {
  const auto type = *rc::gen::inRange<char>(0, 25);
  const auto noise = *rc::gen::string<std::string>();
  const Bytes bytes = Bytes::copy_of(std::string{"\x01"} + type + noise);
  const Result<Message> decoded = decode(bytes);
  RC_CLASSIFY(decoded.ok(), "a message");
  if (decoded) {
    RC_ASSERT(encoded_size(decoded.value()) == bytes.size());
  } else {
    RC_ASSERT(!decoded.error().message.empty());
  }
}

TEST(Codec, AnEntryComesBackFromItsBytesAlone) {
  EXPECT_TRUE(rc::check([] {
    const auto entry = *testing::filled<Entry>();
    const Bytes bytes = bytes_of(entry);
    RC_ASSERT(bytes.size() == encoded_size(entry));
    const Result<Entry> decoded = decode_entry(bytes);
    RC_ASSERT(decoded.ok());
    RC_ASSERT(decoded.value() == entry);
    RC_ASSERT(!decode_entry(bytes.part(0, bytes.size() - 1)).ok());
  }));
  std::string longer;
  encode(command(1, "x"), longer);
  EXPECT_EQ(decode_entry(Bytes::copy_of(longer + "x")).error().message,
            "log: 1 bytes too many at the end");
}

TEST(Codec, ErrorsNameTheFieldAndTheReason) {
  EXPECT_EQ(error_of(""), "message: cut short");
  EXPECT_EQ(error_of("\x07"sv), "message: version 7; this build reads 1");
  EXPECT_EQ(error_of("\x01\x05"sv), "message.from: cut short");
  EXPECT_EQ(error_of("\x01\x15\x01\x02\x04"sv),
            "message: type 21 is unknown; sent by a newer Quorate?");
  EXPECT_EQ(error_of("\x01\x04\x01\x02\x04\x02"sv),
            "vote-answer.granted: 2 is neither yes (1) nor no (0)");
  EXPECT_EQ(error_of("\x01\x01\x01\x02\x04\x05\x07"sv), "pre-vote.last.term: cut short");
  EXPECT_EQ(error_of("\x01\x0d\x01\x02\x04\x87\x00"sv),
            "try-later.round: a number with needless digits");
  EXPECT_EQ(error_of("\x01\x0d\x01\x02\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv),
            "try-later.round: a number of more than 64 bits");
}

std::string append_with(std::string_view entries) {
  return "\x01\x05\x01\x02\x04\x01\x01\x01\x01" + std::string{entries};
}

TEST(Codec, ErrorsInEntriesSayWhichOne) {
  EXPECT_EQ(error_of(append_with("\x01\x03\x04\x02\x00____"sv)),
            "append.entries[0].kind: kind 3 is unknown; written by a newer Quorate?");
  EXPECT_EQ(error_of(append_with("\x01\x01\x04\x02\x30____"sv)),
            "append.entries[0].payload: 48 bytes announced, 4 left");
  EXPECT_EQ(decode(Bytes::copy_of(append_with("\x01\x01\x04\x02\x00____"sv))).error().code,
            ErrorCode::kCorrupt);
  std::string second = "\x02";
  encode(command(5, ""), second);
  EXPECT_THAT(error_of(append_with(second + "\x01\x04\x06\x01y____")),
              StartsWith("append.entries[1]: the checksum differs"));
}

// Nothing is allocated on the word of a count.
TEST(Codec, CountsThatCannotBeAreErrorsAtOnce) {
  EXPECT_EQ(error_of(append_with("\xff\xff\xff\xff\x0f\x01\x04\x02"sv)),
            "append.entries: 4294967295 announced, but 3 bytes left");
  EXPECT_EQ(error_of("\x01\x07\x01\x02\x04\x09\x05\x41\x04\x02"sv),
            "append-rejected.runs: 65 announced, more than 64");
  EXPECT_EQ(error_of("\x01\x07\x01\x02\x04\x09\x05\x40\x04\x02"sv),
            "append-rejected.runs: 64 announced, but 2 bytes left");
}

TEST(Codec, AConfigurationThatCannotBeIsAnError) {
  EXPECT_THAT(error_of("\x01\x0a\x01\x02\x04\x07\x03\x05\x01\x00\x00\x00\x00\x02\x05"sv),
              StartsWith("install-snapshot.snapshot.configuration: configuration.voters: empty"));
  const Message nobody = message_of(InstallSnapshot{{{Index{7}, Term{3}}, {}, Index{2}}, Round{5}});
  EXPECT_EQ(bytes_of(nobody).text(), "\x01\x0a\x01\x02\x04\x07\x03\x00\x02\x05"sv);
  EXPECT_EQ(decode(bytes_of(nobody)).value(), nobody);
}

TEST(Codec, MoreRunsThanTheProtocolKnowsAreABugOfOurs) {
  AppendRejected rejected;
  rejected.runs.resize(AppendRejected::kMaxRuns);
  EXPECT_NO_THROW((void)bytes_of(message_of(rejected)));
  rejected.runs.resize(AppendRejected::kMaxRuns + 1);
  EXPECT_THROW((void)bytes_of(message_of(rejected)), AssertionFailed);
}

TEST(Codec, AVarintIsAsShortAsItCanBe) {
  EXPECT_EQ(varint_size(0), 1U);
  EXPECT_EQ(varint_size(127), 1U);
  EXPECT_EQ(varint_size(128), 2U);
  EXPECT_EQ(varint_size(~std::uint64_t{0}), kMaxVarint);
}

RC_GTEST_PROP(Codec, AnEntryAroundItsPayloadIsTheSameBytes, ()) {
  const Entry entry = *testing::filled<Entry>();
  std::string around = "before";
  const std::size_t head = encode_around_payload(entry, around);
  around.insert(6 + head, entry.payload.text());
  RC_ASSERT(around == "before" + std::string{bytes_of(entry).text()});
}

}  // namespace
}  // namespace quorate::wire
