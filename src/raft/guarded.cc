#include "raft/guarded.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace quorate {
namespace {

// The request that an event is, if it is one.
std::optional<RequestId> request_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<RequestId> {
        if constexpr (requires { e.id; }) {
          return e.id;
        } else {
          return std::nullopt;
        }
      },
      event);
}

Answer poisoned_answer(RequestId id) {
  return {id,
          Refused{Refusal::kPoisoned, kNobody, "this member found a bug in itself and stopped"}};
}

}  // namespace

Result<void> Guarded::step(Instant now, Event event, Output& output) {
  const std::optional<RequestId> request = request_of(event);
  if (poisoned()) {
    if (request) {
      output.answers.push_back(poisoned_answer(*request));
    }
    return {};
  }
  before_ = raft_.at();
  const std::size_t answered = output.answers.size();
  Result<void> result;
  try {
    result = raft_.step(now, event, output);
  } catch (const std::exception& bug) {
    remember(now, std::move(event));
    poison(bug.what(), answered, request, output);
    return {};
  }
  remember(now, std::move(event));
  return result;
}

void Guarded::flush(Instant now, Output& output) {
  if (poisoned()) {
    output.wake_at = kNever;
    return;
  }
  before_ = raft_.at();
  const std::size_t answered = output.answers.size();
  try {
    raft_.flush(now, output);
  } catch (const std::exception& bug) {
    return poison(bug.what(), answered, std::nullopt, output);
  }
  if (!recent_.empty() && raft_.at().asleep) {
    recent_ = {};
    steps_ = 0;
  }
}

void Guarded::remember(Instant now, Event event) {
  recent_.resize(kRemembered);
  Remembered& slot = recent_[steps_++ % kRemembered];
  slot.at = now;
  slot.entries = 0;
  if (auto* received = std::get_if<Received>(&event)) {
    if (auto* append = std::get_if<Append>(&received->message.body)) {
      slot.entries = append->entries.size();
      append->entries.clear();
    }
  } else if (auto* proposed = std::get_if<Propose>(&event)) {
    proposed->payload = Bytes{};
  }
  slot.event = std::move(event);
}

// Nothing that the broken step has left may go out: it might be what is wrong. What earlier steps
// of the batch answered stands; everybody else who waits gets one answer too.
void Guarded::poison(const std::string& what, std::size_t answered,
                     std::optional<RequestId> request, Output& output) {
  std::vector<Answer> answers = std::move(output.answers);
  output.clear();
  raft_.abandon(Refusal::kPoisoned, output);
  for (std::size_t i = answered; i < answers.size(); ++i) {
    answers[i] = poisoned_answer(answers[i].id);
  }
  answers.insert(answers.end(), output.answers.begin(), output.answers.end());
  const auto of_request = [&request](const Answer& each) { return each.id == *request; };
  if (request && std::ranges::none_of(answers, of_request)) {
    answers.push_back(poisoned_answer(*request));
  }
  output.clear();
  output.answers = std::move(answers);
  std::string text = what + "\nat " + describe(before_) + "\nlast events, oldest first:\n";
  const std::size_t first = steps_ > kRemembered ? steps_ - kRemembered : 0;
  for (std::size_t i = first; i < steps_; ++i) {
    const Remembered& slot = recent_[i % kRemembered];
    text += "  @" + std::to_string(micros(slot.at)) + " " + describe(slot.event);
    text += slot.entries > 0 ? " (" + std::to_string(slot.entries) + " entries)\n" : "\n";
  }
  report_ = std::move(text);
}

}  // namespace quorate
