#include <utility>

#include "bench/bench.h"
#include "bench/floor.h"
#include "bench/trio.h"

namespace quorate::bench {
namespace {

// At a setting that is new.
constexpr Duration kWarmUp = std::chrono::milliseconds{300};
constexpr std::uint32_t kKeys = 1024;

// One round after the other, of node and floor by turns: the load of a machine comes in phases, and
// both are to see the same.
class Cell {
 public:
  Cell(Trio& trio, Floor* floor, const NodeWork& work, NodeResult result)
      : trio_(trio), floor_(floor), work_(work), result_(std::move(result)) {}

  Result<NodeResult> run() {
    if (const auto warm = node(kWarmUp); !warm) {
      return warm.error();
    }
    std::vector<Figures> nodes;
    std::vector<Figures> floors;
    for (std::uint32_t round = 0; round < work_.rounds; ++round) {
      auto measured = node(work_.length);
      if (!measured) {
        return measured.error();
      }
      nodes.push_back(measured.value());
      if (floor_ == nullptr) {
        continue;
      }
      auto beside = floor_->measure(
          {.payload = result_.payload, .outstanding = result_.outstanding, .length = work_.length});
      if (!beside) {
        return beside.error();
      }
      floors.push_back(beside.value());
    }
    result_.node = median(std::move(nodes));
    if (floor_ != nullptr) {
      result_.floor = median(std::move(floors));
    }
    return result_;
  }

 private:
  Result<Figures> node(Duration length) {
    const auto done = trio_.load(std::to_string(result_.payload) + " " +
                                 std::to_string(result_.outstanding) + " 1000000000000 " +
                                 std::to_string(length.count()) + " " + std::to_string(kKeys));
    return done ? Result<Figures>{done.value().figures} : Result<Figures>{done.error()};
  }

  Trio& trio_;
  Floor* floor_;
  const NodeWork& work_;
  NodeResult result_;
};

Result<std::unique_ptr<Trio>> start_trio(const Setting& setting) {
  auto trio = Trio::make({.parent = setting.directory, .interrupted = setting.interrupted});
  if (!trio) {
    return trio.error();
  }
  if (const auto started = trio.value()->start_all(); !started) {
    return started.error();
  }
  if (const auto created = trio.value()->create(1, 1); !created) {
    return created.error();
  }
  return trio;
}

// Enough for the log to go round: from then on it overwrites segments that were written before, as
// the floor does from the first.
Result<void> fill_log(const Setting& setting, Trio& trio) {
  constexpr std::uint64_t kPayload = 4096;
  constexpr std::uint64_t kParts = 10;
  constexpr std::uint64_t kBytes = std::uint64_t{6} * (64U << 20U);
  for (std::uint64_t part = 0; part < kParts; ++part) {
    setting.progress("filling the log", part, kParts);
    const auto done =
        trio.load(std::to_string(kPayload) + " 100 " + std::to_string(kBytes / kPayload / kParts) +
                  " 60000000 " + std::to_string(kKeys));
    if (!done) {
      return done.error();
    }
  }
  return {};
}

}  // namespace

std::string json(const NodeResult& result) {
  JsonLine line;
  line.add("work", "node")
      .add("payload", std::uint64_t{result.payload})
      .add("outstanding", std::uint64_t{result.outstanding})
      .add("rate", result.node.rate)
      .add("p50_us", result.node.p50_us)
      .add("p99_us", result.node.p99_us)
      .add("p999_us", result.node.p999_us)
      .add("cpu_us_per_op", result.node.cpu_us_per_op)
      .add("ops_per_fsync", result.node.ops_per_fsync);
  if (result.floor) {
    line.add("floor_rate", result.floor->rate)
        .add("floor_p50_us", result.floor->p50_us)
        .add("floor_p99_us", result.floor->p99_us)
        .add("floor_p999_us", result.floor->p999_us)
        .add("floor_cpu_us_per_op", result.floor->cpu_us_per_op)
        .add("floor_ops_per_fsync", result.floor->ops_per_fsync);
  }
  return line.text();
}

Result<void> bench_node(const Setting& setting, const NodeWork& work,
                        const std::function<void(const NodeResult&)>& each) {
  auto trio = start_trio(setting);
  if (!trio) {
    return trio.error();
  }
  if (const auto filled = fill_log(setting, *trio.value()); !filled) {
    return filled.error();
  }
  std::unique_ptr<Floor> floor;
  if (work.floor) {
    auto opened = Floor::open(trio.value()->directory());
    if (!opened) {
      return opened.error();
    }
    floor = std::move(opened.value());
  }
  const std::size_t all = work.payloads.size() * work.outstanding.size();
  std::size_t done = 0;
  for (const std::uint32_t payload : work.payloads) {
    for (const std::uint32_t outstanding : work.outstanding) {
      setting.progress(
          std::to_string(payload) + " B, " + std::to_string(outstanding) + " outstanding", done++,
          all);
      auto result =
          Cell{*trio.value(), floor.get(), work, {.payload = payload, .outstanding = outstanding}}
              .run();
      if (!result) {
        return result.error();
      }
      each(result.value());
    }
  }
  return {};
}

}  // namespace quorate::bench
