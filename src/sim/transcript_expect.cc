// `expect`: conditions on a transcript's cluster. They print nothing where they hold.
#include <algorithm>
#include <array>
#include <string>

#include "model/text.h"
#include "sim/transcript_runner.h"

namespace quorate::sim {
namespace {

using Unmet = std::optional<std::string>;

std::string joined(std::span<const std::string_view> words) {
  std::string line;
  for (const std::string_view word : words) {
    line += (line.empty() ? "" : " ") + std::string{word};
  }
  return line;
}

// The numbers of a node that can be expected, as they print.
struct Number {
  std::string_view name;
  std::string (*of)(const Stage& stage, NodeId node);
};
constexpr std::array kNumbers = {
    Number{"term", [](const Stage& s, NodeId n) { return text_of(s.at(n).term); }},
    Number{"commit", [](const Stage& s, NodeId n) { return text_of(s.at(n).committed); }},
    Number{"applied", [](const Stage& s, NodeId n) { return text_of(s.at(n).applied); }},
    Number{"stable", [](const Stage& s, NodeId n) { return text_of(s.at(n).stable); }},
    Number{"snapshot", [](const Stage& s, NodeId n) { return text_of(s.at(n).snapshot); }},
    Number{"base", [](const Stage& s, NodeId n) { return text_of(s.at(n).base); }},
    Number{"last", [](const Stage& s, NodeId n) { return text_of(s.at(n).last); }},
    Number{"vote", [](const Stage& s, NodeId n) { return std::to_string(s.at(n).vote.value()); }},
    Number{"follows",
           [](const Stage& s, NodeId n) { return std::to_string(s.at(n).leader.value()); }},
    Number{"config", [](const Stage& s, NodeId n) { return describe(s.raft(n).configuration()); }},
    Number{"machine", [](const Stage& s, NodeId n) { return s.machine(n).last_command; }},
    Number{"writes",
           [](const Stage& s, NodeId n) { return std::to_string(s.outstanding_writes(n)); }},
    Number{"applies",
           [](const Stage& s, NodeId n) { return std::to_string(s.outstanding_applies(n)); }},
    Number{"reads",
           [](const Stage& s, NodeId n) { return std::to_string(s.outstanding_reads(n)); }},
};

struct Flag {
  std::string_view name;
  bool Position::* flag;
  bool wanted;
};
constexpr std::array kFlags = {
    Flag{"asleep", &Position::asleep, true},       Flag{"awake", &Position::asleep, false},
    Flag{"removed", &Position::removed, true},     Flag{"fenced", &Position::fenced, true},
    Flag{"stopped", &Position::stopped, true},     Flag{"joint", &Position::joint, true},
    Flag{"restoring", &Position::restoring, true},
};

}  // namespace

void TranscriptRunner::expect(const Words& words) {
  collect_answers();
  if (const Unmet why = unmet(words)) {
    fail(*why);
  }
}

std::optional<std::string> TranscriptRunner::unmet(const Words& words) {
  const std::string_view what = words.empty() ? "" : words[0];
  if (what == "violation") {
    return unmet_violation(words);
  }
  if (what == "answer" || (what == "no" && words.size() == 3 && words[1] == "answer")) {
    return unmet_answer(words);
  }
  if (what == "same" && words.size() == 2 && words[1] == "state") {
    return unmet_same_state();
  }
  if (what == "nothing") {
    return unmet_nothing(words);
  }
  if (what == "in-flight") {
    const auto filter = filter_of(words);
    const bool there =
        filter && stage_.in_flight().find({filter->from, filter->to, filter->kind, 0});
    return there ? Unmet{} : "there is no such message";
  }
  if (what == "no" && words.size() == 2 && words[1] == "leader") {
    for (const NodeId node : stage_.nodes()) {
      if (stage_.up(node) && stage_.at(node).role == Role::kLeader) {
        return text_of(node) + " leads in term " + text_of(stage_.at(node).term);
      }
    }
    return std::nullopt;
  }
  const auto node = node_of(words.size() > 1 ? words[1] : "");
  if (!node) {
    return std::nullopt;
  }
  if (what == "down") {
    return stage_.up(*node) ? Unmet{"it is up"} : std::nullopt;
  }
  if (!stage_.up(*node)) {
    return "it is down";
  }
  if (words.size() == 2) {
    return what == "leader" ? unmet_leader(*node) : unmet_role(what, *node);
  }
  return unmet_number(what, *node, joined(std::span{words}.subspan(2)));
}

std::optional<std::string> TranscriptRunner::unmet_role(std::string_view role, NodeId node) {
  const Position at = stage_.at(node);
  const auto* const flag = std::ranges::find(kFlags, role, &Flag::name);
  if (flag != kFlags.end()) {
    return at.*flag->flag == flag->wanted ? Unmet{} : "it is not: " + describe(at);
  }
  for (const Role each : {Role::kFollower, Role::kPreCandidate, Role::kCandidate, Role::kLeader}) {
    if (role == describe(each)) {
      return at.role == each ? Unmet{} : "it is a " + std::string{describe(at.role)};
    }
  }
  misunderstood("'" + std::string{role} + "' is no condition; docs/transcripts.md lists them");
  return std::nullopt;
}

// It leads, and nobody else leads in its term or a later one.
std::optional<std::string> TranscriptRunner::unmet_leader(NodeId node) {
  if (const auto why = unmet_role("leader", node)) {
    return why;
  }
  for (const NodeId other : stage_.nodes()) {
    if (other != node && stage_.up(other) && stage_.at(other).role == Role::kLeader &&
        stage_.at(other).term >= stage_.at(node).term) {
      return text_of(other) + " leads too, in term " + text_of(stage_.at(other).term);
    }
  }
  return std::nullopt;
}

std::optional<std::string> TranscriptRunner::unmet_number(std::string_view what, NodeId node,
                                                          std::string_view wanted) {
  const auto* const number = std::ranges::find(kNumbers, what, &Number::name);
  if (number == kNumbers.end()) {
    misunderstood("'" + std::string{what} + "' is no condition; docs/transcripts.md lists them");
    return std::nullopt;
  }
  const std::string found = number->of(stage_, node);
  return found == wanted ? Unmet{} : "it is " + found;
}

// `answer 3 refused why=busy`: answered once, and the text begins so, its id left out.
std::optional<std::string> TranscriptRunner::unmet_answer(const Words& words) {
  const bool none = words[0] == "no";
  const auto id = parse_number(words.size() > 1 ? words[none ? 2 : 1] : "");
  if (!id) {
    misunderstood("answer: expected the number of a request");
    return std::nullopt;
  }
  Unmet found;
  for (const Answered& answered : answers_) {
    if (answered.answer.id != RequestId{*id}) {
      continue;
    }
    std::string text = describe(answered.answer);
    const std::string name = " id=" + std::to_string(*id);
    const std::size_t at = text.find(name);
    text.erase(at, name.size());
    if (found) {
      return "it was answered twice: " + *found + ", " + text;
    }
    found = text;
  }
  if (none) {
    return found ? Unmet{"it was answered: " + *found} : std::nullopt;
  }
  const std::string wanted = joined(std::span{words}.subspan(2));
  if (!found) {
    return "it was not answered";
  }
  return found->starts_with(wanted) ? Unmet{} : "it was answered: " + *found;
}

// Every node that is up has applied the same, byte for byte.
std::optional<std::string> TranscriptRunner::unmet_same_state() {
  std::optional<NodeId> first;
  for (const NodeId node : stage_.nodes()) {
    if (!stage_.up(node)) {
      continue;
    }
    if (first && !(stage_.machine(node) == stage_.machine(*first))) {
      return text_of(*first) + " is at " + describe(stage_.machine(*first).applied) + ", " +
             text_of(node) + " at " + describe(stage_.machine(node).applied);
    }
    first = node;
  }
  return std::nullopt;
}

// `nothing in-flight [1->2 [kind]]`.
std::optional<std::string> TranscriptRunner::unmet_nothing(const Words& words) {
  Pick pick;
  if (words.size() > 2) {
    const auto filter = filter_of({words.begin() + 1, words.end()});
    if (!filter) {
      return std::nullopt;
    }
    pick = {filter->from, filter->to, filter->kind, 0};
  }
  const auto found = stage_.in_flight().find(pick);
  return found ? Unmet{describe(stage_.in_flight()[*found].message)} : std::nullopt;
}

// `violation none`, or a part of its text.
std::optional<std::string> TranscriptRunner::unmet_violation(const Words& words) {
  const std::string wanted = joined(std::span{words}.subspan(1));
  const auto& violation = stage_.violation();
  if (wanted == "none") {
    return violation;
  }
  violation_expected_ = true;
  if (!violation) {
    return "there is none";
  }
  return violation->find(wanted) != std::string::npos ? Unmet{} : "it is: " + *violation;
}

}  // namespace quorate::sim
