#include "sim/env/survival.h"

namespace quorate::simenv {

std::string_view name_of(Survival survival) {
  switch (survival) {
    case Survival::kNone:
      return "none";
    case Survival::kAll:
      return "all";
    case Survival::kPrefix:
      return "prefix";
    case Survival::kAny:
      return "any";
  }
  return "?";
}

Fate::Fate(Survival survival, Random random, std::uint64_t oldest, std::uint64_t end)
    : survival_(survival), random_(random) {
  cut_ = random_.between(oldest, end);
  // Few, half or most of the pieces: were it always half, "all but one" would hardly ever come.
  odds_ = random_.below(3) * 3 + 1;
}

bool Fate::keeps(std::uint64_t operation) {
  switch (survival_) {
    case Survival::kNone:
      return false;
    case Survival::kAll:
      return true;
    case Survival::kPrefix:
      return operation < cut_ || (operation == cut_ && random_.one_in(2));
    case Survival::kAny:
      return random_.below(8) < odds_;
  }
  return false;
}

}  // namespace quorate::simenv
