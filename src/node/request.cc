#include "node/request.h"

#include <utility>

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

Outcome done_at(LogPosition position, std::string result) {
  Outcome outcome;
  outcome.fate = Fate::kDone;
  outcome.position = position;
  outcome.result = std::move(result);
  return outcome;
}

Outcome refused(Refusal why, std::string detail, NodeId leader) {
  Outcome outcome;
  outcome.fate = Fate::kRefused;
  outcome.why = why;
  outcome.leader = leader;
  outcome.detail = std::move(detail);
  return outcome;
}

Outcome failed_at(LogPosition position, std::string detail) {
  Outcome outcome;
  outcome.fate = Fate::kFailed;
  outcome.position = position;
  outcome.detail = std::move(detail);
  return outcome;
}

Outcome unknown(std::string detail, LogPosition position) {
  Outcome outcome;
  outcome.fate = Fate::kUnknown;
  outcome.position = position;
  outcome.detail = std::move(detail);
  return outcome;
}

}  // namespace quorate
