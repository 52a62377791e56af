#include "node/request.h"

namespace quorate {

const char* describe(Fate fate) {
  switch (fate) {
    case Fate::kDone:
      return "done";
    case Fate::kRefused:
      return "refused";
    case Fate::kFailed:
      return "failed";
    case Fate::kUnknown:
      return "unknown";
  }
  return "?";
}

std::string describe(const Outcome& outcome) {
  std::string text = describe(outcome.fate);
  if (outcome.fate == Fate::kRefused) {
    text += std::string{": "} + describe(outcome.why);
    if (outcome.leader != kNobody) {
      text += ", n" + std::to_string(outcome.leader.value()) + " leads";
    }
  }
  if (outcome.position.index > Index{}) {
    text += " at " + describe(outcome.position);
  }
  return outcome.detail.empty() ? text : text + " (" + outcome.detail + ")";
}

}  // namespace quorate
