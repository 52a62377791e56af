#include "sim/lab/command.h"

#include <charconv>

namespace quorate::lab {

Bytes payload_of(const Command& command) {
  std::string text = std::to_string(command.number);
  if (text.size() < command.size) {
    text.append(command.size - text.size(), '.');
  }
  return Bytes::copy_of(std::string_view{text});
}

std::optional<Command> parse_command(std::string_view payload) {
  Command command;
  const char* end = payload.data() + payload.size();
  const auto [rest, error] = std::from_chars(payload.data(), end, command.number);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  const std::string_view padding{rest, static_cast<std::size_t>(end - rest)};
  if (padding.find_first_not_of('.') != std::string_view::npos) {
    return std::nullopt;
  }
  if (!padding.empty()) {
    command.size = static_cast<std::uint32_t>(payload.size());
  }
  return command;
}

std::string describe(const Command& command) {
  std::string text = std::to_string(command.number);
  if (command.size != 0) {
    text += " (" + std::to_string(command.size) + " bytes)";
  }
  return text;
}

}  // namespace quorate::lab
