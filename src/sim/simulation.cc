#include "sim/simulation.h"

#include <algorithm>
#include <utility>

#include "sim/simulation_judge.h"
#include "sim/simulation_operator.h"
#include "sim/simulation_profile.h"

namespace quorate::sim {

namespace {

constexpr double kLeastSuccess = 0.3;
constexpr std::uint64_t kJudgedFrom = 200;  // operations; fewer say nothing about progress

// The parts of one run, and what happens between them.
class Run {
 public:
  Run(const RunOptions& options, Profile profile)
      : options_(options),
        profile_(std::move(profile)),
        world_(profile_.setup, profile_.climate, options.seed),
        faults_(profile_.faults),
        workload_(profile_.workload),
        operator_(draw_operator(world_.random())) {}

  RunResult play();

 private:
  void live_until(Instant until);
  void dispatch(const Alarm& alarm);
  void look_around();
  [[nodiscard]] bool over() const { return world_.violated() || workload_.violation().has_value(); }
  void judge(RunResult& result);
  void demand_liveness(RunResult& result);
  void tally(RunResult& result) const;

  const RunOptions& options_;
  Profile profile_;
  World world_;
  Faults faults_;
  Workload workload_;
  Operator operator_;
  Duration convergence_{0};
  std::vector<NodeId> touched_;
};

RunResult Run::play() {
  if (options_.record) {
    world_.record();
  }
  if (options_.trace) {
    world_.stage().trace_to(options_.trace, options_.trace_format);
  }
  faults_.start(world_);
  workload_.start(world_);
  operator_.start(world_);
  live_until(Instant{} + options_.length);

  RunResult result;
  result.seed = options_.seed;
  result.nodes = static_cast<std::uint32_t>(profile_.setup.bootstrap.voters.size());
  if (!over()) {
    demand_liveness(result);
  }
  judge(result);
  tally(result);
  result.setup = profile_.setup;
  result.steps = world_.take_steps();
  return result;
}

void Run::live_until(Instant until) {
  Alarm alarm;
  look_around();
  while (!over()) {
    const World::Went went = world_.next(until, alarm);
    if (went == World::Went::kIdle) {
      return;
    }
    if (went == World::Went::kAlarm) {
      dispatch(alarm);
    }
    look_around();
  }
}

void Run::dispatch(const Alarm& alarm) {
  switch (alarm.duty) {
    case Faults::kDuty:
      faults_.on_alarm(world_, alarm);
      break;
    case Workload::kDuty:
      workload_.on_alarm(world_, alarm);
      break;
    case Operator::kDuty:
      operator_.on_alarm(world_, alarm);
      break;
    default:
      break;
  }
}

// Tells clients and operator what the last steps have changed; they may take more steps.
void Run::look_around() {
  for (world_.take_touched(touched_); !touched_.empty(); world_.take_touched(touched_)) {
    for (const Answered& answered : world_.stage().take_answers()) {
      workload_.on_answer(world_, answered);
    }
    for (const NodeId node : touched_) {
      workload_.on_touched(world_, node);
      operator_.on_touched(world_, node);
    }
  }
}

void Run::demand_liveness(RunResult& result) {
  faults_.stop();
  workload_.stop();
  operator_.stop();
  std::vector<NodeId> core = world_.stage().nodes();
  if (!options_.leave_broken) {
    core = choose_core(world_);
    heal(world_, core);
  }
  const Duration bound = liveness_bound(profile_.setup.options);
  const Instant healed = world_.now();
  std::optional<std::string> missing = "nothing was looked at";
  while (missing && world_.now() < healed + bound && !over()) {
    workload_.probe(world_);
    live_until(world_.now() + Duration{5000});
    missing =
        workload_.probe_succeeded() ? what_is_missing(world_.stage(), core) : "no write succeeds";
  }
  convergence_ = world_.now() - healed;
  if (missing && !over()) {
    result.outcome = Outcome::kNotLive;
    result.failure = to_text(bound) + " after the faults ended: " + *missing;
  }
}

void Run::judge(RunResult& result) {
  workload_.close();
  workload_.check_history();
  const Counters& counters = world_.stage().checker().counters();
  if (world_.violated()) {
    result.outcome = Outcome::kUnsafe;
    result.failure = *world_.stage().violation();
  } else if (workload_.violation()) {
    result.outcome = Outcome::kClient;
    result.failure = *workload_.violation();
  } else if (counters.lease_reads_stale > 0) {
    result.outcome = Outcome::kClient;
    result.failure = std::to_string(counters.lease_reads_stale) +
                     " lease reads were stale, and no clock broke its bound";
  } else if (result.outcome == Outcome::kPassed && workload_.counts().begun >= kJudgedFrom) {
    const WorkloadCounts& counts = workload_.counts();
    if (static_cast<double>(counts.succeeded) < kLeastSuccess * static_cast<double>(counts.begun)) {
      result.outcome = Outcome::kNoProgress;
      result.failure = "only " + std::to_string(counts.succeeded) + " of " +
                       std::to_string(counts.begun) + " operations succeeded";
    }
  }
}

void Run::tally(RunResult& result) const {
  result.tally.stage = world_.stage().checker().counters();
  result.tally.world = world_.counts();
  result.tally.clients = workload_.counts();
  result.tally.faults = faults_.begun();
  result.tally.changes = operator_.changes();
  result.tally.transfers = operator_.transfers();
  result.tally.sleeps = operator_.sleeps();
  result.tally.convergence = convergence_;
  result.tally.simulated = world_.now() - Instant{};
  Fingerprint hash;
  hash.add(world_.hash());
  hash.add(world_.stage().fingerprint());
  hash.add(workload_.counts().succeeded);
  hash.add(workload_.counts().unknown);
  hash.add(static_cast<std::uint64_t>(micros(world_.now())));
  result.hash = hash.value();
}

}  // namespace

const char* describe(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kUnsafe:
      return "unsafe";
    case Outcome::kClient:
      return "seen by a client";
    case Outcome::kNotLive:
      return "not live";
    case Outcome::kNoProgress:
      return "no progress";
    case Outcome::kNotTheSame:
      return "not deterministic";
  }
  return "?";
}

double RunResult::success_rate() const {
  const WorkloadCounts& clients = tally.clients;
  return clients.begun == 0
             ? 0.0
             : static_cast<double>(clients.succeeded) / static_cast<double>(clients.begun);
}

RunResult simulate(const RunOptions& options) {
  Profile profile = draw_profile(options.seed, options.nodes, options.operations_per_second);
  if (!options.faults) {
    profile.faults.known.reset();
  }
  if (options.plant) {
    options.plant(profile.setup);
  }
  if (options.lease_clients) {
    profile.workload.lease = 1000;
    profile.workload.at_any_node = 0;
    profile.climate.drift_ppm = 600'000;
    profile.faults.known.reset(static_cast<std::size_t>(Fault::kClockJump));
  }
  return Run{options, std::move(profile)}.play();
}

}  // namespace quorate::sim
