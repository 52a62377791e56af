#include "node/acquaintances.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "wire/checksum.h"

namespace quorate {
namespace {

constexpr std::string_view kTitle = "quorate peers 1\n";
constexpr std::uint64_t kLargest = 1U << 20U;
constexpr int kBase = 16;

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, kBase).ptr;
  return {digits.data(), end};
}

std::optional<std::uint64_t> take_number(std::string_view& rest, char behind) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), value, kBase);
  const auto used = static_cast<std::size_t>(end - rest.data());
  if (failed != std::errc{} || used == rest.size() || *end != behind) {
    return std::nullopt;
  }
  rest.remove_prefix(used + 1);
  return value;
}

}  // namespace

Result<Acquaintances> Acquaintances::load(env::Files& files, const std::string& path) {
  Acquaintances acquaintances;
  if (!files.exists(path)) {
    return acquaintances;
  }
  const auto text = env::read_all(files, path, kLargest);
  if (!text) {
    return text.error();
  }
  const Error broken = corrupt(path +
                               ": not as it was written. Whom this node has met is lost; "
                               "remove the file if no other member has lost its disk");
  std::string_view rest = text.value();
  const std::size_t last_line =
      rest.size() < 2 ? std::string_view::npos : rest.rfind('\n', rest.size() - 2);
  if (!rest.starts_with(kTitle) || last_line == std::string_view::npos) {
    return broken;
  }
  std::string_view sum = rest.substr(last_line + 1);
  std::string_view body = rest.substr(0, last_line + 1);
  if (take_number(sum, '\n') != wire::checksum_of(body)) {
    return broken;
  }
  body.remove_prefix(kTitle.size());
  while (!body.empty()) {
    const auto node = take_number(body, ' ');
    const auto incarnation = node ? take_number(body, '\n') : std::nullopt;
    if (!incarnation) {
      return broken;
    }
    acquaintances.known_[NodeId{*node}] = Incarnation{*incarnation};
  }
  return acquaintances;
}

Result<void> Acquaintances::save(env::Files& files, const std::string& path,
                                 const std::string& text) {
  return env::replace(files, path, text);
}

Result<bool> Acquaintances::meet(NodeId node, Incarnation incarnation) {
  const auto [at, is_new] = known_.try_emplace(node, incarnation);
  if (at->second != incarnation) {
    return invalid(
        "n" + std::to_string(node.value()) + " is known under incarnation " +
        hex(at->second.value()) + ", and this is " + hex(incarnation.value()) +
        ": its disk is not the one that took part. Remove it from its groups, and add it "
        "anew under an id that was never used");
  }
  return is_new;
}

std::string Acquaintances::text() const {
  std::string text{kTitle};
  for (const auto& [node, incarnation] : known_) {
    text += hex(node.value()) + " " + hex(incarnation.value()) + "\n";
  }
  return text + hex(wire::checksum_of(text)) + "\n";
}

}  // namespace quorate
