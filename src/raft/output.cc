#include "raft/output.h"

#include <utility>
#include <variant>

namespace quorate {
namespace {

void harvest(Message& message, std::vector<std::vector<Entry>>& spares) {
  constexpr std::size_t kMost = 64;
  auto* append = std::get_if<Append>(&message.body);
  if (append != nullptr && append->entries.capacity() > 0 && spares.size() < kMost) {
    append->entries.clear();
    spares.push_back(std::move(append->entries));
  }
}

}  // namespace

void Output::clear() {
  for (Message& message : send_now) {
    harvest(message, spares_);
  }
  for (Deferred& deferred : send_after_persist) {
    harvest(deferred.message, spares_);
  }
  send_now.clear();
  send_after_persist.clear();
  persist.ticket = {};
  persist.hard_state.reset();
  persist.install.reset();
  persist.snapshot.reset();
  persist.entries.clear();
  persist.compact.reset();
  answers.clear();
  restore.reset();
  committed.clear();
  reads.clear();
  happened.clear();
  wake_at = kNever;
}

void Output::give_back(Message message) { harvest(message, spares_); }

std::vector<Entry> Output::take_spare() {
  if (spares_.empty()) {
    return {};
  }
  std::vector<Entry> spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

}  // namespace quorate
