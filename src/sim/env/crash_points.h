// Crash points: a script is run again and again, each time from the beginning and with a crash at
// another operation of its disk, before it or after it; then comes recovery, and a check. And with
// a second crash in the recovery, and another recovery.
//
// A disk alone:
//
//   struct Log final : DiskTrial {
//     void act(env::Files& files) override { ...; acknowledged = 3; }   // left by PowerCut
//     std::string recover(env::Files& files) override {                  // may be left as well
//       return entries(files) < acknowledged ? "lost " + ... : "";
//     }
//     int acknowledged = 0;
//   };
//   const CrashReport report = crash_points({}, [] { return std::make_unique<Log>(); });
//   EXPECT_EQ(report.failures, (std::vector<std::string>{}));
//
// A whole world: WorldTrial, with the node on one of its machines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/env/disk.h"
#include "sim/env/machine.h"
#include "sim/env/survival.h"
#include "sim/env/world.h"

namespace quorate::simenv {

// One run. It must do the same each time, up to the crash.
class CrashTrial {
 public:
  CrashTrial() = default;
  CrashTrial(const CrashTrial&) = delete;
  CrashTrial& operator=(const CrashTrial&) = delete;
  virtual ~CrashTrial() = default;

  // Whose operations are the crash points.
  virtual SimulatedDisk& disk() = 0;
  // From the beginning to the crash, which comes at the end if it did not before.
  virtual void act_and_crash(Survival survival) = 0;
  // After it, or after another crash in here: brings it up again, and says what is wrong; empty:
  // nothing. What it says does not count where it came upon a crash.
  virtual std::string recover_and_crash(Survival survival) = 0;
};

// A disk alone. PowerCut leaves act() and recover() at the crash point.
class DiskTrial : public CrashTrial {
 public:
  explicit DiskTrial(std::uint64_t seed = 1) : disk_(seed) {}

  virtual void act(env::Files& files) = 0;
  virtual std::string recover(env::Files& files) = 0;

  SimulatedDisk& disk() override { return disk_; }
  void act_and_crash(Survival survival) final;
  std::string recover_and_crash(Survival survival) final;

 private:
  SimulatedDisk disk_;
};

// A world. The machine whose disk is meant is up when act() begins and, unless it refuses to start,
// when check() does; where it goes down, both should come to their end.
class WorldTrial : public CrashTrial {
 public:
  explicit WorldTrial(std::uint64_t seed = 1) : world(seed) {}

  virtual Machine& machine() = 0;
  virtual void act() = 0;
  virtual std::string check() = 0;

  SimulatedDisk& disk() override { return machine().disk(); }
  void act_and_crash(Survival survival) final;
  std::string recover_and_crash(Survival survival) final;

  World world;
  // How long a start may take.
  Duration patience{60'000'000};
};

struct CrashPlan {
  enum class Second : std::uint8_t {
    kNone,
    kDrawn,  // one in each recovery
    kEvery,  // at every operation of each recovery
  };
  std::vector<Survival> survivals{Survival::kNone, Survival::kAll, Survival::kPrefix,
                                  Survival::kAny};
  std::uint32_t rounds = 2;  // how often each point is tried where survival is drawn
  Second second = Second::kDrawn;
  std::uint64_t from = 1;  // the first operation at which it crashes
  std::uint64_t step = 1;  // every so many of them
  std::size_t most_failures = 5;
};

struct CrashReport {
  std::uint64_t operations = 0;  // of the script to its end
  std::uint64_t crashes = 0;
  std::uint64_t second_crashes = 0;
  std::vector<std::string> failures;  // where it crashed, and what was wrong then
};

CrashReport crash_points(const CrashPlan& plan,
                         const std::function<std::unique_ptr<CrashTrial>()>& make);

}  // namespace quorate::simenv
