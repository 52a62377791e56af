#include "wire/state.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/example.h"
#include "wire/generators.h"
#include "wire/layout.h"
#include "wire/writer.h"

namespace quorate::wire {
namespace {

Bytes bytes_of(const State& state) {
  std::string out;
  encode(state, out);
  return Bytes::copy_of(out);
}

State example() {
  const Configuration three{{NodeId{1}, NodeId{2}, NodeId{3}}, {}, {}, {}};
  return {{Term{4}, NodeId{1}},
          {{}, three, {}},
          {},
          {{Term{4}, Index{1}, EntryKind::kEmpty, {}},
           {Term{4}, Index{2}, EntryKind::kCommand, Bytes::copy_of("hi")}}};
}

// With the checksum that belongs there, so that what is wrong behind it is looked at.
std::string error_of(std::string body) {
  Writer{body}.checksum64(0);
  const Result<State> result = decode_state(Bytes::copy_of(body));
  return result ? "none" : result.error().message;
}

TEST(State, TheWorkedExampleIsWhatTheDocumentSays) {
  const Bytes written = testing::worked_example("docs/formats/state.md");
  EXPECT_EQ(bytes_of(example()), written);
  const Result<State> decoded = decode_state(written);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value(), example());
}

RC_GTEST_PROP(State, ComesBackFromItsBytes, ()) {
  const State state = *testing::states();
  const Result<State> decoded = decode_state(bytes_of(state));
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded.value() == state);
}

TEST(State, AnEntryCostsAFewBytesBesideItsPayload) {
  State state = example();
  const std::size_t before = bytes_of(state).size();
  for (std::uint64_t i = 3; i < 103; ++i) {
    state.entries.push_back({Term{4}, Index{i}, EntryKind::kCommand, Bytes::copy_of("payload")});
  }
  EXPECT_EQ(bytes_of(state).size(), before + 100 * (7 + 1));
}

TEST(State, IsAddedToWhatIsThere) {
  std::string out = "before";
  encode(example(), out);
  EXPECT_EQ(out, "before" + std::string{bytes_of(example()).text()});
}

TEST(State, PayloadsShareTheMemoryOfTheState) {
  const Bytes bytes = bytes_of(example());
  const Result<State> decoded = decode_state(bytes);
  ASSERT_TRUE(decoded.ok());
  const auto payload = decoded.value().entries[1].payload.span();
  EXPECT_GE(payload.data(), bytes.span().data());
  EXPECT_LT(payload.data(), bytes.span().data() + bytes.size());
}

TEST(State, EveryTruncationIsAnError) {
  const Bytes bytes = bytes_of(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Result<State> cut = decode_state(bytes.part(0, size));
    ASSERT_FALSE(cut.ok()) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kCorrupt);
  }
}

TEST(State, EveryCorruptionOfOneByteIsAnError) {
  std::string bytes{bytes_of(example()).text()};
  for (char& byte : bytes) {
    const char before = byte;
    for (int change = 1; change < 256; ++change) {
      byte = static_cast<char>(before ^ change);
      EXPECT_FALSE(decode_state(Bytes::copy_of(bytes)).ok());
    }
    byte = before;
  }
}

// Behind a right checksum too, nothing is taken on trust.
TEST(State, EveryTruncationWithARightChecksumIsAnError) {
  const Bytes bytes = bytes_of(example());
  for (std::size_t size = 1; size + 8 < bytes.size(); ++size) {
    EXPECT_NE(error_of(std::string{bytes.part(0, size).text()}), "none") << size;
  }
}

RC_GTEST_PROP(State, AnyBytesWithARightChecksumAreAStateOrAnError, (const std::string& noise)) {
  RC_ASSERT(!error_of("\x01" + noise).empty());
}

TEST(State, ErrorsSayWhatIsWrong) {
  const std::string head{"\x01\x04\x01\x00\x00\x00\x00\x00\x05", 9};  // base: 0 of term 5
  EXPECT_EQ(error_of("\x02"), "state: version 2; this build reads 1");
  EXPECT_EQ(error_of("\x01\x04"), "state.hard_state.vote: cut short");
  EXPECT_EQ(error_of(head), "state: cut short");
  EXPECT_EQ(error_of(head + "\x09\x02"), "state: 9 entries announced, but 1 bytes left");
  EXPECT_EQ(error_of(head + "\x01\x06"), "state: kind 3 is unknown; written by a newer Quorate?");
  EXPECT_EQ(error_of(head + "\x01\x12h"), "state: 2 bytes announced, 1 left");
  EXPECT_EQ(error_of(head + "\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            "state: its term is more than 64 bits hold");
  EXPECT_EQ(error_of(head + "\x01\x02more"), "state: 4 bytes too many at the end");
}

TEST(State, EntriesOutOfOrderAreABugOfOurs) {
  State gap = example();
  gap.entries[1].index = Index{3};
  EXPECT_THROW((void)bytes_of(gap), AssertionFailed);
  State falling = example();
  falling.entries[1].term = Term{3};
  EXPECT_THROW((void)bytes_of(falling), AssertionFailed);
}

}  // namespace
}  // namespace quorate::wire
