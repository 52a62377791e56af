#include "net/handshake.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "model/text.h"
#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate::net {
namespace {

constexpr std::size_t kMaxAddress = 300;

void put_text(wire::Writer& writer, std::string_view text) {
  writer.number(text.size());
  writer.raw(text);
}

std::string printable(std::string_view text) {
  std::string clean{text.substr(0, kMaxText)};
  std::ranges::replace_if(clean, [](unsigned char c) { return std::isprint(c) == 0; }, '?');
  return clean;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (; value != 0 || text.empty(); value >>= 4U) {
    text.insert(text.begin(), kDigits[value & 0xfU]);
  }
  return text;
}

std::string text_of_versions(Versions versions) {
  return versions.lowest == versions.highest ? "version " + std::to_string(versions.lowest)
                                             : "versions " + std::to_string(versions.lowest) +
                                                   " to " + std::to_string(versions.highest);
}

std::string at(const Hello& hello) { return hello.address.empty() ? "" : " at " + hello.address; }

std::optional<Refusal> judge_cluster(const Hello& mine, const Hello& other) {
  if (mine.cluster == other.cluster) {
    return std::nullopt;
  }
  return Refusal{Reason::kWrongCluster,
                 describe(other) + " and " + describe(mine) +
                     " belong to different clusters; is an address of one in the configuration "
                     "of the other?"};
}

std::optional<Refusal> judge_versions(const Hello& mine, const Hello& other) {
  if (common_version(mine.versions, other.versions)) {
    return std::nullopt;
  }
  return Refusal{Reason::kNoCommonVersion, text_of(other.from) + " speaks " +
                                               text_of_versions(other.versions) +
                                               " of the protocol, " + text_of(mine.from) + " " +
                                               text_of_versions(mine.versions) +
                                               "; upgrade the older one, one release at a time"};
}

}  // namespace

std::string encode(const Hello& hello) {
  std::string out;
  wire::Writer writer{out};
  writer.number(hello.cluster.value());
  writer.number(hello.from.value());
  writer.number(hello.incarnation.value());
  writer.number(hello.to.value());
  writer.number(hello.versions.lowest);
  writer.number(hello.versions.highest);
  writer.number(static_cast<std::uint8_t>(hello.channel));
  writer.number(hello.features);
  put_text(writer, hello.address);
  return out;
}

Result<Hello> decode_hello(const Bytes& body) {
  wire::Decoder decoder{body, "hello"};
  Hello hello;
  decoder("cluster", hello.cluster);
  decoder("from", hello.from);
  decoder("incarnation", hello.incarnation);
  decoder("to", hello.to);
  decoder("lowest", hello.versions.lowest);
  decoder("highest", hello.versions.highest);
  std::uint64_t channel = 0;
  decoder("channel", channel);
  decoder("features", hello.features);
  Bytes address;
  decoder("address", address);
  if (hello.from == kNobody) {
    decoder.fail("no node is n0");
  } else if (channel >= kChannels) {
    decoder.fail("channel " + std::to_string(channel) + " is unknown; sent by a newer Quorate?");
  } else if (hello.versions.lowest > hello.versions.highest) {
    decoder.fail("its lowest version is above its highest");
  } else if (address.size() > kMaxAddress) {
    decoder.fail("its address has " + std::to_string(address.size()) + " bytes");
  }
  if (decoder.failed()) {
    return decoder.error();
  }
  hello.channel = Channel{static_cast<std::uint8_t>(channel)};
  hello.address = printable(address.text());
  return hello;
}

std::string encode(const Refusal& refusal) {
  std::string out;
  wire::Writer writer{out};
  writer.number(static_cast<std::uint8_t>(refusal.reason));
  put_text(writer, std::string_view{refusal.text}.substr(0, kMaxText));
  return out;
}

Result<Refusal> decode_refusal(const Bytes& body) {
  wire::Decoder decoder{body, "refusal"};
  const std::uint64_t reason = decoder.number();
  Bytes text;
  decoder("text", text);
  if (decoder.failed()) {
    return decoder.error();
  }
  return Refusal{Reason{static_cast<std::uint8_t>(std::min<std::uint64_t>(reason, 255))},
                 printable(text.text())};
}

std::optional<std::uint64_t> common_version(Versions a, Versions b) {
  const std::uint64_t highest = std::min(a.highest, b.highest);
  if (highest < std::max(a.lowest, b.lowest)) {
    return std::nullopt;
  }
  return highest;
}

std::optional<Refusal> judge_caller(const Hello& mine, const Hello& caller) {
  if (auto refusal = judge_cluster(mine, caller)) {
    return refusal;
  }
  if (caller.from == mine.from) {
    return Refusal{Reason::kDuplicateId,
                   describe(caller) + at(caller) + " (incarnation " +
                       hex(caller.incarnation.value()) + ") and " + describe(mine) + at(mine) +
                       " (incarnation " + hex(mine.incarnation.value()) +
                       ") are two nodes with one id, or one that dials itself; give each node an "
                       "id and an address of its own"};
  }
  if (caller.to != mine.from) {
    return Refusal{Reason::kWrongNode, text_of(caller.from) + " meant to reach " +
                                           text_of(caller.to) + ", but this is " +
                                           text_of(mine.from) + at(mine) +
                                           "; correct the address of " + text_of(caller.to) +
                                           " at " + text_of(caller.from)};
  }
  return judge_versions(mine, caller);
}

std::optional<Refusal> judge_host(const Hello& mine, const Hello& host) {
  if (auto refusal = judge_cluster(mine, host)) {
    return refusal;
  }
  if (host.from != mine.to) {
    return Refusal{Reason::kWrongNode, text_of(mine.from) + " meant to reach " + text_of(mine.to) +
                                           ", but " + text_of(host.from) + " answered" + at(host) +
                                           "; correct the address of " + text_of(mine.to)};
  }
  return judge_versions(mine, host);
}

std::string describe(const Hello& hello) {
  return text_of(hello.from) + " of cluster " + hex(hello.cluster.value());
}

}  // namespace quorate::net
