#include "sim/lab/applied.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

Bytes bytes(std::string_view text) { return Bytes::copy_of(text); }

TEST(AppliedLogs, CountsThePeersThatApplied) {
  AppliedLogs logs{3};
  EXPECT_EQ(logs.apply(0, Index{1}, 11), std::nullopt);
  EXPECT_EQ(logs.apply(2, Index{1}, 11), std::nullopt);
  EXPECT_EQ(logs.apply(2, Index{2}, 12), std::nullopt);
  EXPECT_EQ(logs.at(Index{1}).peers, 2U);
  EXPECT_EQ(logs.at(Index{1}).command, Command{11});
  EXPECT_EQ(logs.at(Index{3}).peers, 0U);
  EXPECT_EQ(logs.highest(), Index{2});
}

TEST(AppliedLogs, FindsADifferentValueAtAnIndex) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply(0, Index{1}, 11), std::nullopt);
  EXPECT_THAT(logs.apply(1, Index{1}, 12), Optional(HasSubstr("differ at index 1")));
}

TEST(AppliedLogs, FindsADifferentValueInAnotherLife) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply(0, Index{1}, 11), std::nullopt);
  logs.restarted(0);
  EXPECT_THAT(logs.apply(0, Index{1}, 12), Optional(HasSubstr("differ at index 1")));
}

TEST(AppliedLogs, AnEmptyEntryDiffersFromACommand) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply(0, Index{1}, std::nullopt), std::nullopt);
  EXPECT_THAT(logs.apply(1, Index{1}, 11), Optional(HasSubstr("had an empty entry")));
}

TEST(AppliedLogs, FindsAGap) {
  AppliedLogs logs{1};
  EXPECT_THAT(logs.apply(0, Index{2}, 12), Optional(HasSubstr("out of order")));
  EXPECT_THAT(logs.apply(0, Index{0}, 12), Optional(HasSubstr("out of order")));
}

TEST(AppliedLogs, WithSnapshotsNothingIsAppliedTwiceInOneLife) {
  AppliedLogs logs{1};
  EXPECT_EQ(logs.apply_next(0, Index{1}, 11), std::nullopt);
  EXPECT_THAT(logs.apply_next(0, Index{1}, 11), Optional(HasSubstr("out of order")));
  EXPECT_THAT(logs.apply_next(0, Index{3}, 13), Optional(HasSubstr("out of order")));
}

TEST(AppliedLogs, ASnapshotCarriesTheStateToAnotherPeer) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply_next(0, Index{1}, std::nullopt), std::nullopt);
  EXPECT_EQ(logs.apply_next(0, Index{2}, Command(5, 12)), std::nullopt);
  EXPECT_EQ(logs.install(1, logs.snapshot(0, Index{2}), Index{2}), std::nullopt);
  EXPECT_EQ(logs.at(Index{1}).peers, 2U);
  EXPECT_EQ(logs.at(Index{2}).command, Command(5, 12));
  EXPECT_EQ(logs.apply_next(1, Index{3}, 13), std::nullopt);
  EXPECT_EQ(logs.empty_entries(Index{3}), 1U);
}

TEST(AppliedLogs, FindsAMislabelledSnapshot) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply_next(0, Index{1}, 11), std::nullopt);
  EXPECT_THAT(logs.install(1, logs.snapshot(0, Index{1}), Index{2}),
              Optional(HasSubstr("labelled index 2 that holds the state at index 1")));
}

TEST(AppliedLogs, FindsASnapshotOfAnotherHistory) {
  AppliedLogs logs{2};
  EXPECT_EQ(logs.apply_next(0, Index{1}, 11), std::nullopt);
  EXPECT_THAT(logs.install(1, bytes("1\n12\n"), Index{1}),
              Optional(HasSubstr("differ at index 1")));
}

TEST(AppliedLogs, FindsASnapshotThatIsNone) {
  AppliedLogs logs{1};
  EXPECT_THAT(logs.install(0, bytes("nothing"), std::nullopt),
              Optional(HasSubstr("cannot be read")));
  EXPECT_THAT(logs.install(0, bytes("2\n11\n"), std::nullopt),
              Optional(HasSubstr("ends before index 2")));
}

TEST(Command, ReadsBackWhatItWrites) {
  for (const Command command : {Command{0}, Command{18446744073709551615U}, Command(7, 40)}) {
    EXPECT_EQ(parse_command(payload_of(command).text()), command);
  }
  EXPECT_EQ(payload_of(Command(12, 5)).text(), "12...");
  EXPECT_EQ(parse_command("12x"), std::nullopt);
  EXPECT_EQ(parse_command(""), std::nullopt);
}

}  // namespace
}  // namespace quorate::lab
