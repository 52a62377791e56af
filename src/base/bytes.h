// Bytes: an immutable piece of memory that is shared, not copied.
//
// A payload is allocated once, where it enters the process, and from then on log, disk and wire
// hold references to it. Copying a Bytes costs one atomic increment (lanes on other threads hold
// them too).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace quorate {

class Bytes {
 public:
  Bytes() = default;
  // Allocates and copies.
  static Bytes copy_of(std::span<const std::byte> data);
  static Bytes copy_of(std::string_view text);

  Bytes(const Bytes& other) : block_(other.block_), data_(other.data_), size_(other.size_) {
    retain();
  }
  Bytes(Bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Bytes& operator=(const Bytes& other) {
    other.retain();
    release();
    block_ = other.block_;
    data_ = other.data_;
    size_ = other.size_;
    return *this;
  }
  Bytes& operator=(Bytes&& other) noexcept {
    if (this != &other) {
      release();
      block_ = std::exchange(other.block_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~Bytes() { release(); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<const std::byte> span() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  // A part of it, sharing the memory. Asserts that the part lies inside.
  [[nodiscard]] Bytes part(std::size_t offset, std::size_t count) const;

  // Where `next` lies directly behind this in the same memory, it becomes the end of this.
  bool take_in(const Bytes& next) {
    if (block_ == nullptr || block_ != next.block_ || data_ + size_ != next.data_) {
      return false;
    }
    size_ += next.size_;
    return true;
  }

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.text() == b.text(); }

 private:
  friend class BytesBuilder;
  struct Block {
    std::atomic<std::uint32_t> references{1};
  };

  void retain() const {
    if (block_ != nullptr) {
      block_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void release() {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(block_);
    }
  }
  static void destroy(Block* block);

  Block* block_ = nullptr;  // followed in memory by the bytes
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Memory that is filled from the front and given away as Bytes, piece by piece, without a copy. The
// pieces hold all of it as long as one of them lives.
class BytesBuilder {
 public:
  BytesBuilder() = default;  // has no room
  explicit BytesBuilder(std::size_t capacity);
  BytesBuilder(BytesBuilder&& other) noexcept { swap(other); }
  BytesBuilder& operator=(BytesBuilder&& other) noexcept {
    swap(other);
    return *this;
  }
  ~BytesBuilder();

  [[nodiscard]] std::size_t room() const { return capacity_ - filled_; }
  // What is not taken yet.
  [[nodiscard]] std::size_t size() const { return filled_ - taken_; }
  [[nodiscard]] std::string_view text() const;
  // Asserts that there is room.
  void append(std::string_view text);
  // The next `size` bytes, to be written by the caller. Asserts that there is room.
  std::span<std::byte> extend(std::size_t size);
  // All since the last time.
  Bytes take();
  // The room is whole again, if nothing waits to be taken and no piece lives any more.
  void recycle();

 private:
  void swap(BytesBuilder& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(capacity_, other.capacity_);
    std::swap(filled_, other.filled_);
    std::swap(taken_, other.taken_);
  }
  [[nodiscard]] std::byte* payload() const;

  Bytes::Block* block_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace quorate
