// The set of states that a search has seen: 64-bit fingerprints in one flat table, eight bytes a
// slot.
//
// Two different states with one fingerprint would be taken for one, and what follows the second
// missed. Among n states that happens with a probability of about n^2 / 2^65: 3e-6 for ten million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quorate::sim {

class FingerprintSet {
 public:
  // False if it was there already.
  bool insert(std::uint64_t fingerprint) {
    if (10 * (size_ + 1) > 7 * slots_.size()) {
      grow();
    }
    if (!place(fingerprint == kEmpty ? kStandIn : fingerprint)) {
      return false;
    }
    ++size_;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(std::uint64_t); }

 private:
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kStandIn =
      0x9e3779b97f4a7c15U;  // for the one that looks like an empty slot

  // Fingerprints are well mixed: their low bits serve as the hash.
  bool place(std::uint64_t fingerprint) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = fingerprint & mask;; at = (at + 1) & mask) {
      if (slots_[at] == kEmpty) {
        slots_[at] = fingerprint;
        return true;
      }
      if (slots_[at] == fingerprint) {
        return false;
      }
    }
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? 1024 : slots_.size() * 2, kEmpty);
    std::swap(old, slots_);
    for (const std::uint64_t fingerprint : old) {
      if (fingerprint != kEmpty) {
        place(fingerprint);
      }
    }
  }

  std::vector<std::uint64_t> slots_;  // a power of two long, or empty
  std::size_t size_ = 0;
};

}  // namespace quorate::sim
