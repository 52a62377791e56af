// What a connection brings, in whatever pieces: net::FrameReader.
#include "net/frame.h"

#include <algorithm>
#include <vector>

#include "harness.h"

using namespace quorate;

namespace {

constexpr std::size_t kMaxBody = 4096;

struct Read {
  std::vector<net::Frame> frames;
  std::string error;
};

Read read(std::string_view bytes, std::size_t piece) {
  Read read;
  net::FrameReader reader{kMaxBody};
  while (!bytes.empty() && read.error.empty()) {
    std::string_view part = bytes.substr(0, std::min(piece, bytes.size()));
    bytes.remove_prefix(part.size());
    for (;;) {
      net::Frame frame;
      const auto found = reader.next(part, frame);
      if (found == net::FrameReader::Found::kFrame) {
        read.frames.push_back(frame);
        continue;
      }
      if (found == net::FrameReader::Found::kError) {
        read.error = reader.error().message;
      } else {
        fuzz::expect(part.empty(), "a reader that waits has used up what it was given");
      }
      break;
    }
  }
  return read;
}

void expect_same(const Read& a, const Read& b) {
  fuzz::expect(a.error == b.error, "pieces change nothing about the error");
  fuzz::expect(a.frames.size() == b.frames.size(), "pieces change nothing about the frames");
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    fuzz::expect(a.frames[i].type == b.frames[i].type, "the type is the same");
    fuzz::expect(a.frames[i].skippable == b.frames[i].skippable, "the flag is the same");
    fuzz::expect(a.frames[i].body == b.frames[i].body, "the body is the same");
  }
}

std::string encode(const std::vector<net::Frame>& frames) {
  std::string out;
  for (const net::Frame& frame : frames) {
    const std::string_view body = frame.body.text();
    const auto head = net::frame_head(frame.type, frame.skippable, std::span{&body, 1});
    out.append(head.data(), head.size());
    out.append(body);
  }
  return out;
}

}  // namespace

// Frame by frame; the last one is as long as the rest.
void fuzz::seal(std::string& bytes) {
  for (std::size_t at = 0; bytes.size() - at >= net::kFrameHead;) {
    const std::size_t left = bytes.size() - at - net::kFrameHead;
    const std::size_t body = std::min<std::size_t>(number_at(bytes, at + 8, 4), left);
    patch(bytes, at + 8, body, 4);
    patch(bytes, at,
          wire::checksum_of(std::string_view{bytes}.substr(at + 8, net::kFrameHead - 8 + body)), 8);
    at += net::kFrameHead + body;
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  const Read whole = read(bytes, bytes.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{16}}) {
    expect_same(whole, read(bytes, piece));
  }
  const std::string out = encode(whole.frames);
  expect_same({whole.frames, ""}, read(out, out.size()));
  return 0;
}
