#include "base/bytes.h"

#include <cstring>
#include <new>

#include "base/assert.h"

namespace quorate {

Bytes Bytes::copy_of(std::span<const std::byte> data) {
  Bytes result;
  if (data.empty()) {
    return result;
  }
  void* memory = ::operator new(sizeof(Block) + data.size());
  result.block_ = new (memory) Block;
  auto* payload = static_cast<std::byte*>(memory) + sizeof(Block);
  std::memcpy(payload, data.data(), data.size());
  result.data_ = payload;
  result.size_ = data.size();
  return result;
}

Bytes Bytes::copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span{text})); }

Bytes Bytes::part(std::size_t offset, std::size_t count) const {
  QUORATE_ASSERT(offset <= size_);
  QUORATE_ASSERT(count <= size_ - offset);
  Bytes result{*this};
  result.data_ += offset;
  result.size_ = count;
  return result;
}

void Bytes::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

BytesBuilder::BytesBuilder(std::size_t capacity) : capacity_(capacity) {
  block_ = new (::operator new(sizeof(Bytes::Block) + capacity)) Bytes::Block;
}

BytesBuilder::~BytesBuilder() {
  Bytes last;
  last.block_ = block_;
}

std::byte* BytesBuilder::payload() const {
  return reinterpret_cast<std::byte*>(block_) + sizeof(Bytes::Block);
}

std::string_view BytesBuilder::text() const {
  return size() == 0 ? std::string_view{}
                     : std::string_view{reinterpret_cast<char*>(payload()) + taken_, size()};
}

void BytesBuilder::append(std::string_view text) {
  if (!text.empty()) {
    std::memcpy(extend(text.size()).data(), text.data(), text.size());
  }
}

std::span<std::byte> BytesBuilder::extend(std::size_t size) {
  QUORATE_ASSERT(size <= room());
  if (size == 0) {
    return {};
  }
  std::byte* start = payload() + filled_;
  filled_ += size;
  return {start, size};
}

Bytes BytesBuilder::take() {
  Bytes piece;
  if (size() > 0) {
    piece.block_ = block_;
    piece.retain();
    piece.data_ = payload() + taken_;
    piece.size_ = size();
    taken_ = filled_;
  }
  return piece;
}

void BytesBuilder::recycle() {
  if (size() == 0 && block_ != nullptr && block_->references.load(std::memory_order_acquire) == 1) {
    filled_ = taken_ = 0;
  }
}

}  // namespace quorate
