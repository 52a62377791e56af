#include "raft/guarded.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace quorate {
namespace {

// The one answer that a poisoned member still gives.
struct RefusePoisoned {
  Output& output;

  void operator()(const Propose& e) const { refuse(e.id); }
  void operator()(const ChangeMembership& e) const { refuse(e.id); }
  void operator()(const TransferLeadership& e) const { refuse(e.id); }
  void operator()(const Read& e) const { refuse(e.id); }
  void operator()(const auto& /*e*/) const {}

  void refuse(RequestId id) const {
    output.answers.push_back({id, Refused{Refusal::kPoisoned, kNobody,
                                          "this member found a bug in itself and stopped"}});
  }
};

}  // namespace

Result<void> Guarded::step(Instant now, Event event, Output& output) {
  if (poisoned()) {
    std::visit(RefusePoisoned{output}, event);
    return {};
  }
  before_ = raft_.at();
  Result<void> result;
  try {
    result = raft_.step(now, event, output);
  } catch (const std::exception& bug) {
    remember(now, event);
    poison(bug.what(), output);
    std::visit(RefusePoisoned{output}, event);
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
  try {
    raft_.flush(now, output);
  } catch (const std::exception& bug) {
    poison(bug.what(), output);
  }
}

void Guarded::remember(Instant now, Event event) {
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

// Nothing that the broken step has left may go out: it might be what is wrong.
void Guarded::poison(const std::string& what, Output& output) {
  std::vector<Answer> given = std::move(output.answers);
  output.clear();
  output.answers = std::move(given);  // those requests have been answered
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
