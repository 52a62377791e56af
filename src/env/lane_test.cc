#include "env/lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate::env {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto parsed = Address::parse(text);
  return parsed ? "none" : parsed.error().message;
}

TEST(Address, IsAHostAndAPort) {
  EXPECT_EQ(Address::parse("10.0.0.1:2380").value(), (Address{"10.0.0.1", 2380}));
  EXPECT_EQ(Address::parse("node-1.example:0").value(), (Address{"node-1.example", 0}));
  EXPECT_EQ(Address::parse("[::1]:65535").value(), (Address{"::1", 65535}));
}

TEST(Address, ReadsBackWhatItPrints) {
  for (const char* text : {"10.0.0.1:2380", "localhost:1", "[fe80::1%eth0]:2380"}) {
    EXPECT_EQ(describe(Address::parse(text).value()), text);
  }
}

TEST(Address, WhatIsNoneIsRefusedWithTheReason) {
  EXPECT_THAT(error_of("localhost"), HasSubstr("'localhost' is not an address: it has no port"));
  EXPECT_THAT(error_of(":2380"), HasSubstr("no host"));
  EXPECT_THAT(error_of("[]:2380"), HasSubstr("no host"));
  EXPECT_THAT(error_of("::1:2380"), HasSubstr("in brackets"));
  for (const char* port : {"a:", "a:65536", "a:-1", "a:+1", "a: 1", "a:1x"}) {
    EXPECT_THAT(error_of(port), HasSubstr("no number from 0 to 65535")) << port;
  }
  EXPECT_THAT(error_of("http://a:1"), HasSubstr("in brackets"));
  EXPECT_THAT(error_of("a b:1"), HasSubstr("no host has"));
}

}  // namespace
}  // namespace quorate::env
