#include "env/lane.h"

#include <charconv>

namespace quorate::env {
namespace {

Error not_an_address(std::string_view text, std::string_view why) {
  return invalid("'" + std::string{text} + "' is not an address: " + std::string{why} +
                 "; write host:port, such as 10.0.0.1:2380, [::1]:2380 or node1.example:2380");
}

bool is_number(std::string_view text, std::uint16_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return not_an_address(text, "it has no port");
  }
  Address address;
  std::string_view host = text.substr(0, colon);
  if (!is_number(text.substr(colon + 1), address.port)) {
    return not_an_address(text, "its port is no number from 0 to 65535");
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return not_an_address(text, "an IPv6 address stands in brackets");
  }
  if (host.empty()) {
    return not_an_address(text, "it has no host");
  }
  if (host.find_first_of("[] \t\r\n/") != std::string_view::npos) {
    return not_an_address(text, "its host has characters that no host has");
  }
  address.host = host;
  return address;
}

std::string describe(const Address& address) {
  const bool bare_colons = address.host.find(':') != std::string::npos;
  return (bare_colons ? "[" + address.host + "]" : address.host) + ":" +
         std::to_string(address.port);
}

}  // namespace quorate::env
