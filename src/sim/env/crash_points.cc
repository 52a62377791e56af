#include "sim/env/crash_points.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/random.h"

namespace quorate::simenv {

namespace {

struct Point {
  std::uint64_t operation = 0;
  bool before = true;
  Survival survival = Survival::kNone;
  std::uint32_t round = 0;
};

class Runner {
 public:
  using Make = std::function<std::unique_ptr<CrashTrial>()>;

  Runner(const CrashPlan& plan, const Make& make) : plan_(plan), make_(make) {}

  CrashReport run() {
    at_the_end();
    for (std::uint64_t i = plan_.from; i <= report_.operations && !done(); i += plan_.step) {
      for (const bool before : {true, false}) {
        for (const Survival survival : plan_.survivals) {
          const bool drawn = survival == Survival::kPrefix || survival == Survival::kAny;
          for (std::uint32_t round = 0; round < (drawn ? plan_.rounds : 1) && !done(); ++round) {
            at(Point{i, before, survival, round});
          }
        }
      }
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool done() const { return report_.failures.size() >= plan_.most_failures; }

  static void set(SimulatedDisk& disk, const Point& point) {
    point.before ? disk.crash_before(point.operation) : disk.crash_after(point.operation);
    disk.reseed_survival(point.operation * 64 + point.round * 2 + (point.before ? 1 : 0));
  }
  static std::string describe(const SimulatedDisk& disk, const Point& point) {
    return std::string{point.before ? "before" : "after"} + " operation " +
           std::to_string(point.operation) + " (" + disk.last_operation() + "), keeping " +
           std::string{name_of(point.survival)};
  }
  void judge(const std::string& where, const std::string& wrong) {
    if (!wrong.empty()) {
      report_.failures.push_back(where + ": " + wrong);
    }
  }

  void at_the_end() {
    const auto trial = make_();
    trial->act_and_crash(Survival::kNone);
    report_.operations = trial->disk().operations();
    judge("crash at the end, keeping none", trial->recover_and_crash(Survival::kNone));
  }

  // A fresh trial, crashed there. Nothing if it does not come to that operation, as when it asks
  // for the time of day.
  std::unique_ptr<CrashTrial> crashed(const Point& point, std::string& where) {
    auto trial = make_();
    set(trial->disk(), point);
    trial->act_and_crash(point.survival);
    where = "crash " + describe(trial->disk(), point);
    if (trial->disk().cuts() == 0) {
      judge(where, "this operation did not come again: the script is not deterministic");
      return nullptr;
    }
    ++report_.crashes;
    return trial;
  }

  void at(const Point& point) {
    std::string where;
    const auto trial = crashed(point, where);
    if (trial == nullptr) {
      return;
    }
    const std::uint64_t begun = trial->disk().operations();
    judge(where, trial->recover_and_crash(Survival::kAll));
    const std::uint64_t in_recovery = trial->disk().operations() - begun;
    if (plan_.second == CrashPlan::Second::kNone || in_recovery == 0) {
      return;
    }
    const bool every = plan_.second == CrashPlan::Second::kEvery;
    const std::uint64_t first = every ? 1 : random_.between(1, in_recovery);
    for (std::uint64_t i = first; i <= (every ? in_recovery : first) && !done(); ++i) {
      again_at(point, begun + i);
    }
  }

  void again_at(const Point& point, std::uint64_t operation) {
    std::string where;
    const auto trial = crashed(point, where);
    if (trial == nullptr) {
      return;
    }
    const Survival survival = plan_.survivals[random_.below(plan_.survivals.size())];
    const Point second{operation, random_.one_in(2), survival, point.round};
    set(trial->disk(), second);
    (void)trial->recover_and_crash(second.survival);
    where += ", then " + describe(trial->disk(), second);
    if (trial->disk().cuts() < 2) {
      return judge(where, "this operation did not come again: recovery is not deterministic");
    }
    ++report_.second_crashes;
    judge(where, trial->recover_and_crash(Survival::kAll));
  }

  const CrashPlan& plan_;
  const Make& make_;
  Random random_{1};
  CrashReport report_;
};

}  // namespace

CrashReport crash_points(const CrashPlan& plan,
                         const std::function<std::unique_ptr<CrashTrial>()>& make) {
  QUORATE_ASSERT(plan.step > 0 && !plan.survivals.empty());
  return Runner{plan, make}.run();
}

void DiskTrial::act_and_crash(Survival survival) {
  try {
    act(disk_.files());
  } catch (const PowerCut&) {
    maybe(true);  // Or it came to its end; the power goes either way.
  }
  disk_.crash(survival);
}

std::string DiskTrial::recover_and_crash(Survival survival) {
  try {
    return recover(disk_.files());
  } catch (const PowerCut&) {
    disk_.crash(survival);
    return {};
  }
}

void WorldTrial::act_and_crash(Survival survival) {
  Machine& mine = machine();
  mine.set_survival(survival);
  if (mine.down()) {
    mine.start();
    world.run_until([&] { return mine.up() || mine.down(); }, patience);
  }
  if (mine.up()) {
    act();
  }
  if (!mine.down()) {
    mine.crash(survival);
  }
}

std::string WorldTrial::recover_and_crash(Survival survival) {
  Machine& mine = machine();
  mine.set_survival(survival);
  if (mine.down()) {
    mine.start();
    if (!world.run_until([&] { return mine.up() || mine.down(); }, patience)) {
      return mine.name() + " does not come up";
    }
  }
  const std::uint64_t cuts = mine.disk().cuts();
  std::string wrong = check();
  if (wrong.empty() && mine.disk().cuts() == cuts && !world.violations().empty()) {
    const Violation& first = world.violations().front();
    wrong = first.machine + "/" + first.lane + ": " + first.what;
  }
  return wrong;
}

}  // namespace quorate::simenv
