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
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  T& operator[](std::size_t i) { return slots_[position(i)]; }
  const T& operator[](std::size_t i) const { return slots_[position(i)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  // `value` is no element of this ring.
  void push_back(const T& value) { next_slot() = value; }
  void push_back(T&& value) { next_slot() = std::move(value); }
  // T{}, to be filled where it lies.
  T& emplace_back() { return next_slot(); }
  // A removed element is overwritten with T{}, so that what it held (a shared payload) is let go at
  // once.
  void pop_front() {
    QUORATE_ASSERT(size_ > 0);
    slots_[head_] = T{};
    head_ = (head_ + 1) & mask();
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
    capacity_ = 0;
    head_ = 0;
  }

 private:
  // Turns a position into one modulo the capacity.
  [[nodiscard]] std::size_t mask() const { return capacity_ - 1; }
  [[nodiscard]] std::size_t position(std::size_t i) const {
    QUORATE_ASSERT(i < size_);
    return (head_ + i) & mask();
  }
  T& next_slot() {
    if (size_ == capacity_) {
      grow();
    }
    return slots_[(head_ + size_++) & mask()];
  }
  // Out of the way of the steady flow.
  [[gnu::cold, gnu::noinline]] void grow() {
    std::vector<T> bigger(capacity_ == 0 ? 4 : capacity_ * 2);
    for (std::size_t i = 0; i < size_; ++i) {
      bigger[i] = std::move((*this)[i]);
    }
    slots_ = std::move(bigger);
    capacity_ = slots_.size();
    head_ = 0;
  }

  std::vector<T> slots_;
  std::size_t capacity_ = 0;  // how many slots there are: a power of two, or none
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace quorate
