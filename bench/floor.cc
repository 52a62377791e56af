// The floor on its own: what disk and loopback alone cost, for a look at one setting. `quorate
// bench node` measures it beside the real thing.
#include "bench/floor.h"

#include <cstdio>
#include <cstdlib>

// bench_floor OUTSTANDING TOTAL [PAYLOAD]: in the current folder.
int main(int count, char** arguments) {
  using namespace quorate::bench;
  if (count != 3 && count != 4) {
    std::fputs("usage: bench_floor OUTSTANDING TOTAL [PAYLOAD]\n", stderr);
    return 2;
  }
  FloorWork work;
  work.outstanding = static_cast<std::uint32_t>(std::strtoul(arguments[1], nullptr, 10));
  work.total = std::strtoull(arguments[2], nullptr, 10);
  if (count == 4) {
    work.payload = static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 10));
  }
  if (work.outstanding == 0 || work.total == 0) {
    std::fputs("bench_floor: OUTSTANDING and TOTAL are numbers, 1 or more\n", stderr);
    return 2;
  }
  auto floor = Floor::open(".");
  const auto figures =
      floor ? floor.value()->measure(work) : quorate::Result<Figures>{floor.error()};
  if (!figures) {
    std::fprintf(stderr, "bench_floor: %s\n", figures.error().message.c_str());
    return 1;
  }
  std::printf(
      "%u outstanding: %.0f ops/s, p50 %.0f us, p99 %.0f us, p99.9 %.0f us, %.2f us CPU/op, "
      "%.1f ops/fsync\n",
      work.outstanding, figures.value().rate, figures.value().p50_us, figures.value().p99_us,
      figures.value().p999_us, figures.value().cpu_us_per_op, figures.value().ops_per_fsync);
  return 0;
}
