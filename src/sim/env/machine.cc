#include "sim/env/machine.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/env/lane.h"
#include "sim/env/network.h"

namespace quorate::simenv {

// The process's main thread: makes the program and destroys it.
class Machine::Main final : public Strand {
 public:
  explicit Main(Machine& machine) : Strand(machine, "main"), machine_(machine) {}

  void begin() { run(); }
  void end() {
    ending_ = true;
    run();
  }
  // Nothing may be thrown out of a destructor.
  [[nodiscard]] bool may_throw() const override { return !ending_; }

 private:
  void body() override { ending_ ? machine_.destroy() : machine_.construct(); }
  void ended() override { ending_ ? machine_.destroyed() : machine_.constructed(); }
  void happen_here(std::uint32_t /*what*/) override {}

  Machine& machine_;
  bool ending_ = false;
};

// The machine as its process sees it.
class Machine::View final : public env::Env {
 public:
  explicit View(Machine& machine) : machine_(machine) {}

  env::Files& files() override { return machine_.disk_.files(); }
  Instant now() override {
    count_call();
    return machine_.now();
  }
  std::uint64_t random() override { return machine_.random_.next(); }
  std::unique_ptr<env::Lane> start_lane(const std::string& name, env::Lane::Work work) override {
    return simenv::start_lane(machine_, name, std::move(work));
  }

 private:
  void count_call() {
    if (Strand* running = machine_.engine_.running; running != nullptr) {
      running->count_call();
    }
  }
  Machine& machine_;
};

Machine::Machine(Engine& engine, Network& network, std::string name, std::size_t index,
                 std::uint64_t seed)
    : engine_(engine),
      network_(network),
      name_(std::move(name)),
      index_(index),
      random_(seed * 0x9e3779b97f4a7c15U + 21),
      disk_(seed, this) {}

Machine::~Machine() {
  if (!down()) {
    die(true, Survival::kNone);
  }
}

// ---- Life and death

void Machine::start() {
  QUORATE_ASSERT(down(), name_ + " runs already");
  QUORATE_ASSERT(factory_ != nullptr, name_ + " has nothing to run");
  powered_ = true;
  state_ = State::kStarting;
  ++starts_;
  env_ = std::make_unique<View>(*this);
  main_ = std::make_shared<Main>(*this);
  strands_.assign(1, main_);
  main_->begin();
}

void Machine::construct() { program_ = factory_(*env_); }

void Machine::constructed() {
  if (program_ != nullptr) {
    state_ = State::kUp;
  } else {
    die(false, Survival::kAll);
  }
}

void Machine::stop() {
  QUORATE_ASSERT(up(), name_ + " does not run");
  state_ = State::kStopping;
  main_->end();
}

void Machine::destroy() { program_.reset(); }

void Machine::destroyed() { die(false, Survival::kAll); }

void Machine::crash(Survival survival) { die(true, survival); }

void Machine::kill() { die(false, Survival::kAll); }

bool Machine::power_cut(const PowerCut& cut) {
  const Strand* running = engine_.running;
  last_cut_ = cut;
  die(true, survival_);
  return running == nullptr || running->may_throw();
}

void Machine::violated(const Strand& strand, const std::string& what) {
  if (strand.alive()) {
    engine_.violations.push_back(Violation{engine_.now(), name_, strand.name(), what});
    die(false, Survival::kAll);
  }
}

// From this moment nothing that the process does has an effect; what is left of it is cleared away
// when the strand that runs just now has come to a halt.
void Machine::die(bool power_loss, Survival survival) {
  if (down()) {
    if (power_loss && powered_) {
      powered_ = false;
      disk_.crash(survival);
    }
    return;
  }
  state_ = State::kDown;
  ++life_;
  disk_.power_off();
  engine_.hash.add(index_);
  engine_.hash.add(static_cast<std::uint64_t>(engine_.now().time_since_epoch().count()));
  engine_.afterwards([this, power_loss, survival] { bury(power_loss, survival); });
}

void Machine::bury(bool power_loss, Survival survival) {
  if (power_loss) {
    powered_ = false;
    network_.vanish(*this);
  } else {
    network_.close_all(*this);
  }
  const auto strands = std::exchange(strands_, {});
  // The main thread last: it owns what the others work with.
  for (auto strand = strands.rbegin(); strand != strands.rend(); ++strand) {
    if (const auto one = strand->lock()) {
      one->unwind();
    }
  }
  program_.reset();
  env_.reset();
  main_.reset();
  held_.clear();
  disk_held_.clear();
  paused_ = false;
  if (power_loss) {
    disk_hung_ = false;
    disk_.crash(survival);
  } else {
    disk_.kill();
  }
}

void Machine::adopt(const std::shared_ptr<Strand>& strand) {
  if (strands_.size() == strands_.capacity()) {
    std::erase_if(strands_, [](const auto& one) { return one.expired(); });
  }
  strands_.push_back(strand);
}

// ---- Standing still

void Machine::pause() { paused_ = true; }

void Machine::resume() {
  paused_ = false;
  release(held_);
}

void Machine::hang_disk(bool hung) {
  disk_hung_ = hung;
  if (!hung) {
    release(disk_held_);
  }
}

bool Machine::holds(Strand& strand, std::uint32_t what, bool file_call) {
  if (file_call && disk_hung_) {
    disk_held_.emplace_back(strand.shared_from_this(), what);
    return true;
  }
  if (paused_) {
    held_.emplace_back(strand.shared_from_this(), what);
    return true;
  }
  return false;
}

void Machine::release(Held& held) {
  for (auto& [strand, what] : std::exchange(held, {})) {
    engine_.schedule(engine_.now(), std::move(strand), what);
  }
}

void Machine::busy(Duration duration) {
  Strand* running = engine_.running;
  if (running != nullptr && &running->machine() == this && running->alive()) {
    running->spend(duration);
  }
}

void Machine::wipe() {
  QUORATE_ASSERT(down(), name_ + " runs");
  disk_.wipe();
}

// ---- The clock

void Machine::jump_clock(Duration ahead) {
  clock_.jump(engine_.now(), ahead);
  clock_changed();
}

void Machine::drift_clock(std::int64_t ppm) {
  clock_.drift(engine_.now(), ppm);
  clock_changed();
}

void Machine::clock_changed() {
  for (const auto& strand : strands_) {
    if (const auto one = strand.lock()) {
      one->clock_changed();
    }
  }
}

}  // namespace quorate::simenv
