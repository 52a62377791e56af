// The floor: what the disk and loopback alone cost for a log of which two of three copies are
// durable before a write counts. A leader with a thread for its disk, two followers behind TCP on
// loopback; one checksum, one write and one fdatasync a batch, over blocks that were written
// before. No Raft, no state machine: what Quorate is measured against, in the same run.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/figures.h"

namespace quorate::bench {

// Ends with the operations or with the time, whichever is first.
struct FloorWork {
  std::uint32_t payload = 256;    // bytes; 32 are added to each for what a log needs besides
  std::uint32_t outstanding = 1;  // writes that wait at any time
  std::uint64_t total = std::numeric_limits<std::uint64_t>::max();
  Duration length = std::chrono::hours{24};
};

class RoundLog;

class Floor {
 public:
  // Writes three files of 128 MiB in the directory, which nobody sees: they have lost their names
  // already, and are gone with the process.
  static Result<std::unique_ptr<Floor>> open(const std::string& directory);
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;
  ~Floor();

  Result<Figures> measure(const FloorWork& work);

 private:
  explicit Floor(std::vector<RoundLog> logs);
  std::vector<RoundLog> logs_;
};

}  // namespace quorate::bench
