#include "base/fingerprint.h"

#include <gtest/gtest.h>

#include <string_view>

namespace quorate {
namespace {

std::uint64_t of(auto... values) {
  Fingerprint into;
  (into.add(values), ...);
  return into.value();
}

TEST(Fingerprint, IsTheSameForTheSameValues) {
  EXPECT_EQ(of(Term{1}, Index{2}, true), of(Term{1}, Index{2}, true));
}

TEST(Fingerprint, DependsOnEachValueAndOnTheirOrder) {
  EXPECT_NE(of(Term{1}, Index{2}), of(Term{2}, Index{1}));
  EXPECT_NE(of(NodeId{1}), of(NodeId{2}));
  EXPECT_NE(of(true), of(false));
  EXPECT_NE(of(), of(std::uint64_t{0}));
}

TEST(Fingerprint, TellsTextsApartWhereverTheyAreCut) {
  using namespace std::string_view_literals;
  EXPECT_NE(of("ab"sv, "c"sv), of("a"sv, "bc"sv));
  EXPECT_NE(of("a"sv), of("a\0"sv));
  EXPECT_NE(of("longer than one word"sv), of("longer than one worD"sv));
  EXPECT_EQ(of(Bytes::copy_of("same")), of("same"sv));
}

TEST(Fingerprint, DeadlinesCountFromNow) {
  const auto deadline = [](Instant at, Instant now) {
    Fingerprint into;
    into.add_deadline(at, now);
    return into.value();
  };
  EXPECT_EQ(deadline(instant(30), instant(10)), deadline(instant(25), instant(5)));
  EXPECT_NE(deadline(instant(30), instant(10)), deadline(instant(31), instant(10)));
  EXPECT_EQ(deadline(instant(3), instant(10)), deadline(instant(10), instant(10)));
  EXPECT_EQ(deadline(kNever, instant(10)), deadline(kNever, instant(20)));
  EXPECT_NE(deadline(kNever, instant(10)), deadline(instant(10), instant(10)));
}

TEST(Fingerprint, AgesCountUpToTheirReach) {
  const auto age = [](Instant at, Instant now) {
    Fingerprint into;
    into.add_age(at, now, Duration{50});
    return into.value();
  };
  EXPECT_EQ(age(instant(5), instant(10)), age(instant(15), instant(20)));
  EXPECT_NE(age(instant(5), instant(10)), age(instant(6), instant(10)));
  EXPECT_EQ(age(instant(0), instant(50)), age(instant(0), instant(90)));
  EXPECT_NE(age(instant(0), instant(49)), age(instant(0), instant(90)));
}

}  // namespace
}  // namespace quorate
