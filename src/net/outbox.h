// Outbox: the frames that wait for a connection to take them, bounded in bytes.
//
// Small pieces are gathered in one memory, where adjacent frames lie behind each other, so that
// many leave as one piece. Large pieces are shared, not copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ring.h"
#include "net/frame.h"

namespace quorate::net {

class Outbox {
 public:
  // A piece up to this size is cheaper to copy than to share.
  static constexpr std::size_t kSmall = 1024;

  explicit Outbox(std::size_t limit) : limit_(limit) {}

  // True where it is there now; it is not where it would go beyond the limit, unless nothing else
  // waits.
  bool add(FrameType type, bool skippable, std::span<const Bytes> body);
  // The oldest frames make room. How many.
  std::size_t add_over_oldest(FrameType type, bool skippable, std::span<const Bytes> body);

  // The next frames, whole ones, until `most` bytes are reached or passed.
  void take(std::size_t most, std::vector<Bytes>& into);
  void clear();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  struct Waiting {
    std::uint32_t pieces = 0;
    std::size_t bytes = 0;
  };

  void push(FrameType type, bool skippable, std::span<const Bytes> body, std::size_t size);
  void push_small(FrameType type, bool skippable, std::span<const Bytes> body, std::size_t size);
  void push_large(FrameType type, bool skippable, std::span<const Bytes> body);
  void make_room(std::size_t size);
  void drop_oldest();

  std::size_t limit_;
  std::size_t bytes_ = 0;
  Ring<Waiting> frames_;
  Ring<Bytes> pieces_;
  BytesBuilder gathered_;
  std::vector<std::string_view> views_;
};

}  // namespace quorate::net
