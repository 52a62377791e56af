#include "model/message.h"

#include "model/text.h"

namespace quorate {

MessageClass message_class(const MessageBody& body) {
  return std::visit([](const auto& message) { return message.kClass; }, body);
}

std::string_view message_name(const MessageBody& body) {
  return std::visit([](const auto& message) { return message.kName; }, body);
}

std::string describe(const Message& message) {
  std::string line{message_name(message.body)};
  line += " -> " + text_of(message.to);
  std::visit(
      [&line](const auto& body) {
        body.fields([&line](std::string_view name, const auto& value) {
          line += " ";
          line += name;
          line += "=" + text_of(value);
        });
      },
      message.body);
  return line;
}

std::string text_of(const std::vector<TermRun>& runs) {
  std::string text;
  for (const TermRun& run : runs) {
    text += (text.empty() ? "" : ",") + describe(run);
  }
  return text.empty() ? "-" : text;
}

std::string json_quoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace quorate
