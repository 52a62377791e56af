// Raft: one member of one group, as a value. Events in, Output out; no thread, lock, clock,
// callback or I/O.
//
// The driver's loop:
//
//     output.clear();
//     for (every event that waits) {
//       raft.step(now, event, output);  // changes memory, answers what can be answered
//     }
//     raft.flush(now, output);          // says what to write, send and apply
//     ... carry the output out; wait for an event, or until output.wake_at
//
// Several steps may share one flush: then a burst of proposals shares one write and one message a
// peer. A copy of a Raft is an independent member in the same state.
//
// `now` never goes back, and is never from before the event arrived: a read that is answered from a
// lease is as fresh as that time, no fresher.
#pragma once

#include <memory>
#include <string>

#include "base/fingerprint.h"
#include "base/result.h"
#include "base/time.h"
#include "raft/event.h"
#include "raft/options.h"
#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

struct Core;

class Raft {
 public:
  // Fails, naming the field, where options or restored state cannot work.
  static Result<Raft> create(const Options& options, Restored restored, Instant now);

  Raft(const Raft& other);
  Raft(Raft&& other) noexcept;
  Raft& operator=(const Raft& other);
  Raft& operator=(Raft&& other) noexcept;
  ~Raft();

  // Takes one event in. An event that cannot be right (a malformed message, an index that does not
  // exist) is an error that names the field, and changes nothing. Throws AssertionFailed when the
  // core finds a bug in itself; the Raft must not be used after that (guarded.h does this
  // bookkeeping).
  Result<void> step(Instant now, const Event& event, Output& output);
  // Adds to `output` what the steps since the last flush call for, and when to wake up.
  void flush(Instant now, Output& output);

  // Answers every request that still waits with `why`: for a member that will not be used any more.
  void abandon(Refusal why, Output& output);

  // Where this member stands. `at()` costs a few copies; `status()` describes all, peers included.
  [[nodiscard]] Position at() const;
  [[nodiscard]] Status status() const;
  // Entries in memory, for those who look (tests, dumps): from `first` on; empty if it is not in
  // memory.
  [[nodiscard]] std::vector<Entry> entries_from(Index first) const;
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  [[nodiscard]] const Configuration& configuration() const;
  [[nodiscard]] Index configuration_index() const;

  // Everything that decides what this member will do, with time as a distance from `now`; the
  // generator left out.
  void fingerprint(Fingerprint& into, Instant now) const;
  // Bytes held, memory on the heap included (payloads counted where the log holds them).
  [[nodiscard]] std::size_t memory() const;
  // Several lines for people.
  [[nodiscard]] std::string describe() const;

 private:
  explicit Raft(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace quorate
