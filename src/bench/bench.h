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

// Waits that long, or until it is interrupted: an error then.
Result<void> pause(const Setting& setting, Duration length);

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

// ---- The others say what they found line by line

struct Finding {
  JsonLine json;
  std::string text;
};
using Find = std::function<void(const Finding&)>;

// ---- recover: restart and catch-up

struct RecoverWork {
  std::uint64_t entries = 1'000'000;
  std::uint32_t payload = 256;
};
Result<void> bench_recover(const Setting& setting, const RecoverWork& work, const Find& find);

// ---- failover: how long nobody commits when the leader is gone, and that nobody else is elected

struct FailoverWork {
  std::uint32_t times = 20;
  std::uint32_t resets = 20;
  Duration load = std::chrono::minutes{1};  // under which nobody is to be elected
};
Result<void> bench_failover(const Setting& setting, const FailoverWork& work, const Find& find);

// ---- groups: many of them, idle and busy, and what happens to them when a member is killed

struct GroupsWork {
  std::vector<std::uint32_t> groups = {1, 10, 100, 1000, 10'000};
  Duration busy = std::chrono::seconds{3};
  Duration idle = std::chrono::seconds{60};
};
Result<void> bench_groups(const Setting& setting, const GroupsWork& work, const Find& find);

}  // namespace quorate::bench
