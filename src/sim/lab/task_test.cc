#include "sim/lab/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "sim/lab/timeline.h"

namespace quorate::lab {
namespace {

using std::chrono::milliseconds;

struct Nap {
  Timeline& timeline;
  Duration length;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> who) const {
    timeline.after(length, [who] { who.resume(); });
  }
  void await_resume() const {}
};

void run(Timeline& timeline, Task<>& task) {
  task.start();
  while (!task.done()) {
    timeline.step();
  }
  task.result();
}

Task<int> soon(Timeline& timeline, int value) {
  co_await Nap{timeline, milliseconds{5}};
  co_return value;
}
Task<int> at_once(int value) { co_return value; }
Task<> throwing(Timeline& timeline) {
  co_await Nap{timeline, milliseconds{5}};
  throw std::runtime_error{"from below"};
}

TEST(Task, GivesWhatItAwaitedAndTimePasses) {
  Timeline timeline;
  int sum = 0;
  const auto body = [](Timeline& t, int& total) -> Task<> {
    total += co_await soon(t, 1);
    total += co_await at_once(10);
    total += co_await soon(t, 100);
  };
  Task<> task = body(timeline, sum);
  EXPECT_EQ(sum, 0);  // nothing happens before it is started
  run(timeline, task);
  EXPECT_EQ(sum, 111);
  EXPECT_EQ(timeline.now(), Instant{} + milliseconds{10});
}

TEST(Task, ManyThatNeverWaitNeedNoStack) {
  Timeline timeline;
  const auto body = []() -> Task<> {
    for (int i = 0; i < 1'000'000; ++i) {
      const int value = co_await at_once(i);
      QUORATE_ASSERT(value == i);
    }
  };
  Task<> task = body();
  run(timeline, task);
}

TEST(Task, WhatItThrowsReachesWhoAwaits) {
  Timeline timeline;
  std::string caught;
  const auto body = [](Timeline& t, std::string& what) -> Task<> {
    try {
      co_await throwing(t);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
  };
  Task<> task = body(timeline, caught);
  run(timeline, task);
  EXPECT_EQ(caught, "from below");
}

TEST(Task, ThrowsOutOfTheOutermost) {
  Timeline timeline;
  Task<> task = throwing(timeline);
  EXPECT_THROW(run(timeline, task), std::runtime_error);
}

TEST(Task, DestroyedWhileItWaitsFreesWhatItHolds) {
  Timeline timeline;
  const auto held = std::make_shared<int>(7);
  const auto inner = [](Timeline& t, std::shared_ptr<int> mine) -> Task<> {
    co_await Nap{t, milliseconds{5}};
    *mine = 8;
  };
  const auto outer = [&inner](Timeline& t, std::shared_ptr<int> mine) -> Task<> {
    Task<> task = inner(t, mine);
    co_await task;
  };
  {
    Task<> task = outer(timeline, held);
    task.start();
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 7);
}

TEST(Crew, RunsSideBySideAndWaitsForAll) {
  Timeline timeline;
  std::string order;
  const auto member = [](Timeline& t, std::string& out, char name, int ms) -> Task<> {
    co_await Nap{t, milliseconds{ms}};
    out += name;
  };
  const auto body = [&member](Timeline& t, std::string& out) -> Task<> {
    Crew crew;
    crew.start(member(t, out, 'a', 30));
    crew.start(member(t, out, 'b', 10));
    crew.start(member(t, out, 'c', 0));
    co_await crew.all();
    out += '.';
  };
  Task<> task = body(timeline, order);
  run(timeline, task);
  EXPECT_EQ(order, "cba.");
  EXPECT_EQ(timeline.now(), Instant{} + milliseconds{30});
}

TEST(Crew, ThrowsWhatAMemberThrew) {
  Timeline timeline;
  const auto body = [](Timeline& t) -> Task<> {
    Crew crew;
    crew.start(throwing(t));
    co_await crew.all();
  };
  Task<> task = body(timeline);
  EXPECT_THROW(run(timeline, task), std::runtime_error);
}

TEST(Timeline, KeepsTheOrderInWhichThingsWereSaid) {
  Timeline timeline;
  std::string order;
  timeline.after(milliseconds{2}, [&] { order += 'c'; });
  timeline.after(milliseconds{1}, [&] { order += 'a'; });
  timeline.after(milliseconds{1}, [&] {
    order += 'b';
    timeline.at(Instant{}, [&] { order += '!'; });  // the past is now
  });
  while (!timeline.empty()) {
    timeline.step();
  }
  EXPECT_EQ(order, "ab!c");
}

}  // namespace
}  // namespace quorate::lab
