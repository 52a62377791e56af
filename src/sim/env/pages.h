// Pages: bytes that are zero until something else is written, in pages of 4 KiB. Zeros written to a
// page that is not there yet take no memory, so that a segment allocated ahead costs nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quorate::simenv {

class Pages {
 public:
  static constexpr std::uint64_t kPage = 4096;

  Pages() = default;
  Pages(const Pages& other) { *this = other; }
  Pages& operator=(const Pages& other);
  Pages(Pages&&) = default;
  Pages& operator=(Pages&&) = default;
  ~Pages() = default;

  void read(std::uint64_t offset, char* into, std::uint64_t count) const;
  void write(std::uint64_t offset, std::string_view bytes);
  void zero(std::uint64_t offset, std::uint64_t count);
  // Everything from `offset` on.
  void zero_from(std::uint64_t offset);
  // A copy of a part; empty where all of it is zero.
  [[nodiscard]] std::string copy(std::uint64_t offset, std::uint64_t count) const;

 private:
  using Page = std::array<char, kPage>;
  // Nothing where the page is all zero and was never anything else.
  [[nodiscard]] const Page* page(std::uint64_t number) const {
    return number < pages_.size() ? pages_[number].get() : nullptr;
  }
  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace quorate::simenv
