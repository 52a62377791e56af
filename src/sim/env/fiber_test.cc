#include "sim/env/fiber.h"

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "base/assert.h"

namespace quorate::simenv {
namespace {

TEST(Fiber, PausesAndGoesOn) {
  Fiber fiber;
  std::string log;
  fiber.start([&] {
    log += "a";
    fiber.pause();
    log += "c";
  });
  EXPECT_EQ(log, "");
  fiber.resume();
  log += "b";
  EXPECT_FALSE(fiber.idle());
  fiber.resume();
  EXPECT_EQ(log, "abc");
  EXPECT_TRUE(fiber.idle());
  EXPECT_THROW(fiber.resume(), AssertionFailed);
}

TEST(Fiber, IsUsedAgainAndAgain) {
  Fiber fiber;
  int sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    fiber.start([&sum, &fiber, i] {
      fiber.pause();
      sum += i;
    });
    fiber.resume();
    fiber.resume();
  }
  EXPECT_EQ(sum, 10'000 * 9'999 / 2);
}

TEST(Fiber, OneMayResumeAnother) {
  Fiber outer;
  Fiber inner;
  std::string log;
  inner.start([&] {
    log += "2";
    inner.pause();
    log += "5";
  });
  outer.start([&] {
    log += "1";
    inner.resume();
    log += "3";
    outer.pause();
    inner.resume();
    log += "6";
  });
  outer.resume();
  log += "4";
  outer.resume();
  EXPECT_EQ(log, "123456");
}

// What one fiber throws or handles is nothing to another, though both are in the middle of it.
TEST(Fiber, ExceptionsStayOnTheirOwn) {
  Fiber one;
  Fiber two;
  std::string log;
  const auto body = [&log](Fiber& self, const std::string& name) {
    try {
      throw std::runtime_error{name};
    } catch (const std::exception&) {
      self.pause();
      try {
        throw;
      } catch (const std::exception& same) {
        log += same.what();
      }
    }
  };
  one.start([&] { body(one, "one "); });
  two.start([&] { body(two, "two "); });
  one.resume();
  two.resume();
  EXPECT_EQ(std::current_exception(), nullptr);
  one.resume();
  two.resume();
  EXPECT_EQ(log, "one two ");
}

TEST(Fiber, PausesWhileItUnwinds) {
  Fiber fiber;
  struct Pauses {
    Fiber& fiber;
    ~Pauses() { fiber.pause(); }
  };
  bool caught = false;
  fiber.start([&] {
    try {
      const Pauses pauses{fiber};
      throw std::runtime_error{"x"};
    } catch (const std::exception&) {
      caught = true;
    }
  });
  fiber.resume();
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  fiber.resume();
  EXPECT_TRUE(caught);
}

}  // namespace
}  // namespace quorate::simenv
