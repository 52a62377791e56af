#include "sim/env/strand.h"

#include <exception>
#include <utility>

#include "base/assert.h"
#include "sim/env/machine.h"

namespace quorate::simenv {

Strand::Strand(Machine& machine, std::string name)
    : machine_(machine), name_(std::move(name)), life_(machine.life()) {}

bool Strand::alive() const { return machine_.life() == life_; }

bool Strand::runs_now() const { return engine().running == this; }

Engine& Strand::engine() const { return machine_.engine(); }

void Strand::run() {
  QUORATE_ASSERT(!busy());
  calls_ = 0;
  fiber_ = engine().take_fiber();
  fiber_->start([this] { guarded_body(); });
  go_on();
}

void Strand::go_on() {
  const auto self = shared_from_this();  // What runs may let go of it.
  Strand* const outer = std::exchange(engine().running, this);
  fiber_->resume();
  engine().running = outer;
  if (fiber_->idle()) {
    engine().give_back(std::move(fiber_));
    if (alive()) {
      ended();
    }
  }
  if (outer == nullptr) {
    engine().settle();
  }
}

void Strand::guarded_body() {
  try {
    body();
  } catch (const PowerCut&) {
    // The machine is dead; so ends its work.
  } catch (const std::exception& failure) {
    machine_.violated(*this, failure.what());
  } catch (...) {
    machine_.violated(*this, "an exception of unknown kind");
  }
}

void Strand::pause() { fiber_->pause(); }

void Strand::unwind() {
  QUORATE_ASSERT(!alive());
  if (busy() && !runs_now()) {
    go_on();
    QUORATE_ASSERT(!busy(), name_ + " goes on after its machine died");
  }
}

void Strand::spend(Duration duration) {
  count_call();
  in_file_call_ = true;
  engine().schedule(engine().now() + duration, shared_from_this(), kGoOn);
  pause();
  in_file_call_ = false;
  if (!alive() && may_throw() && std::uncaught_exceptions() == 0) {
    throw PowerCut{};
  }
}

void Strand::wait() { pause(); }

void Strand::wake_up() { engine().schedule(engine().now(), shared_from_this(), kGoOn); }

void Strand::happen(std::uint32_t what) {
  if (!alive() || machine_.holds(*this, what, what == kGoOn && in_file_call_)) {
    return;
  }
  if (what == kGoOn) {
    go_on();
  } else {
    happen_here(what);
  }
}

void Strand::count_call() {
  if (++calls_ > kMostCalls) {
    calls_ = 0;
    throw AssertionFailed{machine_.name() + "/" + name_ + " never yields: more than " +
                          std::to_string(kMostCalls) + " calls in one piece of work"};
  }
}

}  // namespace quorate::simenv
