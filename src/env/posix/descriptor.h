// A file descriptor that is closed, and what the system's refusals become.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace quorate::env {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

// `cannot <what> <path>: <what the system says of this errno>`, with the code that goes with it.
Error refused(std::string_view what, const std::string& path, int number);

// open(2), taken up again where a signal interrupted it; always closed on exec.
Result<Descriptor> open_descriptor(const std::string& path, int flags, std::string_view what);

}  // namespace quorate::env
