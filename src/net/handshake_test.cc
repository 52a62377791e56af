#include "net/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/example.h"

namespace quorate::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Hello n1() {
  return {.cluster = ClusterId{300},
          .from = NodeId{1},
          .incarnation = Incarnation{7},
          .to = NodeId{2},
          .versions = {1, 2},
          .channel = Channel::kLog,
          .features = 0,
          .address = "a:1"};
}
Hello n2() {
  Hello hello = n1();
  hello.from = NodeId{2};
  hello.to = NodeId{1};
  hello.incarnation = Incarnation{0x1f};
  hello.address = "b:2";
  return hello;
}

std::string error_of(const std::string& bytes) {
  const auto hello = decode_hello(Bytes::copy_of(bytes));
  return hello ? "none" : hello.error().message;
}
Refusal refusal_of(const std::optional<Refusal>& refusal) { return refusal.value_or(Refusal{}); }

TEST(Handshake, TheWorkedExampleIsWhatTheDocumentSays) {
  const Bytes written = wire::testing::worked_example("docs/formats/handshake.md");
  EXPECT_EQ(Bytes::copy_of(encode(n1())), written);
  EXPECT_EQ(decode_hello(written).value(), n1());
}

TEST(Handshake, AHelloOfALaterVersionMayBeLonger) {
  EXPECT_EQ(decode_hello(Bytes::copy_of(encode(n1()) + "more to come")).value(), n1());
}

TEST(Handshake, AHelloThatIsNoneSaysWhy) {
  const std::string whole = encode(n1());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(error_of(whole.substr(0, size)), HasSubstr("hello")) << size;
  }
  Hello nobody = n1();
  nobody.from = kNobody;
  EXPECT_EQ(error_of(encode(nobody)), "hello: no node is n0");
  Hello twisted = n1();
  twisted.versions = {3, 2};
  EXPECT_EQ(error_of(encode(twisted)), "hello: its lowest version is above its highest");
  Hello channel = n1();
  channel.channel = Channel{3};
  EXPECT_THAT(error_of(encode(channel)), HasSubstr("channel 3 is unknown"));
}

TEST(Handshake, TheHighestVersionThatBothSpeakIsChosen) {
  EXPECT_EQ(common_version({1, 3}, {2, 5}), 3U);
  EXPECT_EQ(common_version({2, 5}, {1, 3}), 3U);
  EXPECT_EQ(common_version({1, 1}, {1, 9}), 1U);
  EXPECT_EQ(common_version({1, 2}, {3, 4}), std::nullopt);
}

TEST(Handshake, TwoNodesOfOneClusterMaySpeak) {
  EXPECT_FALSE(judge_caller(n2(), n1()));
  EXPECT_FALSE(judge_host(n1(), n2()));
}

TEST(Handshake, AnotherClusterIsRefusedByBothSides) {
  Hello stranger = n2();
  stranger.cluster = ClusterId{0xabc};
  for (const auto& refusal : {judge_caller(stranger, n1()), judge_host(n1(), stranger)}) {
    EXPECT_EQ(refusal_of(refusal).reason, Reason::kWrongCluster);
    EXPECT_THAT(refusal_of(refusal).text,
                AllOf(HasSubstr("n1 of cluster 12c"), HasSubstr("n2 of cluster abc")));
  }
}

TEST(Handshake, TwoNodesWithOneIdAreRefusedAndBothNamed) {
  Hello twin = n2();
  twin.from = NodeId{1};
  const Refusal refusal = refusal_of(judge_caller(twin, n1()));
  EXPECT_EQ(refusal.reason, Reason::kDuplicateId);
  EXPECT_THAT(refusal.text,
              AllOf(HasSubstr("at a:1 (incarnation 7)"), HasSubstr("at b:2 (incarnation 1f)"),
                    HasSubstr("an id and an address of its own")));
}

TEST(Handshake, AnotherNodeThanWasMeantIsRefusedByBothSides) {
  Hello third = n2();
  third.from = NodeId{3};
  EXPECT_EQ(refusal_of(judge_caller(third, n1())).text,
            "n1 meant to reach n2, but this is n3 at b:2; correct the address of n2 at n1");
  EXPECT_EQ(refusal_of(judge_host(n1(), third)).text,
            "n1 meant to reach n2, but n3 answered at b:2; correct the address of n2");
}

TEST(Handshake, NoVersionInCommonIsRefusedAndBothAreNamed) {
  Hello newer = n2();
  newer.versions = {3, 4};
  EXPECT_EQ(refusal_of(judge_caller(newer, n1())).text,
            "n1 speaks versions 1 to 2 of the protocol, n2 versions 3 to 4; upgrade the older one, "
            "one release at a time");
  EXPECT_EQ(refusal_of(judge_host(n1(), newer)).reason, Reason::kNoCommonVersion);
}

TEST(Handshake, ARefusalComesBackFromItsBytesFitForALog) {
  const Refusal refusal{Reason::kWrongNode, "this is n3"};
  EXPECT_EQ(decode_refusal(Bytes::copy_of(encode(refusal))).value(), refusal);
  const Refusal ugly{Reason::kWrongNode, "a\nforged \x1b[31mline" + std::string(5000, 'x')};
  const Refusal read = decode_refusal(Bytes::copy_of(encode(ugly))).value();
  EXPECT_THAT(read.text, HasSubstr("a?forged ?[31mline"));
  EXPECT_EQ(read.text.size(), kMaxText);
  EXPECT_FALSE(decode_refusal(Bytes::copy_of("\x01\x05text")).ok());
}

RC_GTEST_PROP(Handshake, AnyBytesAreAHelloOrAnError, (const std::string& noise)) {
  const auto hello = decode_hello(Bytes::copy_of(noise));
  RC_ASSERT((hello.ok() || !hello.error().message.empty()));
  const auto refusal = decode_refusal(Bytes::copy_of(noise));
  RC_ASSERT((refusal.ok() || !refusal.error().message.empty()));
}

}  // namespace
}  // namespace quorate::net
