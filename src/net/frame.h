// Frames: the unit in which bytes travel between nodes.
//
//     frame = checksum size version type flags zero body
//
// The head is 16 bytes. The checksum is XXH3 over all that follows it, 8 bytes, low byte first. The
// size is that of the body, 4 bytes, low byte first; then come one byte each for the version (1),
// the type, the flags and a zero.
//
// Types 1 to 15 are the transport's own, the rest is its owner's. A reader that does not know a
// type passes over the frame where the flag `skippable` (1) is set, and else gives the connection
// up. Other flags are for later versions, and mean nothing to this one.
//
// Worked example: the owner's type 17, skippable, with the body "hi".
//
//     f2 f0 10 a6     checksum
//     71 00 dd f8
//     02 00 00 00     2 bytes of body
//     01 11 01 00     version 1, type 17, skippable
//     68 69           "hi"
//
// docs/formats/frame.md says the same at more leisure; a test compares both examples with the code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace quorate::net {

inline constexpr std::uint8_t kFrameVersion = 1;
inline constexpr std::size_t kFrameHead = 16;
inline constexpr std::uint8_t kSkippable = 1;

enum class FrameType : std::uint8_t {
  kHello = 1,
  kWelcome = 2,
  kRefusal = 3,
  kPing = 4,
  kPong = 5,
  // Whatever the owner of the transport makes of these and of those that follow.
  kFirstOfOwner = 16,
};
constexpr bool is_owners(FrameType type) { return type >= FrameType::kFirstOfOwner; }

struct Frame {
  FrameType type{};
  bool skippable = false;
  Bytes body;  // in memory of its own, no larger than it has to be
};

// Writes the head of a frame whose body stands behind the room for it already.
void seal_frame(std::span<std::byte> frame, FrameType type, bool skippable);
// The head of a frame whose body is these pieces, one behind the other.
std::array<char, kFrameHead> frame_head(FrameType type, bool skippable,
                                        std::span<const std::string_view> body);

// Takes bytes as they come and finds the frames in them. What came from a peer is not trusted: the
// first thing that is wrong is final, and is kept as the error.
class FrameReader {
 public:
  enum class Found : std::uint8_t {
    kFrame,    // here it is
    kNothing,  // all bytes are used up, and the next frame is not complete
    kError,    // error() says what is wrong with these bytes
  };

  explicit FrameReader(std::size_t max_body) : max_body_(max_body) {}

  // Uses up the beginning of `bytes`, as far as the end of the next frame, or all of it.
  Found next(std::string_view& bytes, Frame& frame);
  [[nodiscard]] const Error& error() const { return *error_; }
  // From the next frame on.
  void set_max_body(std::size_t bytes) { max_body_ = bytes; }

 private:
  Found begin(std::string_view& bytes, Frame& frame);
  Found go_on(std::string_view& bytes, Frame& frame);
  bool check_head(const char* head);
  Found finish(std::uint64_t checksum, const char* head, Bytes body, Frame& frame);
  Found fail(Error error);

  std::size_t max_body_;
  std::array<char, kFrameHead> head_{};
  std::size_t head_size_ = 0;  // bytes of it that are here; all of them while a body is awaited
  std::size_t body_size_ = 0;
  BytesBuilder body_;  // used only where a body comes in several pieces
  std::optional<Error> error_;
};

}  // namespace quorate::net
