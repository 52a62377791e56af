// Where logs agree and what is new: the runs against a comparison entry by entry.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "log/log.h"
#include "log/term_runs.h"

namespace quorate {
namespace {

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
rc::Gen<std::pair<Terms, Terms>> two_legal_logs() {
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
TermRuns runs_of(const Terms& terms, std::size_t base) {
  TermRuns runs;
  for (const std::uint64_t term : terms) {
    runs.append(Term{term});
  }
  runs.compact(Index{base});
  return runs;
}

// The twin of TermRuns: index by index, as far as both logs reach.
std::size_t last_common(const Terms& a, const Terms& b) {
  std::size_t common = 0;
  while (common < std::min(a.size(), b.size()) && a[common] == b[common]) {
    ++common;
  }
  return common;
}

std::uint64_t term_of(const Terms& terms, std::uint64_t index) {
  return index == 0 ? 0 : terms[index - 1];
}

RC_GTEST_PROP(ConflictTwin, LogMatchingHoldsAmongTheGeneratedLogs, ()) {
  const auto [a, b] = *two_legal_logs();
  for (std::size_t i = last_common(a, b); i < std::min(a.size(), b.size()); ++i) {
    RC_ASSERT(a[i] != b[i]);
  }
  RC_CLASSIFY(last_common(a, b) < std::min(a.size(), b.size()), "in conflict");
}

RC_GTEST_PROP(ConflictTwin, TermRunsKnowEachTermAfterAnyCompaction, ()) {
  const auto [a, b] = *two_legal_logs();
  const auto base = *rc::gen::inRange<std::size_t>(0, a.size() + 1);
  const TermRuns runs = runs_of(a, base);
  for (std::uint64_t i = 0; i <= a.size() + 1; ++i) {
    const bool known = i >= base && i <= a.size();
    RC_ASSERT(runs.term_at(Index{i}) ==
              (known ? std::optional{Term{term_of(a, i)}} : std::nullopt));
  }
}

RC_GTEST_PROP(ConflictTwin, LastCommonFindsWhereTwoLogsAgree, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const auto our_base = *rc::gen::inRange<std::size_t>(0, ours.size() + 1);
  const auto their_base = *rc::gen::inRange<std::size_t>(0, theirs.size() + 1);
  const auto from = *rc::gen::inRange<std::size_t>(their_base, theirs.size() + 1);
  const TermRuns other = runs_of(theirs, their_base);
  const Index found =
      runs_of(ours, our_base).last_common(Index{from}, other.describe_down_from(Index{from}, 1000));
  const std::size_t common = std::min(from, last_common(ours, theirs));
  const std::size_t visible = std::max(our_base, their_base);
  if (common >= visible) {
    RC_ASSERT(found == Index{common});
  } else {
    RC_ASSERT(found < Index{visible});
  }
}

// A leader that is told at most `limit` runs at a time asks until it agrees, or until a base hides
// the rest.
RC_GTEST_PROP(ConflictTwin, AskingAgainBelowTheRunsEndsAtTheSameIndex, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const auto limit = *rc::gen::inRange<std::size_t>(1, 4);
  const TermRuns mine = runs_of(ours, 0);
  const TermRuns other = runs_of(theirs, 0);
  Index from = std::min(mine.last().index, other.last().index);
  for (std::size_t rounds = 0;; ++rounds) {
    RC_ASSERT(rounds <= theirs.size());
    const Index next = mine.last_common(from, other.describe_down_from(from, limit));
    RC_ASSERT(next <= from);
    from = next;
    if (mine.term_at(from) == other.term_at(from)) {
      break;
    }
  }
  RC_ASSERT(from == Index{last_common(ours, theirs)});
}

RC_GTEST_PROP(ConflictTwin, FirstNewIsTheFirstEntryThatDiffersOrIsMissing, ()) {
  const auto [ours, theirs] = *two_legal_logs();
  const std::size_t common = last_common(ours, theirs);
  const auto base = *rc::gen::inRange<std::size_t>(0, common + 1);
  const auto prev = *rc::gen::inRange<std::size_t>(0, common + 1);
  const auto end = *rc::gen::inRange<std::size_t>(prev, theirs.size() + 1);
  std::vector<Entry> entries;
  for (std::size_t i = prev + 1; i <= end; ++i) {
    entries.push_back({Term{term_of(theirs, i)}, Index{i}, EntryKind::kCommand, {}});
  }
  const Log log{{runs_of(ours, base), {}, Index{base}, Index{base}}, 0};
  const Entry* const expected = end <= common ? nullptr : &entries[common - prev];
  RC_ASSERT(log.first_new(entries) == expected);
}

}  // namespace
}  // namespace quorate
