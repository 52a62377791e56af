// The handshake: who is there, and whether the two may speak.
//
// Whoever dials says hello; the other side answers with a welcome, or with a refusal and its
// reason. A welcome is the hello of the other side, with the one version that both will speak: the
// highest that both know. The dialer judges it too, and closes if it is not whom it meant to reach.
//
//     hello, welcome = cluster from incarnation to lowest highest channel features address rest
//     refusal        = reason text rest
//
// Numbers are varints (wire/writer.h); a text is its size and its bytes. `rest` is for later
// versions and is not looked at. The layout never changes, since it is what nodes use to find out
// that they do not understand each other. docs/formats/handshake.md has an example in bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/channel.h"
#include "quorate/types.h"

namespace quorate::net {

// Versions of the protocol within the frames.
struct Versions {
  std::uint64_t lowest = 1;
  std::uint64_t highest = 1;
  friend bool operator==(const Versions&, const Versions&) = default;
};
inline constexpr Versions kThisBuild{1, 1};

struct Hello {
  ClusterId cluster;
  NodeId from;
  Incarnation incarnation;  // of the sender
  NodeId to;                // whom it means to reach
  Versions versions;        // in a welcome both are the version that was chosen
  Channel channel = Channel::kControl;
  std::uint64_t features = 0;  // one bit each; only what both have is used
  std::string address;         // where the sender is reached, `host:port`; empty: not known

  friend bool operator==(const Hello&, const Hello&) = default;
};

enum class Reason : std::uint8_t {
  kWrongCluster = 1,
  kWrongNode = 2,    // the node reached is another than was meant
  kDuplicateId = 3,  // the node reached has the id of the caller
  kNotAdmitted = 4,  // its incarnation, or that it is no member: what the owner said
  kNoCommonVersion = 5,
  kTooMany = 6,  // connections, for now
  kMalformed = 7,
  // A number that is not here comes from a later version; its text says what it means.
};

struct Refusal {
  Reason reason{};
  std::string text;  // for people; names both sides

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

std::string encode(const Hello& hello);
Result<Hello> decode_hello(const Bytes& body);
std::string encode(const Refusal& refusal);
// The text is made fit for a log: no more than kMaxText bytes of it, nothing but what prints.
Result<Refusal> decode_refusal(const Bytes& body);
inline constexpr std::size_t kMaxText = 1000;

// The version that both speak.
std::optional<std::uint64_t> common_version(Versions a, Versions b);

// `mine` is what this node would say itself. Whether the incarnation is the right one is not
// judged here, but by the owner.
std::optional<Refusal> judge_caller(const Hello& mine, const Hello& caller);
std::optional<Refusal> judge_host(const Hello& mine, const Hello& host);

// `n2 of cluster 5f3a` and the like, for messages to people.
std::string describe(const Hello& hello);

}  // namespace quorate::net
