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

}  // namespace quorate
