// World: machines, the network between them and one time for all, under which the real log, runtime
// and wire code runs. Everything that is left to chance is drawn from one seed, and the same seed
// gives the same run, bit for bit.
//
//   World world{seed};
//   Machine& a = world.add("n1");
//   Machine& b = world.add("n2");
//   a.run(...); b.run(...); a.start(); b.start();
//   world.after(1s, [&] { world.network().cut(a, b); });
//   EXPECT_TRUE(world.run_until([&] { return agreed(); }, 10s));
//   EXPECT_TRUE(world.violations().empty());
//
// All of it is one thread. What a test does between events (wake a lane, put a letter into its
// mailbox, crash a machine) happens at that moment and takes no time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "sim/env/engine.h"
#include "sim/env/machine.h"
#include "sim/env/network.h"

namespace quorate::simenv {

class World {
 public:
  explicit World(std::uint64_t seed);
  // All machines lose power.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // A machine with an empty disk, found by its name in the network. Its clock starts somewhere in
  // its first hour.
  Machine& add(const std::string& name);
  [[nodiscard]] const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }
  Network& network() { return network_; }

  // By no machine's clock.
  [[nodiscard]] Instant now() const { return engine_.now(); }
  void run_until(Instant end);
  void run_for(Duration time) { run_until(now() + time); }
  // Until the condition holds, which is looked at after each thing that happens; false when it does
  // not within the limit.
  bool run_until(const std::function<bool()>& condition, Duration limit);
  // Something that the test or a fault does then.
  void at(Instant when, std::function<void()> what);
  void after(Duration time, std::function<void()> what) { at(now() + time, std::move(what)); }

  // For whoever drives the world: faults, workloads. Drawing from it changes nothing else.
  Random& random() { return random_; }
  // Stands for everything that happened: turns, file calls, pieces of streams, crashes.
  [[nodiscard]] std::uint64_t hash() const;
  // What the programs did that they must not: the first one tells why a run means nothing.
  [[nodiscard]] const std::vector<Violation>& violations() const { return engine_.violations; }

 private:
  std::uint64_t seed_;
  Engine engine_;
  Random random_;
  Network network_;
  std::vector<std::unique_ptr<Machine>> machines_;
};

}  // namespace quorate::simenv
