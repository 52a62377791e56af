#include "sim/simulation_profile.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSpares = 4;  // nodes that wait to be added, on top of the first voters

void draw_timings(Options& options, Random& random) {
  if (random.one_in(2)) {
    return;  // the defaults
  }
  const Duration t = milliseconds{random.between(100, 400)};
  options.election_timeout = t;
  options.election_jitter = random.between(t, 2 * t);
  options.heartbeat_interval = t / static_cast<Duration::rep>(random.between(3, 8));
  options.resend_timeout = random.between(t / 2, 2 * t);
  options.persist_timeout = random.between(t, 4 * t);
  options.read_timeout = random.between(t, 3 * t);
  options.transfer_timeout = random.between(t / 2, 2 * t);
  options.gather = t.count() % 3 == 0 ? Duration{milliseconds{2}} : Duration{0};
}

void draw_features(Options& options, Random& random) {
  options.pre_vote = !random.one_in(6);
  options.check_quorum = !random.one_in(10);
  options.empty_entry = !random.one_in(10);
  switch (random.below(8)) {
    case 0:
    case 1:
      options.lease_reads = true;
      options.check_quorum = true;
      break;
    case 2:
      options.quiesce_after = milliseconds{random.between(200, 1000)};
      options.pre_vote = options.check_quorum = true;
      break;
    default:
      break;
  }
}

// Small numbers bring every edge close.
void draw_limits(Options& options, Random& random) {
  const auto sometimes = [&random](auto& limit, std::uint64_t low, std::uint64_t high) {
    if (random.one_in(4)) {
      limit = static_cast<std::remove_reference_t<decltype(limit)>>(random.between(low, high));
    }
  };
  sometimes(options.max_append_bytes, 1, 400);
  sometimes(options.max_inflight_messages, 1, 4);
  sometimes(options.max_inflight_bytes, 100, 2000);
  sometimes(options.max_uncommitted_bytes, 500, 5000);
  sometimes(options.max_apply_bytes, 1, 400);
  sometimes(options.log_window_bytes, 1, 3000);
  sometimes(options.max_pending_reads, 1, 8);
  options.compaction_tail = random.one_in(2) ? random.between(0, 20) : random.between(20, 500);
}

Climate draw_climate(const Options& options, Random& random) {
  Climate climate;
  climate.link.shortest = Duration{random.between(50, 500)};
  climate.link.longest = climate.link.shortest + Duration{random.between(0, 3000)};
  if (random.one_in(4)) {
    climate.link.loss = static_cast<std::uint32_t>(random.between(1, 20));
    climate.link.duplication = static_cast<std::uint32_t>(random.between(0, 20));
    climate.link.reordering = static_cast<std::uint32_t>(random.between(0, 200));
  }
  climate.write.shortest = Duration{random.between(20, 500)};
  climate.write.longest = climate.write.shortest + Duration{random.between(0, 2000)};
  climate.write.one_in = random.one_in(2) ? 500 : 0;
  climate.apply = {.shortest = Duration{20}, .longest = Duration{2000}, .one_in = 200};
  climate.read = {.shortest = Duration{50}, .longest = Duration{1500}, .one_in = 50};
  climate.transfer = {
      .shortest = Duration{1000}, .longest = milliseconds{200}, .one_in = 10, .spike = 10};
  // Where every entry is read back one by one, a few errors leave no room for work.
  const bool reads_all = options.log_window_bytes < 5000 && options.max_apply_bytes < 1000;
  climate.read_errors = random.one_in(2) ? (reads_all ? 10 : 100) : 0;
  climate.offset = seconds{3600};
  // Two clocks may drift apart by `lease_drift_permille`; one of them by just under half of it.
  climate.drift_ppm =
      random.one_in(3) ? static_cast<std::int64_t>(options.lease_drift_permille) * 1000 * 45 / 100
                       : 100;
  return climate;
}

FaultPlan draw_faults(const Options& options, const Climate& climate, Random& random) {
  FaultPlan plan;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    plan.known.set(i, random.one_in(2));
  }
  plan.known.set(static_cast<std::size_t>(random.below(kFaultCount)));
  const auto jump = static_cast<std::size_t>(Fault::kClockJump);
  if (options.lease_reads) {
    plan.known.reset(jump);  // a leap is beyond every stated drift
  }
  plan.gap = milliseconds{random.one_in(3) ? 1500 : random.between(2000, 6000)};
  plan.longest = milliseconds{random.between(500, 3000)};
  plan.leap = random.one_in(2) ? Duration{seconds{3600}} : Duration{seconds{1}};
  plan.usual = climate.link;
  return plan;
}

WorkloadPlan draw_workload(const Options& options, std::uint32_t per_second, Random& random) {
  WorkloadPlan plan;
  plan.interval = Duration{1'000'000} / std::max(per_second, 1U);
  plan.burst = random.one_in(4) ? static_cast<std::uint32_t>(random.between(2, 20)) : 1;
  plan.reads = static_cast<std::uint32_t>(random.between(200, 700));
  plan.lease = options.lease_reads ? 700 : 0;
  plan.lost_answers = random.one_in(2) ? 3 : 0;
  plan.payload = static_cast<std::uint32_t>(random.one_in(4) ? 300 : 24);
  plan.idle = options.quiesce_after > Duration{0} ? options.quiesce_after * 4 : Duration{0};
  return plan;
}

}  // namespace

Profile draw_profile(std::uint64_t seed, std::uint32_t nodes, std::uint32_t operations_per_second) {
  Random random{seed ^ 0x70726f66696c65U};
  Profile profile;
  Options& options = profile.setup.options;
  const std::uint64_t voters = nodes != 0 ? nodes : random.between(3, 5);
  for (std::uint64_t id = 1; id <= voters + kSpares; ++id) {
    profile.setup.nodes.emplace_back(id);
    if (id <= voters) {
      profile.setup.bootstrap.voters.emplace_back(id);
    }
  }
  options.id = NodeId{1};
  options.seed = random.next() >> 8U;
  draw_timings(options, random);
  draw_features(options, random);
  draw_limits(options, random);
  options.snapshot_timeout = 4 * options.election_timeout;
  profile.setup.instant_disk = false;
  profile.setup.instant_apply = !random.one_in(3);
  profile.setup.durable_machine = random.one_in(2);
  profile.climate = draw_climate(options, random);
  profile.faults = draw_faults(options, profile.climate, random);
  profile.workload = draw_workload(options, operations_per_second, random);
  const Result<void> valid = options.validate();
  QUORATE_ASSERT(valid.ok(), valid.error().message);
  return profile;
}

Duration longest_election_timeout(const Options& options) {
  return options.election_timeout + options.election_jitter;
}

}  // namespace quorate::sim
