#include "wal/view.h"

#include <algorithm>
#include <span>

namespace quorate::wal {

Result<std::string_view> View::at(std::uint64_t offset, std::size_t count) {
  if (offset < start_ || offset + count > start_ + window_.size()) {
    window_.resize(std::max(count, kWindow));
    start_ = offset;
    const auto read = file_.read(offset, std::as_writable_bytes(std::span{window_}));
    if (!read) {
      window_.clear();
      return read.error();
    }
    window_.resize(read.value());
  }
  const std::string_view window{window_};
  return window.substr(std::min<std::size_t>(offset - start_, window.size()), count);
}

}  // namespace quorate::wal
