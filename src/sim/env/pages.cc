#include "sim/env/pages.h"

#include <algorithm>
#include <cstring>

namespace quorate::simenv {

namespace {

bool all_zero(const char* bytes, std::uint64_t count) {
  return count == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

// Calls `visit(page, offset within it, count)` for each page that a range touches.
template <class Visit>
void each_page(std::uint64_t offset, std::uint64_t count, Visit visit) {
  while (count > 0) {
    const std::uint64_t at = offset % Pages::kPage;
    const std::uint64_t n = std::min(count, Pages::kPage - at);
    visit(offset / Pages::kPage, at, n);
    offset += n;
    count -= n;
  }
}

}  // namespace

Pages& Pages::operator=(const Pages& other) {
  if (this != &other) {
    pages_.clear();
    pages_.reserve(other.pages_.size());
    for (const auto& page : other.pages_) {
      pages_.push_back(page ? std::make_unique<Page>(*page) : nullptr);
    }
  }
  return *this;
}

void Pages::read(std::uint64_t offset, char* into, std::uint64_t count) const {
  each_page(offset, count, [&](std::uint64_t number, std::uint64_t at, std::uint64_t n) {
    if (const Page* page = this->page(number); page != nullptr) {
      std::memcpy(into, page->data() + at, n);
    } else {
      std::memset(into, 0, n);
    }
    into += n;
  });
}

void Pages::write(std::uint64_t offset, std::string_view bytes) {
  const char* from = bytes.data();
  each_page(offset, bytes.size(), [&](std::uint64_t number, std::uint64_t at, std::uint64_t n) {
    const bool there = page(number) != nullptr;
    if (there || !all_zero(from, n)) {
      if (number >= pages_.size()) {
        pages_.resize(number + 1);
      }
      if (!there) {
        pages_[number] = std::make_unique<Page>();
      }
      std::memcpy(pages_[number]->data() + at, from, n);
    }
    from += n;
  });
}

void Pages::zero(std::uint64_t offset, std::uint64_t count) {
  const std::uint64_t end = pages_.size() * kPage;
  if (offset >= end) {
    return;
  }
  each_page(offset, std::min(count, end - offset),
            [&](std::uint64_t number, std::uint64_t at, std::uint64_t n) {
              if (n == kPage) {
                pages_[number].reset();
              } else if (pages_[number]) {
                std::memset(pages_[number]->data() + at, 0, n);
              }
            });
}

void Pages::zero_from(std::uint64_t offset) {
  zero(offset, pages_.size() * kPage);
  pages_.resize(std::min<std::uint64_t>(pages_.size(), (offset + kPage - 1) / kPage));
}

std::string Pages::copy(std::uint64_t offset, std::uint64_t count) const {
  bool zero = true;
  each_page(offset, count, [&](std::uint64_t number, std::uint64_t at, std::uint64_t n) {
    const Page* page = this->page(number);
    zero = zero && (page == nullptr || all_zero(page->data() + at, n));
  });
  std::string bytes;
  if (!zero) {
    bytes.resize(count);
    read(offset, bytes.data(), count);
  }
  return bytes;
}

}  // namespace quorate::simenv
