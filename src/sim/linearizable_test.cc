// The checker, on histories known good and known bad, and beside a second one that tries every
// order.
#include "sim/linearizable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"

namespace quorate::sim {
namespace {

using testing::HasSubstr;
using Verdict = Linearizability::Verdict;

constexpr std::int64_t kUnknown = -1;

Operation operation(Act act, std::string argument, std::string result, std::int64_t call,
                    std::int64_t back) {
  return {.client = 1,
          .act = act,
          .key = "k",
          .argument = std::move(argument),
          .result = std::move(result),
          .call = instant(call),
          .back = back == kUnknown ? kNever : instant(back)};
}
Operation put(std::string value, std::int64_t call, std::int64_t back) {
  return operation(Act::kPut, std::move(value), "", call, back);
}
Operation append(std::string value, std::int64_t call, std::int64_t back) {
  return operation(Act::kAppend, std::move(value), "", call, back);
}
Operation get(std::string result, std::int64_t call, std::int64_t back) {
  return operation(Act::kGet, "", std::move(result), call, back);
}
Operation swap(std::string value, std::string result, std::int64_t call, std::int64_t back) {
  return operation(Act::kSwap, std::move(value), std::move(result), call, back);
}

Verdict verdict(const std::vector<Operation>& history) {
  return check_linearizable(history).verdict;
}

TEST(Linearizable, NothingHappenedIsFine) { EXPECT_EQ(verdict({}), Verdict::kYes); }

TEST(Linearizable, AReadThatOverlapsAWriteMaySeeEither) {
  EXPECT_EQ(verdict({put("a", 0, 10), get("", 5, 6)}), Verdict::kYes);
  EXPECT_EQ(verdict({put("a", 0, 10), get("a", 5, 6)}), Verdict::kYes);
}

TEST(Linearizable, AReadAfterAWriteMustSeeIt) {
  EXPECT_EQ(verdict({put("a", 0, 10), get("", 11, 12)}), Verdict::kNo);
  EXPECT_EQ(verdict({put("a", 0, 10), get("a", 11, 12)}), Verdict::kYes);
}

TEST(Linearizable, WhatTouchesInTimeMayBeInEitherOrder) {
  EXPECT_EQ(verdict({put("a", 0, 10), get("", 10, 12)}), Verdict::kYes);
}

TEST(Linearizable, TwoReadsMayNotSeeTimeGoBack) {
  EXPECT_EQ(verdict({put("a", 0, 100), get("a", 10, 20), get("", 30, 40)}), Verdict::kNo);
}

TEST(Linearizable, AValueThatNobodyWroteIsNotExplained) {
  const auto result = check_linearizable(std::vector{put("a", 0, 10), get("b", 11, 12)});
  EXPECT_EQ(result.verdict, Verdict::kNo);
  EXPECT_EQ(result.key, "k");
  EXPECT_THAT(result.why, HasSubstr("get k -> 'b'"));
}

TEST(Linearizable, AnUnknownWriteMayTakeEffectLateOrNever) {
  EXPECT_EQ(verdict({put("a", 0, kUnknown), get("", 50, 60), get("a", 70, 80)}), Verdict::kYes);
  EXPECT_EQ(verdict({put("a", 0, kUnknown), get("", 50, 60)}), Verdict::kYes);
  EXPECT_EQ(verdict({get("a", 0, 5), put("a", 10, kUnknown)}), Verdict::kNo);
}

TEST(Linearizable, AnUnknownWriteTakesEffectOnceAtMost) {
  EXPECT_EQ(verdict({append("x", 0, kUnknown), get("x", 10, 20), get("xx", 30, 40)}), Verdict::kNo);
}

TEST(Linearizable, ALostWriteIsSeenInWhatAppendsShow) {
  EXPECT_EQ(verdict({append("x", 0, 5), append("y", 6, 10), get("y", 20, 30)}), Verdict::kNo);
  EXPECT_EQ(verdict({append("x", 0, 8), append("y", 6, 10), get("yx", 20, 30)}), Verdict::kYes);
}

TEST(Linearizable, TwoSwapsCannotReplaceTheSameValue) {
  EXPECT_EQ(verdict({swap("a", "", 0, 10), swap("b", "", 0, 10)}), Verdict::kNo);
  EXPECT_EQ(verdict({swap("a", "", 0, 10), swap("b", "a", 0, 10)}), Verdict::kYes);
}

TEST(Linearizable, KeysAreIndependent) {
  auto other = get("", 11, 12);
  other.key = "another";
  EXPECT_EQ(verdict({put("a", 0, 10), other}), Verdict::kYes);
}

TEST(Linearizable, ASearchThatIsCutProvesNothing) {
  std::vector<Operation> history;
  for (int i = 0; i < 12; ++i) {
    history.push_back(append(std::to_string(i), 0, 100));
  }
  history.push_back(get("nothing like it", 101, 102));
  EXPECT_EQ(check_linearizable(history, 1000).verdict, Verdict::kOpen);
}

// ---- A second checker: every order of every subset of the unknown ones, one after the other.

bool explains(const std::vector<const Operation*>& order) {
  std::string value;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Operation& each = *order[i];
    for (std::size_t later = i + 1; later < order.size(); ++later) {
      if (order[later]->back < each.call) {
        return false;
      }
    }
    const bool known = each.back != kNever;
    const bool tells = each.act == Act::kGet || each.act == Act::kSwap;
    if (known && tells && each.result != value) {
      return false;
    }
    value = each.act == Act::kGet      ? value
            : each.act == Act::kAppend ? value + each.argument
                                       : each.argument;
  }
  return true;
}

bool explained_by_some_order(const std::vector<Operation>& history) {
  std::vector<const Operation*> known;
  std::vector<const Operation*> unknown;
  for (const Operation& each : history) {
    (each.back == kNever ? unknown : known).push_back(&each);
  }
  for (unsigned subset = 0; subset < (1U << unknown.size()); ++subset) {
    std::vector<const Operation*> order = known;
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      if ((subset >> i & 1U) != 0) {
        order.push_back(unknown[i]);
      }
    }
    std::ranges::sort(order);
    do {
      if (explains(order)) {
        return true;
      }
    } while (std::ranges::next_permutation(order).found);
  }
  return false;
}

RC_GTEST_PROP(Linearizable, AgreesWithACheckerThatTriesEveryOrder, ()) {
  std::vector<Operation> history;
  const auto count = *rc::gen::inRange(1, 7);
  for (int i = 0; i < count; ++i) {
    const auto act = *rc::gen::element(Act::kGet, Act::kPut, Act::kAppend, Act::kSwap);
    const auto call = *rc::gen::inRange<std::int64_t>(0, 12);
    const auto back = *rc::gen::inRange<std::int64_t>(0, 8);
    const std::string argument = *rc::gen::element<std::string>("a", "b");
    const std::string result = *rc::gen::element<std::string>("", "a", "b", "ab", "ba", "aa");
    history.push_back(operation(act, argument, result, call, back == 0 ? kUnknown : call + back));
  }
  RC_ASSERT((verdict(history) == Verdict::kYes) == explained_by_some_order(history));
}

// A register that works, eight clients on ten keys: each operation takes effect at some moment
// between its call and its return.
std::vector<Operation> good_history(std::uint64_t seed, std::size_t count) {
  Random random{seed};
  std::vector<Operation> history;
  std::vector<std::int64_t> free_at(8, 0);
  std::vector<std::pair<std::int64_t, std::size_t>> moments;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t client = random.below(8);
    const auto call = free_at[client] + static_cast<std::int64_t>(random.below(50));
    const auto length = 1 + static_cast<std::int64_t>(random.below(100));
    free_at[client] = call + length;
    const bool unknown = random.below(20) == 0;
    moments.emplace_back(
        call + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length))), i);
    history.push_back({.client = client,
                       .act = static_cast<Act>(random.below(4)),
                       .key = std::to_string(random.below(10)),
                       .argument = std::to_string(i),
                       .result = {},
                       .call = instant(call),
                       .back = unknown ? kNever : instant(call + length)});
  }
  std::ranges::sort(moments);
  std::map<std::string, std::string> state;
  for (const auto& [moment, i] : moments) {
    Operation& each = history[i];
    std::string& value = state[each.key];
    each.result = value;
    value = each.act == Act::kGet      ? value
            : each.act == Act::kAppend ? value + each.argument
                                       : each.argument;
  }
  return history;
}

TEST(Linearizable, HistoriesOfARegisterThatWorksAreGood) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(verdict(good_history(seed, 1000)), Verdict::kYes) << seed;
  }
}

TEST(Linearizable, OneReadOfAnOldValueIsFound) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::vector<Operation> history = good_history(seed, 1000);
    // The last known read of some key is made to see what a read of that key saw long before.
    const auto is_read = [](const Operation& each) {
      return each.act == Act::kGet && each.back != kNever && !each.result.empty();
    };
    const auto first = std::ranges::find_if(history, is_read);
    const auto last = std::find_if(history.rbegin(), history.rend(), [&](const Operation& each) {
      return is_read(each) && each.key == first->key && each.result != first->result;
    });
    last->result = first->result;
    EXPECT_EQ(verdict(history), Verdict::kNo) << seed;
  }
}

}  // namespace
}  // namespace quorate::sim
