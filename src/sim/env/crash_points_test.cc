#include "sim/env/crash_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "sim/env/test_program.h"

namespace quorate::simenv {
namespace {

using env::Open;
using testing::HasSubstr;
using testing::IsEmpty;

// A number that is kept in a file: written aside, synced, renamed, its directory synced. Each step
// can be left out.
struct Care {
  bool sync = true;
  bool rename = true;
  bool sync_directory = true;
  bool clean_up = true;
};

void store(env::Files& files, int number, const Care& care) {
  const std::string path = care.rename ? "/new" : "/number";
  auto file = std::move(files.open(path, Open::kOverwrite).value());
  (void)file->write(0, std::to_string(number));
  if (care.sync) {
    (void)file->sync();
  }
  if (care.rename) {
    (void)files.rename("/new", "/number");
  }
  if (care.sync_directory) {
    (void)files.sync_directory("/");
  }
}

std::string load(env::Files& files, const Care& care) {
  if (care.clean_up && files.exists("/new")) {
    (void)files.remove("/new");
    (void)files.sync_directory("/");
  }
  if (!files.exists("/number")) {
    return "0";
  }
  auto file = std::move(files.open("/number", Open::kRead).value());
  std::string text(file->size().value(), '?');
  (void)file->read(0, std::as_writable_bytes(std::span{text.data(), text.size()}));
  return text;
}

std::string judge(const std::string& text, int acknowledged) {
  const bool right =
      text == std::to_string(acknowledged) || text == std::to_string(acknowledged + 1);
  return right ? "" : "acknowledged " + std::to_string(acknowledged) + ", found '" + text + "'";
}

struct Numbers final : DiskTrial {
  explicit Numbers(const Care& given) : care(given) {}
  void act(env::Files& files) override {
    for (int i = 1; i <= 3; ++i) {
      store(files, i, care);
      acknowledged = i;
    }
  }
  std::string recover(env::Files& files) override { return judge(load(files, care), acknowledged); }

  Care care;
  int acknowledged = 0;
};

CrashReport run(const Care& care, CrashPlan plan = {}) {
  return crash_points(plan, [&] { return std::make_unique<Numbers>(care); });
}

TEST(CrashPoints, FindNothingWhereNothingIsWrong) {
  CrashPlan plan;
  plan.second = CrashPlan::Second::kEvery;
  plan.rounds = 20;
  const CrashReport report = run({}, plan);
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_EQ(report.operations, 15U);
  EXPECT_GT(report.crashes, 15U * 2 * 42);
  EXPECT_GT(report.second_crashes, 100U);
}

TEST(CrashPoints, FindEachStepThatIsLeftOut) {
  const CrashReport without_sync = run({.sync = false});
  EXPECT_FALSE(without_sync.failures.empty());
  const CrashReport without_rename = run({.rename = false});
  ASSERT_FALSE(without_rename.failures.empty());
  EXPECT_THAT(without_rename.failures[0], HasSubstr("crash "));
  EXPECT_THAT(without_rename.failures[0], HasSubstr("/number), keeping"));
  const CrashReport without_directory = run({.sync_directory = false});
  EXPECT_FALSE(without_directory.failures.empty());
}

TEST(CrashPoints, SayWhenAScriptIsNotTheSameEachTime) {
  int runs = 0;
  struct Moody final : DiskTrial {
    explicit Moody(bool given) : less(given) {}
    void act(env::Files& files) override {
      if (!less) {
        (void)files.sync_directory("/");
      }
    }
    std::string recover(env::Files&) override { return ""; }
    bool less;
  };
  const CrashReport report = crash_points({}, [&] { return std::make_unique<Moody>(runs++ > 0); });
  ASSERT_FALSE(report.failures.empty());
  EXPECT_THAT(report.failures[0], HasSubstr("not deterministic"));
}

// The same store on a lane of a machine, whose answers another machine hears.
struct Keeper final : Program {
  Keeper(env::Env& given, const Care& kept) : env(given), care(kept) {
    found = load(env.files(), care);
  }
  env::Env& env;
  Care care;
  std::string found;
  Worker worker{env};
};

struct NumbersInAWorld final : WorldTrial {
  explicit NumbersInAWorld(const Care& given) : care(given) {
    keeper.run([this](env::Env& env) { return std::make_unique<Keeper>(env, care); });
  }
  Keeper& program() { return *static_cast<Keeper*>(keeper.program()); }
  Machine& machine() override { return keeper; }
  void act() override {
    for (int i = 1; i <= 3; ++i) {
      program().worker.post([this, i](env::Lane&) {
        store(program().env.files(), i, care);
        acknowledged = i;
      });
      world.run_until([&] { return acknowledged == i || keeper.down(); }, std::chrono::seconds{9});
      if (keeper.down()) {
        return;
      }
    }
  }
  std::string check() override { return keeper.up() ? judge(program().found, acknowledged) : ""; }

  Care care;
  Machine& keeper = world.add("n1");
  int acknowledged = 0;
};

TEST(CrashPoints, RunInAWorldAsWell) {
  CrashPlan plan;
  plan.second = CrashPlan::Second::kEvery;
  const auto run_world = [&](const Care& care) {
    return crash_points(plan, [&] { return std::make_unique<NumbersInAWorld>(care); });
  };
  const CrashReport report = run_world({});
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_EQ(report.operations, 15U);
  EXPECT_GT(report.second_crashes, 10U);
  EXPECT_FALSE(run_world({.sync = false}).failures.empty());
}

}  // namespace
}  // namespace quorate::simenv
