// Strand: a thread of a simulated machine. It does one thing after another, each on a fiber, and is
// kept waiting by file calls. Its machine's death ends it wherever it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "sim/env/engine.h"
#include "sim/env/fiber.h"

namespace quorate::simenv {

class Machine;

class Strand : public Target, public std::enable_shared_from_this<Strand> {
 public:
  // More calls to the world than this within one piece of work are taken for a loop without end.
  static constexpr std::uint32_t kMostCalls = 1'000'000;

  Strand(Machine& machine, std::string name);

  [[nodiscard]] Machine& machine() const { return machine_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Something is under way, waiting unless it runs just now.
  [[nodiscard]] bool busy() const { return fiber_ != nullptr; }
  // The process to which it belongs lives.
  [[nodiscard]] bool alive() const;
  [[nodiscard]] bool runs_now() const;

  // ---- From outside

  // Its machine is dead: what is under way is left by way of PowerCut.
  void unwind();
  void happen(std::uint32_t what) override;
  // The machine's clock does not go as it did.
  virtual void clock_changed() {}

  // ---- From its own work

  // A file call: so long, or longer where the disk hangs. Throws PowerCut when the machine died
  // meanwhile.
  void spend(Duration duration);
  // Until wake_up() of the strand, or the end of the machine.
  void wait();
  void wake_up();
  // Counts a call to the world; throws AssertionFailed when there are too many.
  void count_call();
  // PowerCut may be thrown through what runs now.
  [[nodiscard]] virtual bool may_throw() const { return true; }

 protected:
  // Begins body(), and returns when it is done or waits.
  void run();
  virtual void body() = 0;
  // Body is done; called outside of it, if the machine lives.
  virtual void ended() = 0;
  // Things that happen to it, but for its going on.
  virtual void happen_here(std::uint32_t what) = 0;
  [[nodiscard]] Engine& engine() const;

 private:
  static constexpr std::uint32_t kGoOn = ~std::uint32_t{0};

  void go_on();
  void guarded_body();
  void pause();

  Machine& machine_;
  std::string name_;
  std::uint64_t life_;
  std::unique_ptr<Fiber> fiber_;
  bool in_file_call_ = false;
  std::uint32_t calls_ = 0;
};

}  // namespace quorate::simenv
