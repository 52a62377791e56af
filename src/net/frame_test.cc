#include "net/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "wire/example.h"

namespace quorate::net {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMaxBody = 1000;
constexpr FrameType kSome = FrameType{17};

std::string framed(std::string_view body, FrameType type = kSome, bool skippable = false) {
  std::string frame = std::string(kFrameHead, '\xff') + std::string{body};
  seal_frame(std::as_writable_bytes(std::span{frame}), type, skippable);
  return frame;
}

// What a reader makes of bytes that come in pieces: bodies in brackets, then the error if any.
std::string read(FrameReader& reader, const std::vector<std::string_view>& pieces) {
  std::string all;
  for (std::string_view piece : pieces) {
    Frame frame;
    FrameReader::Found found{};
    while ((found = reader.next(piece, frame)) == FrameReader::Found::kFrame) {
      all += "[" + std::string{frame.body.text()} + "]";
    }
    if (found == FrameReader::Found::kError) {
      return all + reader.error().message;
    }
    EXPECT_TRUE(piece.empty());
  }
  return all;
}
std::string read(const std::vector<std::string_view>& pieces) {
  FrameReader reader{kMaxBody};
  return read(reader, pieces);
}

TEST(Frame, TheWorkedExampleIsWhatTheDocumentSays) {
  for (const char* where : {"docs/formats/frame.md", "src/net/frame.h"}) {
    const Bytes written = wire::testing::worked_example(where);
    EXPECT_EQ(Bytes::copy_of(framed("hi", FrameType{17}, true)), written) << where;
    EXPECT_EQ(read({written.text()}), "[hi]") << where;
  }
}

TEST(Frame, ComesOutWholeHoweverItIsSplit) {
  const std::string bytes =
      framed("first") + framed("") + framed(std::string(300, 'x')) + framed("z");
  const std::string_view whole{bytes};
  const std::string expected = "[first][][" + std::string(300, 'x') + "][z]";
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    EXPECT_EQ(read({whole.substr(0, at), whole.substr(at)}), expected) << at;
  }
  std::vector<std::string_view> one_by_one;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    one_by_one.push_back(whole.substr(at, 1));
  }
  EXPECT_EQ(read(one_by_one), expected);
}

TEST(Frame, ABodyInPiecesIsTheSameFrame) {
  const std::vector<std::string_view> pieces{"ab", "", "cde"};
  const auto head = frame_head(kSome, false, pieces);
  EXPECT_EQ((std::string{head.data(), head.size()} + "abcde"), framed("abcde"));
}

TEST(Frame, TypeAndFlagComeWithTheBody) {
  FrameReader reader{kMaxBody};
  const std::string bytes = framed("a", FrameType::kPing, true) + framed("b", FrameType{255});
  std::string_view rest{bytes};
  Frame frame;
  ASSERT_EQ(reader.next(rest, frame), FrameReader::Found::kFrame);
  EXPECT_EQ(frame.type, FrameType::kPing);
  EXPECT_TRUE(frame.skippable);
  ASSERT_EQ(reader.next(rest, frame), FrameReader::Found::kFrame);
  EXPECT_EQ(frame.type, FrameType{255});
  EXPECT_FALSE(frame.skippable);
}

TEST(Frame, EveryCorruptionOfOneByteIsFoundAndNothingIsHandedUp) {
  std::string bytes = framed("payload");
  for (char& byte : bytes) {
    const char before = byte;
    for (int change = 1; change < 256; ++change) {
      byte = static_cast<char>(before ^ change);
      const std::string result = read({bytes, std::string(1100, '\0')});
      EXPECT_THAT(result, ::testing::StartsWith("frame: "));
    }
    byte = before;
  }
}

TEST(Frame, ASizeBeyondTheBoundIsRefusedBeforeAnythingIsAwaited) {
  const std::string bytes = framed(std::string(kMaxBody + 1, 'x'));
  EXPECT_EQ(read({std::string_view{bytes}.substr(0, kFrameHead)}),
            "frame: 1001 bytes announced, more than the 1000 that a frame may have here");
  EXPECT_EQ(read({framed(std::string(kMaxBody, 'x'))}), "[" + std::string(kMaxBody, 'x') + "]");
}

TEST(Frame, TheFirstErrorIsFinal) {
  FrameReader reader{kMaxBody};
  EXPECT_THAT(read(reader, {framed("a"), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"}),
              HasSubstr("[a]frame: version 46, but this build reads 1"));
  EXPECT_THAT(read(reader, {framed("b")}), HasSubstr("frame: version 46"));
}

TEST(Frame, ABoundThatIsRaisedHoldsFromTheNextFrameOn) {
  FrameReader reader{1};
  EXPECT_EQ(read(reader, {framed("a")}), "[a]");
  reader.set_max_body(2);
  EXPECT_EQ(read(reader, {framed("ab")}), "[ab]");
}

RC_GTEST_PROP(Frame, AnyBytesAreFramesOrAnError, (const std::string& noise)) {
  const std::string bytes = framed("a") + noise;
  const std::string result = read({bytes});
  RC_ASSERT(result.starts_with("[a]"));
}

}  // namespace
}  // namespace quorate::net
