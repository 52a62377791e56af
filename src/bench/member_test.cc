#include "bench/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/slots.h"
#include "env/posix/files.h"

namespace quorate::bench {
namespace {

TEST(ParseMembers, ReadsWhatDescribeWrites) {
  const std::string text = "1=127.0.0.1:4001,2=[::1]:4002,3=node.example:4003";
  const auto members = parse_members(text);
  ASSERT_TRUE(members.ok()) << members.error().message;
  EXPECT_EQ(describe(members.value()), text);
}

TEST(ParseMembers, NamesWhatIsNoMember) {
  for (const char* text : {"127.0.0.1:4001", "0=127.0.0.1:4001", "x=127.0.0.1:4001", "1", "1="}) {
    const auto members = parse_members(text);
    ASSERT_FALSE(members.ok()) << text;
    EXPECT_THAT(members.error().message,
                testing::AnyOf(testing::HasSubstr("HOST:PORT"), testing::HasSubstr("host:port")));
  }
}

class SlotsTest : public testing::Test {
 protected:
  Result<void> apply(const Bytes& command) {
    const Command one{Index{1}, Term{1}, command.text()};
    std::vector<std::string> results;
    return slots_.apply({&one, 1}, {}, results);
  }
  env::PosixFiles files_;
  Slots slots_{files_};
};

TEST_F(SlotsTest, HoldWhatWasPutLast) {
  ASSERT_TRUE(apply(Slots::command(7, "a")).ok());
  ASSERT_TRUE(apply(Slots::command(7, "b")).ok());
  EXPECT_EQ(slots_.get(7), "b");
  EXPECT_EQ(slots_.get(6), "");
  EXPECT_EQ(slots_.get(Slots::kKeys), "");
}

TEST_F(SlotsTest, RefuseACommandWithoutAKeyOfTheirs) {
  EXPECT_FALSE(apply(Bytes::copy_of(std::string_view{"abc"})).ok());
  EXPECT_FALSE(apply(Slots::command(Slots::kKeys, "x")).ok());
}

}  // namespace
}  // namespace quorate::bench
