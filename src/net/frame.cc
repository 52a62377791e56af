#include "net/frame.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/assert.h"
#include "wire/checksum.h"

namespace quorate::net {
namespace {

// Where things stand in the head.
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kTypeAt = 5;
constexpr std::size_t kFlagsAt = 6;
constexpr std::size_t kZeroAt = 7;
constexpr std::size_t kChecksumAt = 8;

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

std::uint64_t seed_of(const char* head) { return number_at(head, 8); }

}  // namespace

std::array<char, kFrameHead> frame_head(FrameType type, bool skippable,
                                        std::span<const std::string_view> body) {
  std::size_t size = 0;
  for (const std::string_view piece : body) {
    size += piece.size();
  }
  QUORATE_ASSERT(size <= 0xffffffffU);
  std::array<char, kFrameHead> head{};
  put_number(head.data(), size, 4);
  head[kVersionAt] = kFrameVersion;
  head[kTypeAt] = static_cast<char>(type);
  head[kFlagsAt] = skippable ? kSkippable : 0;
  const std::uint64_t seed = seed_of(head.data());
  put_number(head.data() + kChecksumAt,
             body.size() == 1 ? wire::checksum_of(body[0], seed) : wire::checksum_of(body, seed),
             8);
  return head;
}

FrameReader::Found FrameReader::next(std::string_view& bytes, Frame& frame) {
  if (error_) {
    return Found::kError;
  }
  if (head_size_ < kFrameHead) {
    if (!read_head(bytes)) {
      return Found::kNothing;
    }
    if (!check_head()) {
      return Found::kError;
    }
    // Whole and in one piece: checked where it lies.
    if (bytes.size() >= body_size_) {
      const std::string_view body = bytes.substr(0, body_size_);
      bytes.remove_prefix(body_size_);
      return finish(body, frame);
    }
    body_ = BytesBuilder{body_size_};
  }
  const std::size_t piece = std::min(bytes.size(), body_.room());
  body_.append(bytes.substr(0, piece));
  bytes.remove_prefix(piece);
  return body_.room() > 0 ? Found::kNothing : finish(body_.text(), frame);
}

bool FrameReader::read_head(std::string_view& bytes) {
  const std::size_t piece = std::min(bytes.size(), kFrameHead - head_size_);
  std::memcpy(head_.data() + head_size_, bytes.data(), piece);
  head_size_ += piece;
  bytes.remove_prefix(piece);
  return head_size_ == kFrameHead;
}

bool FrameReader::check_head() {
  body_size_ = number_at(head_.data(), 4);
  if (head_[kVersionAt] != kFrameVersion) {
    fail(invalid("frame: version " + std::to_string(static_cast<unsigned char>(head_[kVersionAt])) +
                 ", but this build reads " + std::to_string(kFrameVersion) +
                 "; is this a node of Quorate at all?"));
  } else if (head_[kTypeAt] == 0 || head_[kZeroAt] != 0) {
    fail(invalid("frame: its head is none; is this a node of Quorate at all?"));
  } else if (body_size_ > max_body_) {
    fail(invalid("frame: " + std::to_string(body_size_) + " bytes announced, more than the " +
                 std::to_string(max_body_) + " that a frame may have here"));
  }
  return !error_;
}

FrameReader::Found FrameReader::finish(std::string_view body, Frame& frame) {
  const std::uint64_t expected = number_at(head_.data() + kChecksumAt, 8);
  if (wire::checksum_of(body, seed_of(head_.data())) != expected) {
    return fail(corrupt("frame: the checksum differs; the bytes were damaged on their way"));
  }
  frame.type = FrameType{static_cast<std::uint8_t>(head_[kTypeAt])};
  frame.skippable = (static_cast<unsigned char>(head_[kFlagsAt]) & kSkippable) != 0;
  frame.body = body_.size() > 0 ? body_.take() : Bytes::copy_of(body);
  body_ = BytesBuilder{};
  head_size_ = 0;
  return Found::kFrame;
}

FrameReader::Found FrameReader::fail(Error error) {
  error_ = std::move(error);
  body_ = BytesBuilder{};
  return Found::kError;
}

}  // namespace quorate::net
