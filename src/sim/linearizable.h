// Is there one order in which these operations could have happened one at a time, each somewhere
// between its call and its return, with the results that clients saw? (Herlihy and Wing 1990; the
// search is Wing and Gong's, with Lowe's memory of what was tried.)
//
// Keys are independent of each other, so each is checked by itself. An operation whose outcome is
// unknown may take effect at any time after its call, or never. One that definitely failed has no
// effect, and is not part of a history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace quorate::sim {

enum class Act : std::uint8_t {
  kGet,     // `result` is what was read; empty for a key without value
  kPut,     // `argument` replaces the value
  kAppend,  // `argument` is added to the value
  kSwap,    // `argument` replaces the value, and `result` is what it replaced
};

struct Operation {
  std::uint64_t client = 0;
  Act act = Act::kGet;
  std::string key;
  std::string argument;
  std::string result;
  Instant call;
  Instant back = kNever;  // kNever: the outcome is not known
};
std::string describe(const Operation& operation);

struct Linearizability {
  enum class Verdict : std::uint8_t { kYes, kNo, kOpen };
  Verdict verdict = Verdict::kYes;
  std::string key;          // of the first key that cannot be explained (or whose search was cut)
  std::string why;          // the longest explanation that was found, and where it ends
  std::uint64_t steps = 0;  // of the search, over all keys
};

// Gives up on a key after `limit` steps: then the verdict is open, and proves nothing.
Linearizability check_linearizable(std::span<const Operation> history,
                                   std::uint64_t limit = 50'000'000);

}  // namespace quorate::sim
