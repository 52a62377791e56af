// StateMachine: what is replicated. One on each node for each group; all of them are given the same
// commands in the same order.
//
// Everything but the second half of a snapshot is called on one lane, one call at a time, so that a
// machine needs no lock for itself. No call knows of the protocol. A call that fails ends this
// group's part on this node: it says why, applies nothing more and leaves the rest to the others.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "quorate/types.h"

namespace quorate {

struct Command {
  Index index;
  Term term;
  std::string_view payload;  // as it was proposed; valid for the length of the call
};

class StateMachine {
 public:
  // Finishes a snapshot that was begun: writes its files. Called on another lane, while applies go
  // on.
  using FinishSnapshot = std::function<Result<void>()>;

  StateMachine() = default;
  StateMachine(const StateMachine&) = delete;
  StateMachine& operator=(const StateMachine&) = delete;
  virtual ~StateMachine() = default;

  // The first call. Answers with the position that was stored with the newest batch that is still
  // there; empty where nothing is, as in a machine that keeps itself in memory alone: then it is
  // given the newest snapshot, if there is one, and what came after it.
  virtual Result<std::string> open() = 0;

  // Takes the commands in, in order, and adds one result for each to `results`. `position` is the
  // runtime's own (how far, and who is a member): a machine that keeps its state on disk stores it
  // in the same atomic write as the batch, and gives it back from open(). `batch` may be empty:
  // then there is the position alone to keep.
  virtual Result<void> apply(std::span<const Command> batch, std::string_view position,
                             std::vector<std::string>& results) = 0;

  // A copy of the state as it is now, as files in `folder`, which is there and empty. What must not
  // change under the copy is taken in the call (a reference, hard links, a copy of what is small);
  // the work is done by what it returns. The files need not be synced.
  virtual Result<FinishSnapshot> snapshot(const std::string& folder) = 0;
  // Becomes what another's snapshot() put into `folder`, and stores `position` with it. The files
  // may be moved away.
  virtual Result<void> restore(const std::string& folder, std::string_view position) = 0;

  // The position up to which the state would survive a crash of the machine, and making it the
  // newest. A machine in memory answers with nothing: only a snapshot keeps its state.
  virtual Result<std::string> persisted() { return std::string{}; }
  virtual Result<void> flush() { return {}; }

  // Equal on two nodes if they applied the same commands; for comparing them. 0: not offered.
  virtual std::uint64_t hash() { return 0; }
};

}  // namespace quorate
