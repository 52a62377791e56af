// The floor: what the disk and loopback alone cost for a log of which two of three copies are
// durable before a write counts. A leader with a thread for its disk, two followers behind TCP on
// loopback; one checksum, one write and one fdatasync a batch, over blocks that were written
// before. No Raft, no state machine: what Quorate is measured against, in the same run.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace quorate::bench {

struct FloorWork {
  std::string directory;          // three files of 128 MiB are made in it, and removed
  std::uint32_t payload = 256;    // bytes; 32 are added to each for what a log needs besides
  std::uint32_t outstanding = 1;  // writes that wait at any time
  std::uint64_t total = 10'000;
};

struct Figures {
  double rate = 0;  // operations a second
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double cpu_us_per_op = 0;  // of all threads and processes
  double ops_per_fsync = 0;
};

Result<Figures> measure_floor(const FloorWork& work);

}  // namespace quorate::bench
