// Majorities over a leader's peers: quorum's arithmetic, applied to what is known of each. Internal
// to raft/.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "quorum/quorum.h"
#include "raft/core.h"

namespace quorate {

// The greatest value that a majority of one set of voters has reached.
template <class T, class IsVoter, class ValueOf>
T reached_by(std::size_t voters, const Leader& leader, bool self_votes, T self, IsVoter is_voter,
             ValueOf value_of) {
  constexpr std::size_t kUsual = 8;
  std::array<T, kUsual> few;
  std::vector<T> many;
  if (voters > kUsual) {
    many.resize(voters);
  }
  T* const values = voters > kUsual ? many.data() : few.data();
  std::size_t count = 0;
  if (self_votes) {
    values[count++] = self;
  }
  for (const Progress& peer : leader.peers) {
    if (is_voter(peer)) {
      values[count++] = value_of(peer);
    }
  }
  QUORATE_ASSERT(count == voters);
  return quorum::reached_by_majority(std::span<T>{values, count});
}

// The greatest value that a majority of the configuration has reached; in a joint one, a majority
// of each half (4.3). `self` is this node's own value, which counts only if it is a voter.
template <class T, class ValueOf>
T reached(const Core& core, const Leader& leader, T self, ValueOf value_of) {
  const Configuration& configuration = core.configuration();
  const T incoming = reached_by(
      configuration.voters.size(), leader, leader.self_votes, self,
      [](const Progress& p) { return p.votes(); }, value_of);
  if (!configuration.joint()) {
    return incoming;
  }
  return std::min(incoming,
                  reached_by(
                      configuration.old_voters.size(), leader, leader.self_votes_old, self,
                      [](const Progress& p) { return p.votes_in_old(); }, value_of));
}

}  // namespace quorate
