// Channels: what travels between two nodes in streams of its own, so that a snapshot or a large
// batch never delays a heartbeat.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace quorate::net {

enum class Channel : std::uint8_t {
  kControl = 0,  // heartbeats, votes, answers: small, soon stale
  kLog = 1,      // appends
  kBulk = 2,     // chunks of snapshots, repairs
};
inline constexpr std::size_t kChannels = 3;
inline constexpr std::array kAllChannels{Channel::kControl, Channel::kLog, Channel::kBulk};

constexpr std::size_t place_of(Channel channel) { return static_cast<std::size_t>(channel); }
constexpr std::string_view name_of(Channel channel) {
  constexpr std::array<std::string_view, kChannels> kNames{"control", "log", "bulk"};
  return kNames[place_of(channel)];
}

}  // namespace quorate::net
