#include "node/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "node/position.h"

namespace quorate {
namespace {

using testing::HasSubstr;

Members three() {
  Members members;
  members.set({NodeId{3}, {"c.example", 7003}, true});
  members.set({NodeId{1}, {"a.example", 7001}, false});
  members.set({NodeId{2}, {"::1", 65535}, false});
  return members;
}

TEST(MembersTest, ComeBackFromTheContextAsTheyWere) {
  const auto decoded = Members::decode(three().encode());
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value(), three());
  EXPECT_EQ(decoded.value().find(NodeId{3})->address.port, 7003);
  EXPECT_EQ(decoded.value().find(NodeId{4}), nullptr);
}

TEST(MembersTest, AnEmptyContextNamesNobody) {
  EXPECT_TRUE(Members::decode(Bytes{}).value().all().empty());
}

TEST(MembersTest, AMemberThatIsSetAgainMoves) {
  Members members = three();
  members.set({NodeId{1}, {"b.example", 1}, false});
  EXPECT_EQ(members.all().size(), 3U);
  EXPECT_EQ(members.find(NodeId{1})->address.host, "b.example");
  members.remove(NodeId{1});
  EXPECT_EQ(members.find(NodeId{1}), nullptr);
}

TEST(MembersTest, AContextThatIsCutShortAnywhereIsRefused) {
  const Bytes whole = three().encode();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(Members::decode(whole.part(0, size)).ok()) << size;
  }
}

TEST(MembersTest, APortThatDoesNotExistIsNamed) {
  // version 1, one member: id 1, no flags, port 65536, host "a"
  const Bytes context =
      Bytes::copy_of(std::string_view{"\x01\x01\x01\x00\x80\x80\x04\x01"
                                      "a",
                                      9});
  EXPECT_THAT(Members::decode(context).error().message, HasSubstr("65536"));
}

TEST(PositionTest, ComesBackAsItWas) {
  SnapshotMeta at;
  at.last = {Index{300}, Term{7}};
  at.configuration = {{NodeId{1}, NodeId{2}}, {}, {NodeId{9}}, three().encode()};
  at.configuration_index = Index{280};
  EXPECT_EQ(decode_position(encode_position(at)).value(), at);
}

TEST(PositionTest, NoBytesAreAMachineThatHasAppliedNothing) {
  EXPECT_EQ(decode_position("").value(), SnapshotMeta{});
}

TEST(PositionTest, ANewerVersionSaysSo) {
  EXPECT_THAT(decode_position("\x02\x01\x01").error().message, HasSubstr("newer"));
}

TEST(PositionTest, OneThatIsCutShortAnywhereIsRefused) {
  SnapshotMeta at;
  at.last = {Index{300}, Term{7}};
  at.configuration = {{NodeId{1}}, {}, {}, {}};
  const std::string whole = encode_position(at);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_position(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace quorate
