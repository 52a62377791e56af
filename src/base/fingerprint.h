// Fingerprint: 64 bits that stand for a value, the same on every machine and in every run. Used to
// tell states apart (the explorer) and runs apart (the simulator); never for security.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "quorate/types.h"

namespace quorate {

class Fingerprint {
 public:
  [[nodiscard]] std::uint64_t value() const { return mix(state_ ^ length_); }

  void add(std::uint64_t word) {
    state_ = mix(state_ ^ word) + 0x9e3779b97f4a7c15U;
    ++length_;
  }
  void add(bool flag) { add(static_cast<std::uint64_t>(flag)); }
  template <class Tag>
  void add(Ordinal<Tag> ordinal) {
    add(ordinal.value());
  }
  template <class Tag>
  void add(Identifier<Tag> id) {
    add(id.value());
  }
  void add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::size_t n = text.size() < sizeof word ? text.size() : sizeof word;
      std::memcpy(&word, text.data(), n);
      add(word);
      text.remove_prefix(n);
    }
  }
  void add(const Bytes& bytes) { add(bytes.text()); }
  void add(const char*) = delete;
  // A deadline counts as its distance from now: 0 when it has passed. So two states that differ
  // only in what the clock reads have one fingerprint.
  void add_deadline(Instant deadline, Instant now) {
    if (deadline == kNever) {
      add(~std::uint64_t{0});
    } else {
      add(deadline <= now ? std::uint64_t{0}
                          : static_cast<std::uint64_t>((deadline - now).count()));
    }
  }
  // A moment in the past counts as its distance from now, up to a reach beyond which nothing asks
  // for it.
  void add_age(Instant at, Instant now, Duration reach) {
    const Duration age = now - at < reach ? now - at : reach;
    add(static_cast<std::uint64_t>(age.count()));
  }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 32U)) * 0xd6e8feb86659fd93U;
    z = (z ^ (z >> 32U)) * 0xd6e8feb86659fd93U;
    return z ^ (z >> 32U);
  }
  std::uint64_t state_ = 0x51ab9f3c70d2e846U;
  std::uint64_t length_ = 0;
};

}  // namespace quorate
