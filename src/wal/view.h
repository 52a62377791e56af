// A window on a file that is read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "env/files.h"

namespace quorate::wal {

class View {
 public:
  explicit View(env::File& file) : file_(file) {}

  // The bytes from `offset` on, fewer only where the file ends. Valid until the next call.
  Result<std::string_view> at(std::uint64_t offset, std::size_t count);

 private:
  static constexpr std::size_t kWindow = std::size_t{256} << 10U;

  env::File& file_;
  std::string window_;
  std::uint64_t start_ = 0;
};

}  // namespace quorate::wal
