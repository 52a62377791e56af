// Majorities over a configuration: quorum's arithmetic, applied to voters by id. Internal to raft/.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "model/configuration.h"
#include "quorum/quorum.h"

namespace quorate {

template <class T, class ValueOf>
T reached_by(const std::vector<NodeId>& voters, ValueOf value_of) {
  constexpr std::size_t kUsual = 16;
  std::array<T, kUsual> few{};
  std::vector<T> many;
  std::span<T> values{few.data(), std::min(voters.size(), kUsual)};
  if (voters.size() > kUsual) {
    many.resize(voters.size());
    values = many;
  }
  for (std::size_t i = 0; i < voters.size(); ++i) {
    values[i] = value_of(voters[i]);
  }
  return quorum::reached_by_majority(values);
}

// The greatest value that a majority has reached; in a joint configuration, a majority of each half
// (4.3).
template <class T, class ValueOf>
T reached(const Configuration& configuration, ValueOf value_of) {
  const T incoming = reached_by<T>(configuration.voters, value_of);
  return configuration.joint()
             ? std::min(incoming, reached_by<T>(configuration.old_voters, value_of))
             : incoming;
}

}  // namespace quorate
