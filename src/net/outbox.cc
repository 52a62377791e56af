#include "net/outbox.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace quorate::net {
namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10U;
// A frame this small is gathered whole, however its pieces are cut.
constexpr std::size_t kSmallFrame = 4 * Outbox::kSmall;

std::size_t size_of(std::span<const Bytes> body) {
  std::size_t size = kFrameHead;
  for (const Bytes& piece : body) {
    size += piece.size();
  }
  return size;
}

}  // namespace

bool Outbox::add(FrameType type, bool skippable, std::span<const Bytes> body) {
  const std::size_t size = size_of(body);
  if (bytes_ + size > limit_ && !empty()) {
    return false;
  }
  push(type, skippable, body, size);
  return true;
}

std::size_t Outbox::add_over_oldest(FrameType type, bool skippable, std::span<const Bytes> body) {
  const std::size_t size = size_of(body);
  std::size_t dropped = 0;
  for (; bytes_ + size > limit_ && !empty(); ++dropped) {
    drop_oldest();
  }
  push(type, skippable, body, size);
  return dropped;
}

void Outbox::push(FrameType type, bool skippable, std::span<const Bytes> body, std::size_t size) {
  const std::size_t before = pieces_.size();
  if (size <= kSmallFrame) {
    push_small(type, skippable, body, size);
  } else {
    push_large(type, skippable, body);
  }
  bytes_ += size;
  frames_.push_back({static_cast<std::uint32_t>(pieces_.size() - before), size});
}

// Head and body in one piece, so that the checksum runs over memory that lies together.
void Outbox::push_small(FrameType type, bool skippable, std::span<const Bytes> body,
                        std::size_t size) {
  make_room(size);
  const std::span<std::byte> whole = gathered_.extend(size);
  std::byte* at = whole.data() + kFrameHead;
  for (const Bytes& piece : body) {
    if (!piece.empty()) {
      std::memcpy(at, piece.span().data(), piece.size());
      at += piece.size();
    }
  }
  seal_frame(whole, type, skippable);
  pieces_.push_back(gathered_.take());
}

void Outbox::push_large(FrameType type, bool skippable, std::span<const Bytes> body) {
  views_.clear();
  for (const Bytes& piece : body) {
    views_.push_back(piece.text());
  }
  const auto head = frame_head(type, skippable, views_);
  make_room(kFrameHead);
  gathered_.append({head.data(), head.size()});
  for (const Bytes& piece : body) {
    if (piece.size() <= kSmall) {
      if (piece.size() > gathered_.room()) {
        pieces_.push_back(gathered_.take());
        make_room(piece.size());
      }
      gathered_.append(piece.text());
      continue;
    }
    if (gathered_.size() > 0) {
      pieces_.push_back(gathered_.take());
    }
    pieces_.push_back(piece);
  }
  if (gathered_.size() > 0) {
    pieces_.push_back(gathered_.take());
  }
}

void Outbox::make_room(std::size_t size) {
  if (frames_.empty()) {
    gathered_.recycle();
  }
  if (gathered_.room() < size) {
    gathered_ = BytesBuilder{std::max(kBlock, size)};
  }
}

void Outbox::drop_oldest() {
  const Waiting oldest = frames_.front();
  frames_.pop_front();
  for (std::uint32_t i = 0; i < oldest.pieces; ++i) {
    pieces_.pop_front();
  }
  bytes_ -= oldest.bytes;
}

void Outbox::take(std::size_t most, std::vector<Bytes>& into) {
  std::size_t taken = 0;
  while (!frames_.empty() && taken < most) {
    const Waiting frame = frames_.front();
    frames_.pop_front();
    for (std::uint32_t i = 0; i < frame.pieces; ++i) {
      if (into.empty() || !into.back().take_in(pieces_.front())) {
        into.push_back(std::move(pieces_.front()));
      }
      pieces_.pop_front();
    }
    bytes_ -= frame.bytes;
    taken += frame.bytes;
  }
}

void Outbox::clear() {
  frames_.clear();
  pieces_.clear();
  bytes_ = 0;
  gathered_ = BytesBuilder{};
}

}  // namespace quorate::net
