#include "sim/env/world.h"

#include <utility>

#include "base/assert.h"

namespace quorate::simenv {

namespace {

constexpr std::uint64_t kHour = 3'600'000'000U;

class Scheduled final : public Target {
 public:
  explicit Scheduled(std::function<void()> what) : what_(std::move(what)) {}
  void happen(std::uint32_t /*what*/) override { what_(); }

 private:
  std::function<void()> what_;
};

}  // namespace

World::World(std::uint64_t seed)
    : seed_(seed), engine_(seed), random_(seed), network_(engine_, seed) {}

World::~World() {
  for (const auto& machine : machines_) {
    machine->crash(Survival::kNone);
  }
}

Machine& World::add(const std::string& name) {
  const std::size_t index = machines_.size();
  Random random{seed_ * 0x9e3779b97f4a7c15U + 1000 + index};
  machines_.push_back(std::make_unique<Machine>(engine_, network_, name, index, random.next()));
  Machine& machine = *machines_.back();
  machine.jump_clock(Duration{static_cast<Duration::rep>(random.below(kHour))});
  network_.add_name(name, machine);
  return machine;
}

void World::run_until(Instant end) {
  while (engine_.step(end)) {
  }
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now() + limit;
  while (!condition()) {
    if (!engine_.step(end)) {
      return condition();
    }
  }
  return true;
}

void World::at(Instant when, std::function<void()> what) {
  engine_.schedule(when, std::make_shared<Scheduled>(std::move(what)), 0);
}

std::uint64_t World::hash() const {
  Fingerprint all = engine_.hash;
  for (const auto& machine : machines_) {
    all.add(machine->disk().hash());
  }
  return all.value();
}

}  // namespace quorate::simenv
