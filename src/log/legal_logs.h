// For tests: logs as Raft can make them, so that Log Matching (5.3) holds among them.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "log/term_runs.h"
#include "quorate/types.h"

namespace quorate::testing {

// The terms of a log's entries, the first of index 1.
using Terms = std::vector<std::uint64_t>;

// Some members without commitment: each term has one leader, who only appends to its own log; a
// follower takes a prefix of the leader's log over and drops what conflicts with it.
class LegalLogs {
 public:
  explicit LegalLogs(std::size_t members) : members_(members) {}

  void elect(std::size_t member) {
    members_[member].term = ++last_term_;
    members_[member].leads = true;
  }
  void propose(std::size_t member) {
    if (members_[member].leads) {
      members_[member].log.push_back(members_[member].term);
    }
  }
  // The leader's first entries, as many as `share` (0 to 255) of it, are brought to the follower.
  void replicate(std::size_t leader, std::size_t follower, std::size_t share) {
    Member& from = members_[leader];
    Member& to = members_[follower];
    if (!from.leads || leader == follower || from.term < to.term) {
      return;
    }
    to.term = from.term;
    to.leads = false;
    const Terms prefix(from.log.begin(), from.log.begin() + static_cast<std::ptrdiff_t>(
                                                                from.log.size() * share / 255));
    if (prefix.size() > to.log.size() ||
        !std::equal(prefix.begin(), prefix.end(), to.log.begin())) {
      to.log = prefix;
    }
  }
  [[nodiscard]] const Terms& log(std::size_t member) const { return members_[member].log; }

 private:
  struct Member {
    std::uint64_t term = 0;
    bool leads = false;
    Terms log;
  };
  std::vector<Member> members_;
  std::uint64_t last_term_ = 0;
};

// Two logs out of a random history.
inline rc::Gen<std::pair<Terms, Terms>> two_legal_logs() {
  using Step = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>;
  constexpr std::size_t kMembers = 3;
  return rc::gen::map(
      rc::gen::scale(3.0, rc::gen::container<std::vector<Step>>(rc::gen::arbitrary<Step>())),
      [](const std::vector<Step>& steps) {
        LegalLogs logs{kMembers};
        for (const auto& [what, a, b, share] : steps) {
          const std::size_t member = a % kMembers;
          if (what % 8 == 0) {
            logs.elect(member);
          } else if (what % 8 < 5) {
            logs.propose(member);
          } else {
            logs.replicate(member, b % kMembers, share);
          }
        }
        return std::pair{logs.log(0), logs.log(1)};
      });
}

// The same log as runs, compacted up to `base`.
inline TermRuns runs_of(const Terms& terms, std::size_t base) {
  TermRuns runs;
  for (const std::uint64_t term : terms) {
    runs.append(Term{term});
  }
  runs.compact(Index{base});
  return runs;
}

// The twin of TermRuns: index by index, as far as both logs reach.
inline std::size_t last_common(const Terms& a, const Terms& b) {
  std::size_t common = 0;
  while (common < std::min(a.size(), b.size()) && a[common] == b[common]) {
    ++common;
  }
  return common;
}

}  // namespace quorate::testing
