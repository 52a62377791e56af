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
    Bytes copy{other};
    swap(copy);
    return *this;
  }
  Bytes& operator=(Bytes&& other) noexcept {
    Bytes taken{std::move(other)};
    swap(taken);
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

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.text() == b.text(); }

 private:
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
  void swap(Bytes& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  static void destroy(Block* block);

  Block* block_ = nullptr;  // followed in memory by the bytes
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace quorate
