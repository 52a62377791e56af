// Load: keeps so many proposals outstanding in groups that this process leads, each answer
// followed by the next proposal, and notes how long each took.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/figures.h"
#include "node/node.h"

namespace quorate::bench {

// Ends with the operations or with the time, whichever is first.
struct LoadWork {
  std::vector<GroupId> groups = {GroupId{1}};  // proposed to in turn
  std::uint32_t payload = 256;                 // bytes of a command, at least a slot's key
  std::uint32_t outstanding = 1;
  std::uint64_t total = std::numeric_limits<std::uint64_t>::max();
  Duration length = std::chrono::hours{24};
  std::uint32_t keys = 1024;  // slots that are written in turn
};

struct LoadDone {
  std::uint64_t operations = 0;
  double elapsed_us = 0;
  double cpu_us = 0;  // of this process
  std::uint64_t syncs = 0;
  Latencies latencies;
};

class Load {
 public:
  Load(Node& node, const LoadWork& work);

  // Returns when nothing is outstanding any more. The error is the first proposal's that was not
  // done, which ends the load; what was done until then is forgotten.
  Result<LoadDone> run();

 private:
  void propose();
  void answered(Instant begun, const Outcome& outcome);
  void leave();

  Node& node_;
  LoadWork work_;
  std::string value_;
  Instant end_;
  std::atomic<std::uint64_t> begun_{0};
  Latencies latencies_;  // the machine's lane alone
  std::mutex mutex_;
  std::condition_variable left_;
  std::uint32_t inside_ = 0;
  std::string failure_;
  std::atomic<bool> failed_{false};
};

}  // namespace quorate::bench
