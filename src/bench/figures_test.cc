#include "bench/figures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quorate::bench {
namespace {

Latencies up_to(int count) {
  Latencies latencies;
  for (int i = count; i > 0; --i) {
    latencies.add(i);
  }
  return latencies;
}

TEST(Latencies, APermilleIsTheSmallestThatSoManyDoNotExceed) {
  Latencies thousand = up_to(1000);
  EXPECT_EQ(thousand.permille(0), 1);
  EXPECT_EQ(thousand.permille(1), 1);
  EXPECT_EQ(thousand.permille(500), 500);
  EXPECT_EQ(thousand.permille(990), 990);
  EXPECT_EQ(thousand.permille(999), 999);
  EXPECT_EQ(thousand.permille(1000), 1000);
}

TEST(Latencies, OfFewTheHighPermillesAreTheLargest) {
  Latencies three = up_to(3);
  EXPECT_EQ(three.permille(500), 2);
  EXPECT_EQ(three.permille(990), 3);
  EXPECT_EQ(three.permille(999), 3);
}

TEST(Latencies, OfNoneEveryPermilleIsZero) {
  Latencies none;
  EXPECT_EQ(none.permille(500), 0);
}

TEST(Figures, AreRatesAndSharesOfWhatWasDone) {
  Latencies latencies = up_to(1000);
  const Figures figures = figures_of(latencies, 500'000, 4000, 10);
  EXPECT_DOUBLE_EQ(figures.rate, 2000);
  EXPECT_DOUBLE_EQ(figures.cpu_us_per_op, 4);
  EXPECT_DOUBLE_EQ(figures.ops_per_fsync, 100);
}

TEST(Figures, OfNothingAreNoDivisionByZero) {
  Latencies none;
  const Figures figures = figures_of(none, 0, 0, 0);
  EXPECT_EQ(figures.rate, 0);
  EXPECT_EQ(figures.cpu_us_per_op, 0);
  EXPECT_EQ(figures.ops_per_fsync, 0);
}

TEST(Figures, TheMedianIsARoundThatHappened) {
  const Figures slow{.rate = 1, .p50_us = 30};
  const Figures middle{.rate = 2, .p50_us = 20};
  const Figures fast{.rate = 3, .p50_us = 10};
  EXPECT_EQ(median({fast, slow, middle}).p50_us, 20);
  EXPECT_EQ(median({fast, slow}).p50_us, 30);
}

TEST(JsonLine, IsOneObjectWithItsFieldsInOrder) {
  JsonLine line;
  line.add("work", "node").add("payload", std::uint64_t{256}).add("rate", 123456.7).add("p50", 1.5);
  EXPECT_EQ(line.text(), R"({"work": "node", "payload": 256, "rate": 123457, "p50": 1.5})");
}

TEST(JsonLine, EscapesWhatJsonEscapesAndHasNoNumbersThatAreNone) {
  JsonLine line;
  line.add("a\"b", "\\\n").add("x", std::nan(""));
  EXPECT_EQ(line.text(), R"({"a\"b": "\\\u000a", "x": null})");
}

TEST(ShortNumber, HasThreeDigitsAndAPrefix) {
  EXPECT_EQ(short_number(0), "0.00");
  EXPECT_EQ(short_number(1.234), "1.23");
  EXPECT_EQ(short_number(12.34), "12.3");
  EXPECT_EQ(short_number(123.4), "123");
  EXPECT_EQ(short_number(1234), "1.2 k");
  EXPECT_EQ(short_number(123'400), "123 k");
  EXPECT_EQ(short_number(1'234'000), "1.23 M");
}

}  // namespace
}  // namespace quorate::bench
