// Guarded: a Raft and its fuse. A bug that the core finds in itself (an assertion, rule 15) poisons
// it: from then on it takes no part, answers every request with kPoisoned, and keeps what its last
// events were for the report.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "raft/raft.h"

namespace quorate {

class Guarded {
 public:
  static constexpr std::size_t kRemembered = 32;

  explicit Guarded(Raft raft) : raft_(std::move(raft)) {}

  // As Raft's, but nothing is thrown. The event is kept for the report, its entries' payloads are
  // not. A member that sleeps keeps no events: those of the report came after.
  Result<void> step(Instant now, Event event, Output& output);
  void flush(Instant now, Output& output);

  [[nodiscard]] bool poisoned() const { return report_.has_value(); }
  // What broke, where the member stood, and its last events, oldest first; empty while all is well.
  [[nodiscard]] std::string report() const { return report_.value_or(""); }
  // Of a poisoned member: possibly half changed; the report says how it stood before the step that
  // broke it.
  [[nodiscard]] const Raft& raft() const { return raft_; }

 private:
  struct Remembered {
    Instant at;
    Event event;
    std::size_t entries = 0;
  };

  void remember(Instant now, Event event);
  void poison(const std::string& what, std::size_t answered, std::optional<RequestId> request,
              Output& output);

  Raft raft_;
  std::vector<Remembered> recent_;  // empty, or of all places; steps_ goes round in it
  std::size_t steps_ = 0;           // since there are any
  Position before_;
  std::optional<std::string> report_;
};

}  // namespace quorate
