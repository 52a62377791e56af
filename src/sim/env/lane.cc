#include "sim/env/lane.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/env/latency.h"
#include "sim/env/machine.h"
#include "sim/env/network.h"

namespace quorate::simenv {

namespace {

// From a wake to the turn; now and then something else had the processor.
constexpr Latency kDelay{Duration{1}, Duration{20}, 500, 50};
constexpr Duration kPast{10};  // An alarm that is nearer than this might as well be past.
constexpr std::size_t kLongestName = 15;

class SimulatedLane final : public env::Lane {
 public:
  explicit SimulatedLane(std::shared_ptr<LaneStrand> strand) : strand_(std::move(strand)) {}
  ~SimulatedLane() override { end(); }

  void end() override {
    if (!std::exchange(ended_, true)) {
      strand_->end();
      strand_->machine().network().lane_ended(*strand_);
    }
  }
  void wake() override { strand_->wake(); }
  void alarm(Instant at) override {
    check();
    strand_->alarm(at);
  }
  std::unique_ptr<env::Stream> connect(const env::Address& to) override {
    check();
    return strand_->machine().network().connect(strand_, to);
  }
  Result<std::unique_ptr<env::Listener>> listen(const env::Address& at, Accept accept) override {
    check();
    return strand_->machine().network().listen(strand_, at, std::move(accept));
  }

 private:
  void check() const {
    QUORATE_ASSERT(strand_->runs_now() || !strand_->alive(),
                   strand_->name() + ": called from outside of its own work");
    if (strand_->alive()) {
      strand_->count_call();
    }
  }

  std::shared_ptr<LaneStrand> strand_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<env::Lane> start_lane(Machine& machine, const std::string& name,
                                      env::Lane::Work work) {
  QUORATE_ASSERT(name.size() <= kLongestName, name);
  auto strand = std::make_shared<LaneStrand>(machine, name, std::move(work));
  machine.adopt(strand);
  return std::make_unique<SimulatedLane>(std::move(strand));
}

LaneStrand::LaneStrand(Machine& machine, std::string name, env::Lane::Work work)
    : Strand(machine, std::move(name)), work_(std::move(work)) {}

// ---- What begins a turn

void LaneStrand::wake() {
  if (!open()) {
    return;
  }
  if (Strand* running = engine().running; running != nullptr && running->alive()) {
    running->count_call();
  }
  woken_ = true;
  schedule_turn();
}

void LaneStrand::add_ready(std::shared_ptr<Ready> ready) {
  if (open()) {
    ready_.push_back(std::move(ready));
    schedule_turn();
  }
}

void LaneStrand::alarm(Instant at) {
  alarm_ = at;
  alarm_in_the_past_ = at <= machine().now() + kPast;
  schedule_alarm();
}

void LaneStrand::clock_changed() { schedule_alarm(); }

// An alarm that is put off leaves the earlier one in the queue, which then does nothing: most
// alarms are put off again and again.
void LaneStrand::schedule_alarm() {
  const Instant at = alarm_ == kNever ? kNever : machine().world_time(alarm_);
  if (open() && at < alarm_scheduled_) {
    alarm_scheduled_ = std::max(at, engine().now());
    engine().schedule(at, shared_from_this(), kAlarm);
  }
}

bool LaneStrand::due() const { return alarm_ != kNever && alarm_ <= machine().now(); }

void LaneStrand::schedule_turn() {
  if (!turn_scheduled_ && !busy()) {
    turn_scheduled_ = true;
    engine().schedule(engine().now() + kDelay.draw(engine().scheduling), shared_from_this(), kTurn);
  }
}

void LaneStrand::happen_here(std::uint32_t what) {
  if (!open()) {
    return;
  }
  if (what == kTurn) {
    turn_scheduled_ = false;
    engine().hash.add(machine().index() + 1);
    engine().hash.add(name());
    engine().hash.add(static_cast<std::uint64_t>(micros(engine().now())));
    run();
    return;
  }
  if (engine().now() >= alarm_scheduled_) {
    alarm_scheduled_ = kNever;
  }
  if (due()) {
    schedule_turn();
  } else {
    schedule_alarm();
  }
}

// ---- The turn

void LaneStrand::body() {
  const bool due = this->due();
  check_spinning(due && !woken_ && ready_.empty());
  if (!ready_.empty() && (woken_ || due) && engine().scheduling.one_in(2)) {
    attend();
    work(due);
  } else {
    work(due);
    attend();
  }
  while (!at_turn_end_.empty() && open()) {
    std::swap(attending_, at_turn_end_);
    for (const auto& ready : attending_) {
      count_call();
      ready->turn_ended();
    }
    attending_.clear();
  }
}

void LaneStrand::work(bool due) {
  if (due) {
    alarm_ = kNever;
  }
  if (std::exchange(woken_, false) || due) {
    work_();
  }
}

void LaneStrand::attend() {
  std::swap(attending_, ready_);
  for (const auto& ready : attending_) {
    count_call();
    ready->attend();
  }
  attending_.clear();
}

void LaneStrand::ended() {
  attending_.clear();
  if (const auto waiting = std::exchange(waits_for_end_, nullptr)) {
    waiting->wake_up();
  }
  if (open() && (woken_ || !ready_.empty() || due())) {
    schedule_turn();
  }
}

void LaneStrand::check_spinning(bool only_alarm) {
  alarms_in_a_row_ = only_alarm && alarm_in_the_past_ ? alarms_in_a_row_ + 1 : 0;
  if (alarms_in_a_row_ > kMostAlarms) {
    throw AssertionFailed{machine().name() + "/" + name() +
                          " spins: its alarm is always in the past"};
  }
}

void LaneStrand::end() {
  ended_ = true;
  QUORATE_ASSERT(!runs_now(), name() + ": a lane is not destroyed from within its own work");
  if (busy() && alive()) {
    Strand* running = engine().running;
    QUORATE_ASSERT(running != nullptr, name() + ": destroyed from outside while it works");
    waits_for_end_ = running->shared_from_this();
    running->wait();
  }
  if (busy()) {
    unwind();
  }
  ready_.clear();
  attending_.clear();
  at_turn_end_.clear();
  work_ = nullptr;
}

}  // namespace quorate::simenv
