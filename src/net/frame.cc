#include "net/frame.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "wire/checksum.h"

namespace quorate::net {
namespace {

// Where things stand in the head.
constexpr std::size_t kSizeAt = 8;  // behind the checksum, which covers all from here on
constexpr std::size_t kVersionAt = 12;
constexpr std::size_t kTypeAt = 13;
constexpr std::size_t kFlagsAt = 14;
constexpr std::size_t kZeroAt = 15;
constexpr std::size_t kCovered = kFrameHead - kSizeAt;

void put_number(char* at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i, value >>= 8U) {
    at[i] = static_cast<char>(value & 0xffU);
  }
}

std::uint64_t number_at(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(at[i]);
  }
  return value;
}

void put_head(char* head, std::size_t size, FrameType type, bool skippable) {
  QUORATE_ASSERT(size <= 0xffffffffU);
  put_number(head + kSizeAt, size, 4);
  head[kVersionAt] = kFrameVersion;
  head[kTypeAt] = static_cast<char>(type);
  head[kFlagsAt] = skippable ? kSkippable : 0;
  head[kZeroAt] = 0;
}

}  // namespace

void seal_frame(std::span<std::byte> frame, FrameType type, bool skippable) {
  char* const head = reinterpret_cast<char*>(frame.data());
  put_head(head, frame.size() - kFrameHead, type, skippable);
  put_number(head, wire::checksum_of({head + kSizeAt, frame.size() - kSizeAt}), kSizeAt);
}

std::array<char, kFrameHead> frame_head(FrameType type, bool skippable,
                                        std::span<const std::string_view> body) {
  std::array<char, kFrameHead> head{};
  std::vector<std::string_view> covered{{head.data() + kSizeAt, kCovered}};
  covered.insert(covered.end(), body.begin(), body.end());
  std::size_t size = 0;
  for (const std::string_view piece : body) {
    size += piece.size();
  }
  put_head(head.data(), size, type, skippable);
  put_number(head.data(), wire::checksum_of(covered), kSizeAt);
  return head;
}

FrameReader::Found FrameReader::next(std::string_view& bytes, Frame& frame) {
  if (error_) {
    return Found::kError;
  }
  return head_size_ == kFrameHead ? go_on(bytes, frame) : begin(bytes, frame);
}

FrameReader::Found FrameReader::begin(std::string_view& bytes, Frame& frame) {
  // Most frames come whole, and are checked where they lie.
  if (head_size_ == 0 && bytes.size() >= kFrameHead) {
    if (!check_head(bytes.data())) {
      return Found::kError;
    }
    if (const std::size_t whole = kFrameHead + body_size_; bytes.size() >= whole) {
      const std::string_view text = bytes.substr(0, whole);
      bytes.remove_prefix(whole);
      return finish(wire::checksum_of(text.substr(kSizeAt)), text.data(),
                    Bytes::copy_of(text.substr(kFrameHead)), frame);
    }
  }
  const std::size_t piece = std::min(bytes.size(), kFrameHead - head_size_);
  bytes.copy(head_.data() + head_size_, piece);
  head_size_ += piece;
  bytes.remove_prefix(piece);
  if (head_size_ < kFrameHead) {
    return Found::kNothing;
  }
  if (!check_head(head_.data())) {
    return Found::kError;
  }
  body_ = BytesBuilder{body_size_};
  return go_on(bytes, frame);
}

FrameReader::Found FrameReader::go_on(std::string_view& bytes, Frame& frame) {
  const std::size_t piece = std::min(bytes.size(), body_.room());
  body_.append(bytes.substr(0, piece));
  bytes.remove_prefix(piece);
  if (body_.room() > 0) {
    return Found::kNothing;
  }
  head_size_ = 0;
  const std::array covered{std::string_view{head_.data() + kSizeAt, kCovered}, body_.text()};
  return finish(wire::checksum_of(covered), head_.data(), body_.take(), frame);
}

bool FrameReader::check_head(const char* head) {
  body_size_ = number_at(head + kSizeAt, 4);
  if (head[kVersionAt] != kFrameVersion) {
    fail(invalid("frame: version " + std::to_string(static_cast<unsigned char>(head[kVersionAt])) +
                 ", but this build reads " + std::to_string(kFrameVersion) +
                 "; is this a node of Quorate at all?"));
  } else if (head[kTypeAt] == 0 || head[kZeroAt] != 0) {
    fail(invalid("frame: its head is none; is this a node of Quorate at all?"));
  } else if (body_size_ > max_body_) {
    fail(invalid("frame: " + std::to_string(body_size_) + " bytes announced, more than the " +
                 std::to_string(max_body_) + " that a frame may have here"));
  }
  return !error_;
}

FrameReader::Found FrameReader::finish(std::uint64_t checksum, const char* head, Bytes body,
                                       Frame& frame) {
  if (checksum != number_at(head, kSizeAt)) {
    return fail(corrupt("frame: the checksum differs; the bytes were damaged on their way"));
  }
  frame.type = FrameType{static_cast<std::uint8_t>(head[kTypeAt])};
  frame.skippable = (static_cast<unsigned char>(head[kFlagsAt]) & kSkippable) != 0;
  frame.body = std::move(body);
  return Found::kFrame;
}

FrameReader::Found FrameReader::fail(Error error) {
  error_ = std::move(error);
  body_ = BytesBuilder{};
  return Found::kError;
}

}  // namespace quorate::net
