// Recovery: reads a log from its oldest segment to its end and tells what it holds, what is broken
// and where it ends. Changes nothing: mend() does that, when the log is opened to be written.
//
// Rule 11. Each batch says up to which one all were durable when it was written, and a segment's
// header says that of the segment before. What is broken and proved so to have been durable is
// rot; the first that is broken and is not so proved is where the log ends, a torn tail.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "wal/damage.h"
#include "wal/format.h"
#include "wal/groups.h"
#include "wal/replay.h"
#include "wal/scanner.h"
#include "wal/segment.h"

namespace quorate::wal {

// Where the next batch goes.
struct Tip {
  std::uint32_t offset = kFirstBatch;  // in the newest segment
  std::uint64_t sequence = 1;
  std::uint64_t chain = 0;
  std::uint64_t state = 0;   // the newest batch that has state
  std::uint64_t proved = 0;  // all up to here were durable
};

struct BrokenHeader {
  std::uint32_t segment = 0;
  bool first = false;
  bool second = false;
};

class Recovery {
 public:
  // Shows each batch that counts as it is read.
  using Witness = std::function<void(const Segment&, const FoundBatch&)>;

  // Errors: a segment is missing, belongs to another node, or is of a newer format (kInvalid,
  // kCorrupt); state is lost (kCorrupt); a file cannot be read (kIo).
  static Result<Recovery> read(env::Files& files, const std::string& log, const Identity& identity,
                               env::Open how, const Witness& witness = {});

  // Makes the disk what was recovered: the torn tail can never be read again, what is not proved to
  // be durable is written once more (a kernel whose sync failed shows what the disk does not hold),
  // second copies are whole. All durable on return.
  Result<void> mend();

  [[nodiscard]] Replay& replay() { return replay_; }
  [[nodiscard]] std::vector<Segment>& segments() { return segments_; }
  [[nodiscard]] const Tip& tip() const { return tip_; }
  [[nodiscard]] const std::vector<Scar>& scars() const { return scars_; }
  [[nodiscard]] const std::vector<BrokenHeader>& broken_headers() const { return broken_headers_; }
  [[nodiscard]] const std::optional<TornTail>& torn() const { return torn_; }

 private:
  // A batch or a hole, as far as the end of the log is concerned.
  struct Seen {
    Tip before;
    std::uint64_t last = 0;  // the newest batch that it spans
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t control = 0;
    bool whole = false;
  };

  Result<void> open_segments(env::Files& files, const std::string& log, const Identity& identity,
                             env::Open how);
  Result<void> open_segment(env::Files& files, const std::string& log, std::uint32_t number,
                            const Identity& identity, env::Open how);
  Result<void> read_headers(const Identity& identity, Segment& segment);
  [[nodiscard]] Result<void> check_seal() const;
  Result<void> read_closed(std::size_t at, const Witness& witness);
  Result<void> find_end();
  void cut(std::vector<Seen>& window);
  Result<void> read_newest(const Witness& witness);
  Scanner scanner_of(std::size_t at);
  void take(const Segment& segment, const FoundBatch& batch, const Witness& witness);
  void take(const Segment& segment, const Hole& hole);
  Result<void> mend_scar(const Scar& scar);
  Result<void> write_again(const Segment& newest);

  std::vector<Segment> segments_;  // in order, without a gap
  std::vector<std::optional<SegmentHeader>> headers_;
  bool newest_sealed_ = false;
  Replay replay_;
  Tip tip_;
  std::uint32_t unproved_from_ = kFirstBatch;  // an offset in the newest segment
  std::vector<Scar> scars_;
  std::vector<BrokenHeader> broken_headers_;
  std::optional<TornTail> torn_;
  std::vector<Seen> cut_off_;
};

}  // namespace quorate::wal
