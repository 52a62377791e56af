// Cow<T>: a value that is copied only when one of its holders changes it. Copies may live on
// different threads, as long as each holder is used by one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace quorate::sim {

template <class T>
class Cow {
 public:
  template <class... Args>
  explicit Cow(std::in_place_t, Args&&... args) : block_(new Block{std::forward<Args>(args)...}) {}
  Cow(const Cow& other) : block_(other.block_) {
    block_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  Cow(Cow&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Cow& operator=(Cow other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Cow() { release(); }

  const T& operator*() const { return block_->value; }
  const T* operator->() const { return &block_->value; }
  // The value for this holder alone; valid until the holder is copied.
  T& change() {
    if (block_->holders.load(std::memory_order_acquire) != 1) {
      Block* own = new Block{block_->value};
      release();
      block_ = own;
    }
    block_->print.store(0, std::memory_order_relaxed);
    return block_->value;
  }

  // A fingerprint of the value that is computed once for all holders; `compute` may not give 0.
  template <class Compute>
  [[nodiscard]] std::uint64_t print(const Compute& compute) const {
    std::uint64_t known = block_->print.load(std::memory_order_relaxed);
    if (known == 0) {
      known = compute(block_->value) | 1U;
      block_->print.store(known, std::memory_order_relaxed);
    }
    return known;
  }

 private:
  struct Block {
    template <class... Args>
    explicit Block(Args&&... args) : value(std::forward<Args>(args)...) {}
    std::atomic<std::uint32_t> holders{1};
    std::atomic<std::uint64_t> print{0};
    T value;
  };

  void release() {
    if (block_ != nullptr && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete block_;
    }
  }

  Block* block_;
};

}  // namespace quorate::sim
