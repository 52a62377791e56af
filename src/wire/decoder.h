// Bytes to values, by their layouts (layout.h).
//
// The bytes come from anywhere: nothing that they say may crash, or allocate more than a small
// multiple of their own size. The first thing that is wrong stays as the error, named by its path,
// such as `append.entries[3].payload`; from then on nothing is read any more, and whatever was
// filled in must not be used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/result.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "model/message.h"
#include "quorate/types.h"
#include "wire/layout.h"

namespace quorate::wire {

class Decoder {
 public:
  // `what` begins the path of every error, and outlives the decoder.
  Decoder(const Bytes& in, std::string_view what) : in_(in), rest_(in.text()), what_(what) {}

  void name(std::string_view what) { what_ = what; }
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] const Error& error() const { return *error_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  void operator()(const char* name, auto& value) {
    const Scope scope{*this, name};
    read(value);
  }
  // What is left after the last field is an error too.
  void expect_end();
  // The value cannot be right, for this reason.
  void fail(std::string why);

  std::uint64_t number() {
    if (!rest_.empty() && static_cast<unsigned char>(rest_.front()) < 0x80) {
      return byte();
    }
    return long_number();
  }
  std::uint8_t byte() {
    if (rest_.empty()) {
      fail("cut short");
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // The next `size` bytes, in the memory of what came in.
  Bytes slice(std::uint64_t size);

 private:
  static constexpr std::size_t kNoElement = ~std::size_t{0};
  struct Step {
    const char* name;
    std::size_t element;
  };
  class Scope {
   public:
    Scope(Decoder& decoder, const char* name) : decoder_(decoder) {
      QUORATE_ASSERT(decoder.depth_ < decoder.path_.size());
      decoder.path_[decoder.depth_++] = {name, kNoElement};
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { --decoder_.depth_; }

   private:
    Decoder& decoder_;
  };

  void read(std::uint64_t& value) { value = number(); }
  void read(bool& value);
  void read(EntryKind& kind);
  template <class Tag>
  void read(Ordinal<Tag>& value) {
    value = Ordinal<Tag>{number()};
  }
  template <class Tag>
  void read(Identifier<Tag>& value) {
    value = Identifier<Tag>{number()};
  }
  void read(Bytes& bytes) { bytes = slice(number()); }
  void read(Configuration& configuration);
  void read(Entry& entry);
  void read(std::vector<Entry>& entries) { read_list(entries, kMinEntry, ~std::size_t{0}); }
  void read(std::vector<TermRun>& runs) { read_list(runs, kMinRun, AppendRejected::kMaxRuns); }
  void read(auto& composed) { layout(*this, composed); }

  // Every element takes at least `smallest` bytes, so what is left bounds what is allocated.
  template <class Element>
  void read_list(std::vector<Element>& elements, std::size_t smallest, std::size_t most) {
    const std::uint64_t count = number();
    if (failed() || !check_count(count, smallest, most)) {
      return;
    }
    elements.resize(count);
    for (std::size_t i = 0; i < count && !failed(); ++i) {
      path_[depth_ - 1].element = i;
      read(elements[i]);
    }
    path_[depth_ - 1].element = kNoElement;
  }
  bool check_count(std::uint64_t count, std::size_t smallest, std::size_t most);
  void fail(ErrorCode code, std::string why);
  std::uint64_t long_number();

  const Bytes& in_;
  std::string_view rest_;
  std::string_view what_;
  std::array<Step, 4> path_{};
  std::size_t depth_ = 0;
  std::optional<Error> error_;
};

}  // namespace quorate::wire
