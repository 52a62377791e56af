// Machine: a computer of the simulated world, and the one process that runs on it. It has a clock,
// a disk and a place in the network of its own; the process sees them as its env::Env.
//
//   machine.run([&](env::Env& env) { return std::make_unique<MyNode>(env, ...); });
//   machine.start();
//   world.run_for(1s);
//   machine.crash(Survival::kAny);
//   machine.start();                     // another process, on what the disk still holds
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "env/env.h"
#include "sim/env/clock.h"
#include "sim/env/disk.h"
#include "sim/env/engine.h"
#include "sim/env/strand.h"

namespace quorate::simenv {

class Network;

// What runs on a machine: it owns the node, the lanes, everything. Made and destroyed on the
// process's main thread, which file calls keep waiting like any other; its end is orderly if the
// machine was told to stop. In a crash it is destroyed as well, but then nothing that it does has
// an effect: file calls fail, streams are mute, nothing waits.
class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  virtual ~Program() = default;
};

class Machine final : public DiskHost {
 public:
  // Nothing: it refuses to run (and the factory knows why).
  using Factory = std::function<std::unique_ptr<Program>(env::Env&)>;

  Machine(Engine& engine, Network& network, std::string name, std::size_t index,
          std::uint64_t seed);
  // As in a crash.
  ~Machine() override;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t index() const { return index_; }
  SimulatedDisk& disk() { return disk_; }
  [[nodiscard]] const SimulatedDisk& disk() const { return disk_; }

  // ---- The process. None of these from within it.

  // What start() starts, from now on.
  void run(Factory factory) { factory_ = std::move(factory); }
  // Power on, if it was off, and a new process. The factory is called at once, but may not be done
  // when this returns.
  void start();
  // An orderly end, which may take time: see down().
  void stop();
  // Power loss, this instant; the others hear nothing of it. `survival`: what the disk keeps.
  void crash(Survival survival = Survival::kAny);
  // The process dies (kill -9, out of memory); the system closes its connections, and the disk
  // loses nothing.
  void kill();
  // Nothing runs (SIGSTOP), until resume(); time goes on, and what comes over the network lies
  // there.
  void pause();
  void resume();
  [[nodiscard]] bool paused() const { return paused_; }
  // The process runs, all of it.
  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  // There is no process.
  [[nodiscard]] bool down() const { return state_ == State::kDown; }
  // Down without power: it answers nobody.
  [[nodiscard]] bool powered() const { return powered_; }
  // While it is up.
  [[nodiscard]] Program* program() const { return up() ? program_.get() : nullptr; }
  // How often it was started.
  [[nodiscard]] std::uint64_t starts() const { return starts_; }

  // ---- Its disk and its clock

  // File calls do not return until it is over.
  void hang_disk(bool hung);
  // Of the disk; only when it is down.
  void wipe();
  // What a crash point (disk().crash_before(), crash_after()) leaves of what was not synced.
  void set_survival(Survival survival) { survival_ = survival; }
  // The crash point that was reached last.
  [[nodiscard]] const std::optional<PowerCut>& last_cut() const { return last_cut_; }
  [[nodiscard]] Instant now() const { return clock_.read(engine_.now()); }
  void jump_clock(Duration ahead);
  void drift_clock(std::int64_t ppm);

  // ---- For what belongs to it

  Engine& engine() const { return engine_; }
  Network& network() const { return network_; }
  // Grows with each death.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] Instant world_time(Instant local) const { return clock_.when(local); }
  Random& random() { return random_; }
  void adopt(const std::shared_ptr<Strand>& strand);
  // True if it keeps this until it goes on.
  bool holds(Strand& strand, std::uint32_t what, bool file_call);
  // An exception left the work: the process is dead.
  void violated(const Strand& strand, const std::string& what);
  void busy(Duration duration) override;
  bool power_cut(const PowerCut& cut) override;

 private:
  class Main;
  class View;
  enum class State : std::uint8_t { kDown, kStarting, kUp, kStopping };
  using Held = std::vector<std::pair<std::shared_ptr<Strand>, std::uint32_t>>;

  void construct();
  void constructed();
  void destroy();
  void destroyed();
  void die(bool power_loss, Survival survival);
  void bury(bool power_loss, Survival survival);
  void release(Held& held);
  void clock_changed();

  Engine& engine_;
  Network& network_;
  std::string name_;
  std::size_t index_;
  Random random_;
  SimulatedDisk disk_;
  Clock clock_;
  Survival survival_ = Survival::kAny;
  Factory factory_;
  State state_ = State::kDown;
  bool powered_ = false;
  bool paused_ = false;
  bool disk_hung_ = false;
  std::uint64_t life_ = 1;
  std::uint64_t starts_ = 0;
  std::optional<PowerCut> last_cut_;
  Held held_;                                   // while paused
  Held disk_held_;                              // while the disk hangs
  std::vector<std::weak_ptr<Strand>> strands_;  // of this life; the main one first
  std::shared_ptr<Main> main_;
  std::unique_ptr<View> env_;
  std::unique_ptr<Program> program_;
};

}  // namespace quorate::simenv
