// The core alone: time, instructions (under callgrind, by scripts/dev/bench) and heap allocations
// of one proposal from propose to commit over three cores, of an append of 64 entries, and the
// bytes of an idle member.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "three_cores.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Not inlined: a compiler that looks through the pair takes malloc's memory given to free for a
// mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace quorate::bench {
namespace {

constexpr int kWarmUp = 5000;
constexpr int kBetweenCompactions = 1000;

// Rings and vectors have found their size after a while; what is measured is the steady state.
void warm_up(ThreeCores& cores, const Bytes& payload) {
  for (int i = 0; i < kWarmUp; ++i) {
    cores.commit_quietly(payload);
  }
  cores.compact();
}

void commit_one(benchmark::State& state) {
  ThreeCores cores;
  const Bytes payload = Bytes::copy_of(std::string_view{std::string(256, 'x')});
  warm_up(cores, payload);
  const std::uint64_t before = allocations;
  for ([[maybe_unused]] auto _ : state) {
    cores.commit_one(payload);
  }
  state.counters["allocations/op"] =
      static_cast<double>(allocations - before) / static_cast<double>(state.iterations());
}
BENCHMARK(commit_one);

void commit_64_at_once(benchmark::State& state) {
  ThreeCores cores;
  const Bytes payload = Bytes::copy_of(std::string_view{std::string(256, 'x')});
  warm_up(cores, payload);
  const std::uint64_t before = allocations;
  for ([[maybe_unused]] auto _ : state) {
    cores.commit_many(payload, 64);
  }
  state.SetItemsProcessed(state.iterations() * 64);
  state.counters["allocations/batch"] =
      static_cast<double>(allocations - before) / static_cast<double>(state.iterations());
}
BENCHMARK(commit_64_at_once);

void idle_member(benchmark::State& state) {
  const ThreeCores cores;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(cores.node(1).memory());
  }
  state.counters["follower_bytes"] = static_cast<double>(cores.node(1).memory());
  state.counters["leader_bytes"] = static_cast<double>(cores.node(0).memory());
}
BENCHMARK(idle_member);

// For counting instructions: `bench_core count WORK N` does the work N times. Run under
// callgrind as scripts/dev/bench does, only the core's own instructions of that are collected.
int count(const std::string& work, int times) {
  ThreeCores cores;
  const Bytes payload = Bytes::copy_of(std::string_view{std::string(256, 'x')});
  warm_up(cores, payload);
  if (work == "all") {
    cores.count_all();
  }
  for (int i = 0; i < times; ++i) {
    if (work == "append64") {
      cores.commit_many(payload, 64);
    } else {
      cores.commit_one(payload);
    }
    if (i % kBetweenCompactions == 0) {
      cores.compact();
    }
  }
  return 0;
}

}  // namespace
}  // namespace quorate::bench

int main(int argc, char** argv) {
  if (argc == 4 && std::string{argv[1]} == "count") {
    return quorate::bench::count(argv[2], std::atoi(argv[3]));
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
