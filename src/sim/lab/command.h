// Command: what the lab suite proposes. A number, written in decimal and padded to a size where
// size matters.
//
// Trivially copyable on purpose: scenario coroutines hand it around (see task.h).
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace quorate::lab {

struct Command {
  std::uint64_t number = 0;
  std::uint32_t size = 0;  // of the payload, where longer than the number's digits

  Command() = default;
  // A plain number is a command: `one(101, 3)` is how the scenarios are read.
  template <std::integral Number>
  Command(Number value)  // NOLINT(google-explicit-constructor)
      : number(static_cast<std::uint64_t>(value)) {}
  Command(std::uint64_t value, std::uint32_t bytes) : number(value), size(bytes) {}

  friend bool operator==(const Command&, const Command&) = default;
};

// The payload of the entry: the digits, then dots up to the size.
Bytes payload_of(const Command& command);
// Nothing where no command looks like that.
std::optional<Command> parse_command(std::string_view payload);
std::string describe(const Command& command);  // `103`, `7 (5000 bytes)`

}  // namespace quorate::lab
