#include "net/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace quorate::net {
namespace {

constexpr FrameType kSome = FrameType{17};
constexpr std::size_t kAll = ~std::size_t{0};

Bytes bytes(std::size_t size, char letter) { return Bytes::copy_of(std::string(size, letter)); }

bool add(Outbox& outbox, std::initializer_list<Bytes> body) {
  return outbox.add(kSome, false, {body.begin(), body.size()});
}

// The bodies, as a reader finds them.
std::vector<std::string> taken(Outbox& outbox, std::size_t most = kAll) {
  std::vector<Bytes> pieces;
  outbox.take(most, pieces);
  FrameReader reader{std::size_t{1} << 20U};
  std::vector<std::string> bodies;
  for (const Bytes& piece : pieces) {
    std::string_view text = piece.text();
    Frame frame;
    while (reader.next(text, frame) == FrameReader::Found::kFrame) {
      bodies.emplace_back(frame.body.text());
    }
  }
  return bodies;
}

TEST(Outbox, GivesFramesBackInOrder) {
  Outbox outbox{1000};
  EXPECT_TRUE(add(outbox, {Bytes::copy_of("one")}));
  EXPECT_TRUE(add(outbox, {}));
  EXPECT_TRUE(add(outbox, {Bytes::copy_of("thr"), Bytes::copy_of("ee")}));
  EXPECT_THAT(taken(outbox), ::testing::ElementsAre("one", "", "three"));
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0U);
}

TEST(Outbox, ManySmallFramesLeaveAsOnePiece) {
  Outbox outbox{1U << 20U};
  for (int i = 0; i < 100; ++i) {
    add(outbox, {bytes(100, 'x'), bytes(50, 'y')});
  }
  std::vector<Bytes> pieces;
  outbox.take(kAll, pieces);
  EXPECT_EQ(pieces.size(), 1U);
}

TEST(Outbox, LargePiecesAreSharedAndSmallOnesAroundThemGathered) {
  Outbox outbox{1U << 20U};
  const Bytes large = bytes(10'000, 'x');
  add(outbox, {bytes(10, 'a'), large, bytes(10, 'b'), bytes(2000, 'c'), bytes(1, 'd')});
  std::vector<Bytes> pieces;
  outbox.take(kAll, pieces);
  ASSERT_EQ(pieces.size(), 5U);
  EXPECT_EQ(pieces[1].span().data(), large.span().data());
  Outbox again{1U << 20U};
  add(again, {bytes(10, 'a'), large, bytes(10, 'b'), bytes(2000, 'c'), bytes(1, 'd')});
  EXPECT_EQ(taken(again).at(0), std::string(10, 'a') + std::string(10'000, 'x') +
                                    std::string(10, 'b') + std::string(2000, 'c') + "d");
}

TEST(Outbox, AFrameOfManySmallPiecesMayBeLargerThanItsBlocks) {
  Outbox outbox{1U << 20U};
  const std::vector<Bytes> body(300, bytes(1000, 'x'));
  EXPECT_TRUE(outbox.add(kSome, false, body));
  EXPECT_EQ(taken(outbox).at(0), std::string(300'000, 'x'));
}

TEST(Outbox, RefusesWhatGoesBeyondItsLimitUnlessNothingElseWaits) {
  Outbox outbox{100};
  EXPECT_TRUE(add(outbox, {bytes(500, 'x')}));
  EXPECT_FALSE(add(outbox, {bytes(1, 'y')}));
  EXPECT_EQ(taken(outbox).size(), 1U);
  EXPECT_TRUE(add(outbox, {bytes(34, 'x')}));
  EXPECT_TRUE(add(outbox, {bytes(34, 'y')}));
  EXPECT_FALSE(add(outbox, {}));
  EXPECT_EQ(outbox.bytes(), 100U);
}

TEST(Outbox, TheOldestMakeRoomWhereThatIsAskedFor) {
  Outbox outbox{100};
  const Bytes first = bytes(34, 'x');
  const Bytes second = bytes(34, 'y');
  const Bytes third = bytes(30, 'z');
  EXPECT_EQ(outbox.add_over_oldest(kSome, false, {&first, 1}), 0U);
  EXPECT_EQ(outbox.add_over_oldest(kSome, false, {&second, 1}), 0U);
  EXPECT_EQ(outbox.add_over_oldest(kSome, false, {&third, 1}), 1U);
  EXPECT_THAT(taken(outbox), ::testing::ElementsAre(second.text(), third.text()));
}

TEST(Outbox, GivesOnlyAsMuchAsIsAskedForInWholeFrames) {
  Outbox outbox{1000};
  for (int i = 0; i < 5; ++i) {
    add(outbox, {bytes(84, 'x')});
  }
  EXPECT_EQ(taken(outbox, 150).size(), 2U);
  EXPECT_EQ(outbox.bytes(), 300U);
  outbox.clear();
  EXPECT_TRUE(taken(outbox).empty());
}

}  // namespace
}  // namespace quorate::net
