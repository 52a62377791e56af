// Ring<T>: a queue with random access in one block of memory that grows by doubling and is then
// reused, so that a steady flow through it allocates nothing. Indexing is from the front.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace quorate {

template <class T>
class Ring {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

  T& operator[](std::size_t i) { return slots_[position(i)]; }
  const T& operator[](std::size_t i) const { return slots_[position(i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  // `value` is no element of this ring.
  void push_back(const T& value) { next_slot() = value; }
  void push_back(T&& value) { next_slot() = std::move(value); }
  // A removed element is overwritten with T{}, so that what it held (a shared payload) is let go at
  // once.
  void pop_front() {
    QUORATE_ASSERT(size_ > 0);
    slots_[head_] = T{};
    head_ = (head_ + 1) & mask_;
    --size_;
  }
  void pop_back() {
    QUORATE_ASSERT(size_ > 0);
    (*this)[size_ - 1] = T{};
    --size_;
  }
  void clear() {
    while (size_ > 0) {
      pop_back();
    }
  }
  // Gives the memory back; the ring must be empty.
  void release() {
    QUORATE_ASSERT(size_ == 0);
    slots_ = {};
    mask_ = 0;
    head_ = 0;
  }

 private:
  [[nodiscard]] std::size_t position(std::size_t i) const {
    QUORATE_ASSERT(i < size_);
    return (head_ + i) & mask_;
  }
  T& next_slot() {
    if (size_ == slots_.size()) {
      grow();
    }
    return slots_[(head_ + size_++) & mask_];
  }
  void grow() {
    std::vector<T> bigger(slots_.empty() ? 4 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) {
      bigger[i] = std::move((*this)[i]);
    }
    slots_ = std::move(bigger);
    mask_ = slots_.size() - 1;
    head_ = 0;
  }

  std::vector<T> slots_;  // a power of two long, or empty
  std::size_t mask_ = 0;  // that length less one: a position modulo the length
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace quorate
