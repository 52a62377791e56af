#include "sim/env/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/assert.h"
#include "sim/env/test_program.h"

namespace quorate::simenv {
namespace {

using env::Open;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct WorldTest : testing::Test {
  World world{5};
  Box box{world, "n1"};

  // Runs one task on the first lane to its end.
  void on_first(const Worker::Task& task) {
    bool done = false;
    box->first.post([&](env::Lane& lane) {
      task(lane);
      done = true;
    });
    EXPECT_TRUE(world.run_until([&] { return done; }, seconds{100}));
  }
  env::Files& files() const { return box.machine.disk().files(); }
};

// ---- Time and lanes

TEST_F(WorldTest, AlarmsRingInTheClockOfTheirMachine) {
  Instant rang;
  box.machine.drift_clock(100'000);  // A tenth too fast.
  const Instant begun = world.now();
  on_first([&](env::Lane& lane) { lane.alarm(box->env.now() + seconds{11}); });
  box->first.always = [&](env::Lane&) { rang = world.now(); };
  world.run_for(seconds{20});
  EXPECT_GE(rang - begun, milliseconds{9990});
  EXPECT_LE(rang - begun, milliseconds{10010});
}

TEST_F(WorldTest, AClockThatLeapsBringsTheAlarmWithIt) {
  Instant rang;
  on_first([&](env::Lane& lane) { lane.alarm(box->env.now() + seconds{3600}); });
  box->first.always = [&](env::Lane&) { rang = world.now(); };
  world.run_for(seconds{1});
  EXPECT_EQ(rang, Instant{});
  box.machine.jump_clock(seconds{3600});
  world.run_for(seconds{1});
  EXPECT_NE(rang, Instant{});
}

TEST_F(WorldTest, AnAlarmIsReplacedAndRingsOnce) {
  int rang = 0;
  on_first([&](env::Lane& lane) {
    lane.alarm(box->env.now() + milliseconds{1});
    lane.alarm(box->env.now() + milliseconds{5});
    lane.alarm(box->env.now() + milliseconds{3});
  });
  box->first.always = [&](env::Lane&) { ++rang; };
  world.run_for(seconds{1});
  EXPECT_EQ(rang, 1);
}

TEST_F(WorldTest, SeveralWakesMayBeOneCall) {
  int calls = 0;
  box->first.always = [&](env::Lane&) { ++calls; };
  for (int i = 0; i < 10; ++i) {
    box->first.post([](env::Lane&) {});
  }
  world.run_for(seconds{1});
  EXPECT_EQ(calls, 1);
}

TEST_F(WorldTest, FileCallsTakeTheirLanesTimeAndNobodyElses) {
  box.machine.disk().climate().sync = {milliseconds{10}, milliseconds{10}};
  Instant synced;
  Instant woken;
  Instant second;
  bool heard = false;
  box->first.post([&](env::Lane&) {
    auto file = std::move(box->env.files().open("/a", Open::kCreate).value());
    EXPECT_TRUE(file->write(0, "x").ok());
    const Instant before = box->env.now();
    EXPECT_TRUE(file->sync().ok());
    EXPECT_GE(box->env.now() - before, milliseconds{10});
    synced = world.now();
    box->second.post([&](env::Lane&) { heard = true; });  // Leaves now, not when the work began.
  });
  box->first.post([&](env::Lane&) { woken = world.now(); });
  world.after(milliseconds{5}, [&] {
    box->second.post([&](env::Lane&) {
      second = world.now();
      EXPECT_FALSE(heard);
    });
  });
  world.run_for(seconds{1});
  EXPECT_GE(woken, synced);
  EXPECT_LT(second, synced);
  EXPECT_TRUE(heard);
}

TEST_F(WorldTest, OneLaneIsNeverCalledWhileItWaits) {
  box.machine.disk().climate().sync = {milliseconds{10}, milliseconds{10}};
  bool inside = false;
  for (int i = 0; i < 5; ++i) {
    world.after(milliseconds{3 * i}, [&] {
      box->first.post([&](env::Lane&) {
        EXPECT_FALSE(inside);
        inside = true;
        EXPECT_TRUE(box->env.files().sync_directory("/").ok());
        inside = false;
      });
    });
  }
  world.run_for(seconds{1});
  EXPECT_FALSE(inside);
}

TEST_F(WorldTest, ALaneThatNeverYieldsIsCaught) {
  box->first.post([&](env::Lane&) {
    while (true) {
      (void)box->env.now();
    }
  });
  world.run_for(seconds{1});
  ASSERT_EQ(world.violations().size(), 1U);
  EXPECT_EQ(world.violations()[0].machine, "n1");
  EXPECT_EQ(world.violations()[0].lane, "first");
  EXPECT_THAT(world.violations()[0].what, HasSubstr("never yields"));
  EXPECT_TRUE(box.machine.down());
}

TEST_F(WorldTest, AnAlarmThatIsAlwaysInThePastIsCaught) {
  box->first.post([](env::Lane&) {});
  box->first.always = [](env::Lane& lane) { lane.alarm(instant(1)); };
  world.run_for(seconds{10});
  ASSERT_EQ(world.violations().size(), 1U);
  EXPECT_THAT(world.violations()[0].what, HasSubstr("spins"));
}

TEST_F(WorldTest, WhatEscapesFromWorkIsAViolationAndTheProcessesEnd) {
  Box other{world, "n2"};
  other->second.post([](env::Lane&) { QUORATE_ASSERT(1 == 2); });
  box->first.post([](env::Lane&) { throw std::runtime_error{"lost"}; });
  world.run_for(seconds{1});
  ASSERT_EQ(world.violations().size(), 2U);
  std::string all = world.violations()[0].what + world.violations()[1].what;
  EXPECT_THAT(all, HasSubstr("1 == 2"));
  EXPECT_THAT(all, HasSubstr("lost"));
  EXPECT_TRUE(box.machine.down());
  EXPECT_TRUE(other.machine.down());
}

TEST_F(WorldTest, ALaneIsUsedFromItsOwnWorkAlone) {
  env::Lane* lane = nullptr;
  on_first([&](env::Lane& one) { lane = &one; });
  EXPECT_THROW(lane->alarm(instant(1)), AssertionFailed);
}

// ---- Life and death

TEST_F(WorldTest, ACrashInTheMiddleOfWorkLeavesItThere) {
  box.machine.disk().climate().sync = {milliseconds{10}, milliseconds{10}};
  std::string done;
  struct Witness {
    std::string& done;
    ~Witness() { done += "unwound "; }
  };
  box->first.post([&](env::Lane&) {
    const Witness witness{done};
    auto file = std::move(box->env.files().open("/a", Open::kCreate).value());
    (void)file->write(0, "x");
    done += "written ";
    (void)file->sync();
    done += "synced ";
  });
  world.after(milliseconds{5}, [&] { box.machine.crash(Survival::kNone); });
  world.run_for(seconds{1});
  EXPECT_EQ(done, "written unwound ");
  EXPECT_TRUE(world.violations().empty());
  EXPECT_FALSE(files().exists("/a"));
  box.machine.start();
  EXPECT_TRUE(box.machine.up());
}

TEST_F(WorldTest, ACrashPointTakesTheMachineDownAtThatVeryOperation) {
  box.machine.set_survival(Survival::kAll);
  box.machine.disk().crash_after(2);
  box->first.post([&](env::Lane&) {
    auto file = std::move(box->env.files().open("/a", Open::kCreate).value());
    (void)file->write(0, "x");
    (void)file->write(1, "y");
    ADD_FAILURE() << "went on";
  });
  world.run_for(seconds{1});
  EXPECT_TRUE(box.machine.down());
  ASSERT_TRUE(box.machine.last_cut().has_value());
  EXPECT_EQ(box.machine.last_cut()->what, "after operation 2: write /a");
  auto file = std::move(files().open("/a", Open::kRead).value());
  EXPECT_EQ(file->size().value(), 1U);
}

// A program whose making and end use the disk.
struct Careful final : Program {
  explicit Careful(env::Env& given) : env(given) {
    file = std::move(env.files().open("/a", Open::kOverwrite).value());
    for (std::uint64_t i = 0; i < 5; ++i) {
      (void)file->write(i, "x");
      (void)file->sync();
    }
  }
  ~Careful() override {
    (void)file->write(5, "end");
    (void)file->sync();
    (void)env.files().sync_directory("/");
  }
  env::Env& env;
  std::unique_ptr<env::File> file;
  Worker worker{env};
};

TEST(WorldLife, AMachineMayDieWhileItStartsAndWhileItStops) {
  for (std::uint64_t operation = 1; operation <= 14; ++operation) {
    World world{operation};
    Machine& machine = world.add("n1");
    machine.run([](env::Env& env) { return std::make_unique<Careful>(env); });
    machine.disk().crash_before(operation);
    machine.start();
    if (world.run_until([&] { return machine.up(); }, seconds{1})) {
      machine.stop();
    }
    EXPECT_TRUE(world.run_until([&] { return machine.down(); }, seconds{1}));
    EXPECT_TRUE(machine.last_cut().has_value()) << operation;
    EXPECT_TRUE(world.violations().empty());
    machine.start();
    EXPECT_TRUE(world.run_until([&] { return machine.up(); }, seconds{1}));
  }
}

TEST(WorldLife, AnOrderlyEndTakesItsTimeAndIsDurable) {
  World world{1};
  Machine& machine = world.add("n1");
  machine.run([](env::Env& env) { return std::make_unique<Careful>(env); });
  machine.start();
  EXPECT_FALSE(machine.up());
  EXPECT_TRUE(world.run_until([&] { return machine.up(); }, seconds{1}));
  machine.stop();
  EXPECT_FALSE(machine.down());
  EXPECT_TRUE(world.run_until([&] { return machine.down(); }, seconds{1}));
  machine.crash(Survival::kNone);
  auto file = std::move(machine.disk().files().open("/a", Open::kRead).value());
  EXPECT_EQ(file->size().value(), 8U);
}

TEST(WorldLife, ACrashedProgramDoesNothingMoreToTheDisk) {
  World world{1};
  Machine& machine = world.add("n1");
  machine.run([](env::Env& env) { return std::make_unique<Careful>(env); });
  machine.start();
  EXPECT_TRUE(world.run_until([&] { return machine.up(); }, seconds{1}));
  machine.crash(Survival::kAll);
  auto file = std::move(machine.disk().files().open("/a", Open::kRead).value());
  EXPECT_EQ(file->size().value(), 5U);
}

TEST(WorldLife, AProgramThatRefusesLeavesTheMachineDown) {
  World world{1};
  Machine& machine = world.add("n1");
  machine.run([](env::Env&) { return std::unique_ptr<Program>{}; });
  machine.start();
  EXPECT_TRUE(machine.down());
  EXPECT_TRUE(machine.powered());
}

TEST_F(WorldTest, AnEndWaitsForTheWorkThatIsUnderWay) {
  box.machine.disk().climate().sync = {milliseconds{10}, milliseconds{10}};
  bool done = false;
  box->first.post([&](env::Lane&) {
    EXPECT_TRUE(box->env.files().sync_directory("/").ok());
    done = true;
  });
  world.run_for(milliseconds{5});
  box.machine.stop();
  EXPECT_TRUE(world.run_until([&] { return box.machine.down(); }, seconds{1}));
  EXPECT_TRUE(done);
}

TEST_F(WorldTest, AKillLosesNothingThatWasWritten) {
  on_first([&](env::Lane&) {
    auto file = std::move(box->env.files().open("/a", Open::kCreate).value());
    EXPECT_TRUE(file->write(0, "x").ok());
  });
  box.machine.kill();
  EXPECT_TRUE(files().exists("/a"));
  box.machine.start();
  EXPECT_TRUE(box.machine.up());
  box.machine.crash(Survival::kNone);
  EXPECT_FALSE(files().exists("/a"));
}

TEST_F(WorldTest, APauseFreezesLanesWhileTimeGoesOn) {
  Instant ran;
  const Instant begun = world.now();
  box.machine.pause();
  box->first.post([&](env::Lane&) { ran = world.now(); });
  world.run_for(seconds{5});
  EXPECT_EQ(ran, Instant{});
  box.machine.resume();
  world.run_for(seconds{1});
  EXPECT_GE(ran - begun, seconds{5});
}

TEST_F(WorldTest, AHangingDiskLeavesOtherLanesGoing) {
  box.machine.hang_disk(true);
  bool synced = false;
  int ticks = 0;
  box->first.post([&](env::Lane&) {
    EXPECT_TRUE(box->env.files().sync_directory("/").ok());
    synced = true;
  });
  box->second.always = [&](env::Lane& lane) {
    ++ticks;
    lane.alarm(box->env.now() + milliseconds{100});
  };
  box->second.post([](env::Lane&) {});
  world.run_for(seconds{10});
  EXPECT_FALSE(synced);
  EXPECT_GT(ticks, 90);
  box.machine.hang_disk(false);
  world.run_for(seconds{1});
  EXPECT_TRUE(synced);
}

TEST_F(WorldTest, AHungMachineCanCrash) {
  box.machine.hang_disk(true);
  box->first.post([&](env::Lane&) { (void)box->env.files().sync_directory("/"); });
  world.run_for(seconds{1});
  box.machine.crash();
  box.machine.start();
  EXPECT_TRUE(box.machine.up());
  EXPECT_TRUE(world.violations().empty());
}

TEST_F(WorldTest, ASlowDiskIsSlow) {
  const auto time_of_sync = [&] {
    const Instant before = world.now();
    on_first([&](env::Lane&) { (void)box->env.files().sync_directory("/"); });
    return world.now() - before;
  };
  box.machine.disk().climate().sync = {milliseconds{1}, milliseconds{1}};
  EXPECT_LT(time_of_sync(), milliseconds{3});
  box.machine.disk().climate().slowness = 100;
  EXPECT_GT(time_of_sync(), milliseconds{99});
}

// ---- Determinism

std::uint64_t busy_run(std::uint64_t seed, bool draw_in_between) {
  World world{seed};
  std::vector<std::unique_ptr<Box>> boxes;
  for (const char* name : {"n1", "n2", "n3"}) {
    boxes.push_back(std::make_unique<Box>(world, name));
  }
  for (auto& box : boxes) {
    (*box)->first.always = [&](env::Lane& lane) {
      auto file = (*box)->env.files().open("/a", Open::kOverwrite);
      if (file) {
        (void)file.value()->write(0, std::string(3000, 'x'));
        (void)file.value()->sync();
      }
      lane.alarm((*box)->env.now() + milliseconds{10});
    };
    (*box)->first.post([](env::Lane&) {});
  }
  for (int i = 0; i < 20; ++i) {
    world.run_for(milliseconds{50});
    if (draw_in_between) {
      world.random().next();
    }
  }
  boxes[1]->machine.crash();
  world.run_for(seconds{1});
  EXPECT_TRUE(world.violations().empty());
  return world.hash();
}

TEST(WorldSeeds, OneSeedIsOneRunAndAnotherIsAnother) {
  EXPECT_EQ(busy_run(1, false), busy_run(1, false));
  EXPECT_NE(busy_run(1, false), busy_run(2, false));
}

TEST(WorldSeeds, WhatTheTestDrawsDisturbsNothing) {
  EXPECT_EQ(busy_run(1, false), busy_run(1, true));
}

// A minute of three machines that sync a hundred times a second.
TEST(WorldSpeed, AMinuteIsCheap) {
  World world{1};
  Box box{world, "n1"};
  std::uint64_t turns = 0;
  box->first.always = [&](env::Lane& lane) {
    ++turns;
    lane.alarm(box->env.now() + milliseconds{1});
  };
  box->first.post([](env::Lane&) {});
  world.run_for(seconds{60});
  EXPECT_GT(turns, 50'000U);
  EXPECT_TRUE(world.violations().empty());
}

}  // namespace
}  // namespace quorate::simenv
