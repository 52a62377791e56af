// Majority arithmetic, for one set of voters. A joint configuration asks each half by itself and
// needs both (dissertation 4.3): take the lower of two reached values, and the worse of two votes.
// Pure; knows no messages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace quorate::quorum {

// How many of `voters` decide.
constexpr std::size_t majority(std::size_t voters) { return voters / 2 + 1; }

// The greatest value that a majority has reached, given one value per voter. Reorders `values`,
// which must not be empty: nobody is no majority.
template <class T>
T reached_by_majority(std::span<T> values) {
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(majority(values.size()) - 1);
  if (values.size() <= 16) {
    // Insertion sort, descending: groups are small, and this is on the path of every commit.
    for (std::size_t i = 1; i < values.size(); ++i) {
      for (std::size_t j = i; j > 0 && values[j - 1] < values[j]; --j) {
        std::swap(values[j - 1], values[j]);
      }
    }
  } else {
    std::nth_element(values.begin(), nth, values.end(),
                     [](const T& a, const T& b) { return b < a; });
  }
  return *nth;
}

enum class Vote : std::uint8_t { kPending, kWon, kLost };

// What is known after `granted` and `refused` of `voters` have answered. A majority decides at
// once; it is lost as soon as no majority can be reached any more.
constexpr Vote outcome(std::size_t granted, std::size_t refused, std::size_t voters) {
  if (granted >= majority(voters)) {
    return Vote::kWon;
  }
  return voters - refused < majority(voters) ? Vote::kLost : Vote::kPending;
}

constexpr Vote both(Vote incoming, Vote outgoing) {
  if (incoming == Vote::kLost || outgoing == Vote::kLost) {
    return Vote::kLost;
  }
  return incoming == Vote::kWon && outgoing == Vote::kWon ? Vote::kWon : Vote::kPending;
}

}  // namespace quorate::quorum
