// The benchmarks of the runtime, each a function: three members in processes of their own
// (member.h), driven and measured from here.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bench/figures.h"

namespace quorate::bench {

// What every benchmark is told. The functions are called on the caller's thread.
struct Setting {
  std::string directory;                           // on the disk that is measured
  const std::atomic<bool>* interrupted = nullptr;  // ends it with an error
  std::function<void(const std::string& now, std::size_t done, std::size_t all)> progress;
};

// ---- node: one group under load, beside the floor

struct NodeWork {
  std::vector<std::uint32_t> payloads = {16, 256, 4096};
  std::vector<std::uint32_t> outstanding = {1, 10, 100, 1000, 10'000};
  Duration length = std::chrono::seconds{1};  // of a round
  std::uint32_t rounds = 3;                   // of which the median counts
  bool floor = true;
};

struct NodeResult {
  std::uint32_t payload = 0;
  std::uint32_t outstanding = 0;
  Figures node{};
  std::optional<Figures> floor{};
};
std::string json(const NodeResult& result);

// `each` is called as soon as there is a result.
Result<void> bench_node(const Setting& setting, const NodeWork& work,
                        const std::function<void(const NodeResult&)>& each);

}  // namespace quorate::bench
