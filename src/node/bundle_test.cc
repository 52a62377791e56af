#include "node/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "node/outbox.h"

namespace quorate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr GroupId kGroup{300};

Message heartbeat(std::uint64_t to, std::uint64_t commit) {
  return {NodeId{1}, NodeId{to}, Term{4}, Heartbeat{Index{commit}, Round{2}}};
}

Message append(std::uint64_t to, std::size_t size) {
  const Bytes payload = Bytes::copy_of(std::string(size, 'x'));
  return {NodeId{1}, NodeId{to}, Term{4},
          Append{{Index{1}, Term{1}},
                 Index{1},
                 Round{2},
                 {{Term{4}, Index{2}, EntryKind::kCommand, payload}}}};
}

std::vector<Said> said_by(const Bytes& body) {
  std::vector<Said> said;
  const auto result = decode(body, said);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return said;
}

template <class What>
What one(const Bytes& body) {
  const std::vector<Said> said = said_by(body);
  EXPECT_THAT(said, SizeIs(1));
  return std::get<What>(said.at(0));
}

TEST(BundleTest, MessagesOfManyGroupsComeBackInOrder) {
  Bundle bundle;
  bundle.add(GroupId{1}, heartbeat(2, 7));
  bundle.add(GroupId{900}, append(2, 40));
  const auto said = said_by(bundle.take());
  ASSERT_THAT(said, SizeIs(2));
  EXPECT_EQ(std::get<GroupMessage>(said[0]).group, GroupId{1});
  EXPECT_EQ(std::get<GroupMessage>(said[0]).message, heartbeat(2, 7));
  EXPECT_EQ(std::get<GroupMessage>(said[1]).message, append(2, 40));
  EXPECT_TRUE(bundle.empty());
}

TEST(BundleTest, WhatIsSaidOfSnapshotsAndRepairsComesBackAsItWas) {
  const SnapshotName name{kGroup, {Index{9}, Term{3}}};
  const Want want = one<Want>(encode(Want{name, 2, 4096, 512}));
  EXPECT_EQ(want.snapshot, name);
  EXPECT_EQ(want.file, 2U);
  EXPECT_EQ(want.offset, 4096U);
  EXPECT_EQ(want.size, 512U);
  const Piece piece = one<Piece>(encode(Piece{name, 1, 7, Bytes::copy_of("bytes")}));
  EXPECT_EQ(piece.offset, 7U);
  EXPECT_EQ(piece.bytes.text(), "bytes");
  EXPECT_EQ(one<Gone>(encode(Gone{name})).snapshot, name);
  const AskEntry ask = one<AskEntry>(encode(AskEntry{kGroup, name.last, 0xabcdef}));
  EXPECT_EQ(ask.position, name.last);
  EXPECT_EQ(ask.checksum, 0xabcdefU);
  const Entry entry{Term{3}, Index{9}, EntryKind::kCommand, Bytes::copy_of("lost")};
  EXPECT_EQ(one<EntryFound>(encode(EntryFound{kGroup, entry})).entry, entry);
  const auto missing =
      one<EntryMissing>(encode(EntryMissing{kGroup, name.last, EntryMissing::Why::kLacking}));
  EXPECT_EQ(missing.position, name.last);
  EXPECT_EQ(missing.why, EntryMissing::Why::kLacking);
  EXPECT_EQ(one<AskOffer>(encode(AskOffer{kGroup})).group, kGroup);
}

TEST(BundleTest, AnOfferCarriesTheMessageThatInstalls) {
  SnapshotMeta meta;
  meta.last = {Index{9}, Term{3}};
  meta.configuration = {{NodeId{1}}, {}, {}, {}};
  const Message install{NodeId{1}, NodeId{2}, Term{4}, InstallSnapshot{meta, Round{1}}};
  const Offer offer = one<Offer>(encode(Offer{kGroup, install, Bytes::copy_of("manifest")}));
  EXPECT_EQ(offer.install, install);
  EXPECT_EQ(offer.manifest.text(), "manifest");
}

TEST(BundleTest, AnOfferOfSomethingElseIsRefused) {
  std::vector<Said> said;
  EXPECT_FALSE(decode(encode(Offer{kGroup, heartbeat(2, 1), {}}), said).ok());
}

TEST(BundleTest, ABodyOfATypeThatIsNotKnownIsPassedOver) {
  EXPECT_THAT(said_by(Bytes::copy_of("\x7fsomething newer")), IsEmpty());
}

TEST(BundleTest, ABodyThatIsCutShortAnywhereIsRefusedOrHoldsWholeMessages) {
  Bundle bundle;
  bundle.add(kGroup, heartbeat(2, 7));
  const std::size_t first = bundle.size();
  bundle.add(kGroup, append(2, 40));
  const Bytes whole = bundle.take();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<Said> said;
    const bool ok = decode(whole.part(0, size), said).ok();
    EXPECT_EQ(ok, size == 1 || size == first) << size;
  }
}

// ---- Outbox

struct Sent {
  NodeId to;
  Channel channel;
  std::size_t messages;
  bool operator==(const Sent&) const = default;
};

std::vector<Sent> flushed(Outbox& outbox) {
  std::vector<Sent> sent;
  outbox.flush([&sent](NodeId to, Channel channel, const Bytes& body) {
    sent.push_back({to, channel, said_by(body).size()});
  });
  return sent;
}

TEST(OutboxTest, HeartbeatsOfAllGroupsToOneNodeAreOneBody) {
  Outbox outbox;
  for (std::uint64_t group = 1; group <= 1000; ++group) {
    outbox.add(GroupId{group}, heartbeat(2, group));
    outbox.add(GroupId{group}, heartbeat(3, group));
  }
  EXPECT_THAT(flushed(outbox), ElementsAre(Sent{NodeId{2}, Channel::kControl, 1000},
                                           Sent{NodeId{3}, Channel::kControl, 1000}));
  EXPECT_THAT(flushed(outbox), IsEmpty());
}

TEST(OutboxTest, WhatIsLargeTakesAnotherChannel) {
  Outbox outbox;
  outbox.add(kGroup, append(2, 100));
  outbox.add(kGroup, heartbeat(2, 1));
  EXPECT_THAT(flushed(outbox), ElementsAre(Sent{NodeId{2}, Channel::kControl, 1},
                                           Sent{NodeId{2}, Channel::kLog, 1}));
}

TEST(OutboxTest, ALargeBodyIsSentOnItsOwn) {
  Outbox outbox;
  for (int i = 0; i < 5; ++i) {
    outbox.add(kGroup, append(2, 3U << 20U));
  }
  EXPECT_THAT(flushed(outbox),
              ElementsAre(Sent{NodeId{2}, Channel::kLog, 2}, Sent{NodeId{2}, Channel::kLog, 2},
                          Sent{NodeId{2}, Channel::kLog, 1}));
}

}  // namespace
}  // namespace quorate
