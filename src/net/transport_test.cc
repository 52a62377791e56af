#include "net/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "base/assert.h"
#include "net/line.h"
#include "net/world_test.h"

namespace quorate::net {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr FrameType kLetter = FrameType{16};
constexpr ClusterId kCluster{77};

// A node that writes down what befalls it, each event in a line.
class Node : public TransportEvents {
 public:
  Node(testing::World& world, std::uint64_t id, TransportOptions options = {},
       Versions versions = kThisBuild, ClusterId cluster = kCluster)
      : env_(world),
        lane_(env_.start_lane("node", [this] { lane_->alarm(transport->turn()); })),
        address{"host", static_cast<std::uint16_t>(1000 + id)},
        transport(std::make_unique<Transport>(env_, *lane_,
                                              Hello{.cluster = cluster,
                                                    .from = NodeId{id},
                                                    .incarnation = Incarnation{id * 100},
                                                    .to = {},
                                                    .versions = versions,
                                                    .channel = {},
                                                    .features = 0,
                                                    .address = env::describe(address)},
                                              options, Random{id}, *this)) {
    QUORATE_ASSERT(transport->listen(address).ok());
  }

  void knows(const Node& other) { transport->set_peer(other.id(), other.address); }
  [[nodiscard]] NodeId id() const { return NodeId{address.port - 1000U}; }
  Sent send(const Node& to, std::string_view text, Channel channel = Channel::kLog) {
    const Bytes body = Bytes::copy_of(text);
    return transport->send(to.id(), channel, kLetter, {&body, 1});
  }
  [[nodiscard]] bool reaches(const Node& other) const {
    return std::ranges::all_of(kAllChannels, [&](Channel channel) {
      return transport->is_connected(other.id(), channel);
    });
  }

  Result<void> admit(const Hello& peer) override {
    return refuses.empty() ? Result<void>{} : Result<void>{invalid(refuses + describe(peer))};
  }
  void connected(NodeId peer, Channel channel, Incarnation incarnation) override {
    events.push_back("up " + at(peer, channel) + " " + std::to_string(incarnation.value()));
  }
  void disconnected(NodeId peer, Channel channel, const Error& why) override {
    events.push_back("down " + at(peer, channel) + ": " + why.message);
  }
  void received(NodeId peer, Channel channel, Frame frame) override {
    letters.push_back(at(peer, channel) + " " + std::string{frame.body.text().substr(0, 40)});
    on_letter(peer);
  }
  void refused(NodeId peer, Channel channel, const Refusal& why) override {
    refusals.push_back(at(peer, channel) + " " + why.text);
  }
  void can_send_again(NodeId peer, Channel channel) override {
    events.push_back("room " + at(peer, channel));
    on_room();
  }
  void noticed(const std::string& what) override { notices.push_back(what); }

  std::string refuses;
  std::vector<std::string> events, letters, refusals, notices;
  std::function<void(NodeId)> on_letter = [](NodeId) {};
  std::function<void()> on_room = [] {};

 private:
  static std::string at(NodeId peer, Channel channel) {
    return std::to_string(peer.value()) + "/" + std::string{name_of(channel)};
  }
  testing::WorldEnv env_;
  std::unique_ptr<env::Lane> lane_;

 public:
  env::Address address;
  std::unique_ptr<Transport> transport;
};

class Net : public ::testing::Test {
 protected:
  static bool both_reach(const Node& a, const Node& b) { return a.reaches(b) && b.reaches(a); }
  void introduce(Node& a, Node& b) {
    a.knows(b);
    b.knows(a);
    ASSERT_TRUE(world_.run_until([&] { return both_reach(a, b); }));
  }

  testing::World world_;
};

// ---- What it carries

TEST_F(Net, TwoNodesReachEachOtherOnAllChannelsAndSayWhoTheyAre) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  EXPECT_THAT(a.events, ElementsAre("up 2/control 200", "up 2/log 200", "up 2/bulk 200"));
  EXPECT_THAT(b.events, ElementsAre("up 1/control 100", "up 1/log 100", "up 1/bulk 100"));
  EXPECT_THAT(a.transport->describe(), HasSubstr("n2 log -> host:1002 connected, version 1"));
}

TEST_F(Net, FramesOfOneChannelArriveWholeAndInOrder) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  for (const char* text : {"one", "two", "three"}) {
    EXPECT_EQ(a.send(b, text), Sent::kOnItsWay);
  }
  world_.run_for(10ms);
  EXPECT_THAT(b.letters, ElementsAre("1/log one", "1/log two", "1/log three"));
}

TEST_F(Net, AnAnswerMayBeSentFromWithinTheEvent) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  b.on_letter = [&](NodeId) { b.send(a, "answer", Channel::kControl); };
  a.send(b, "question");
  ASSERT_TRUE(world_.run_until([&] { return !a.letters.empty(); }));
  EXPECT_THAT(a.letters, ElementsAre("2/control answer"));
}

TEST_F(Net, SplitsAtEveryByteChangeNothing) {
  world_.piece = 1;
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  a.send(b, "whole");
  world_.run_for(100ms);
  EXPECT_THAT(b.letters, ElementsAre("1/log whole"));
}

TEST_F(Net, WhatIsSentToNobodyOrBeforeTheConnectionIsNotTaken) {
  Node a{world_, 1};
  Node b{world_, 2};
  EXPECT_EQ(a.send(b, "x"), Sent::kAway);
  a.knows(b);
  EXPECT_EQ(a.send(b, "x"), Sent::kAway);
}

TEST_F(Net, LargeBodiesInManyPartsArriveAsOne) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  std::size_t got = 0;
  b.on_letter = [&](NodeId) { got = b.letters.back().size(); };
  std::vector<Bytes> parts{Bytes::copy_of("head "), Bytes::copy_of(std::string(3 << 20, 'x')),
                           Bytes::copy_of(" tail")};
  EXPECT_EQ(a.transport->send(b.id(), Channel::kLog, kLetter, parts), Sent::kOnItsWay);
  ASSERT_TRUE(world_.run_until([&] { return got > 0; }));
  EXPECT_THAT(b.letters.back(), HasSubstr("head xxxx"));
}

// ---- What comes damaged

// A short exchange from the first greeting on, each byte of it flipped once: it may cost a
// connection, which is made again, but what arrives is what was sent.
TEST_F(Net, EveryByteFlippedCostsAConnectionAndNothingElse) {
  std::size_t bytes = 1;
  for (std::size_t flip = 0; flip < bytes; ++flip) {
    testing::World world;
    Node a{world, 1};
    Node b{world, 2};
    world.flip_at = flip;
    a.knows(b);
    ASSERT_TRUE(world.run_until([&] { return a.reaches(b); })) << flip;
    a.send(b, "payload");
    world.run_for(50ms);
    bytes = std::max(bytes, std::min<std::size_t>(world.delivered, 600));
    EXPECT_LE(b.letters.size(), 1U);
    for (const std::string& letter : b.letters) {
      EXPECT_EQ(letter, "1/log payload") << flip;
    }
    EXPECT_TRUE(world.run_until([&] { return a.reaches(b); })) << flip;
  }
  EXPECT_GT(bytes, 200U);
}

// ---- Who may not speak

TEST_F(Net, AnotherClusterIsRefusedAndBothSidesSayWhy) {
  Node a{world_, 1};
  Node b{world_, 2, {}, kThisBuild, ClusterId{78}};
  a.knows(b);
  ASSERT_TRUE(world_.run_until([&] { return a.refusals.size() == 3; }));
  EXPECT_THAT(a.refusals[0], HasSubstr("different clusters"));
  EXPECT_THAT(b.notices, Contains(HasSubstr("n1 of cluster 4d and n2 of cluster 4e")));
  EXPECT_FALSE(a.reaches(b));
}

TEST_F(Net, AnotherNodeThanWasMeantIsToldApart) {
  Node a{world_, 1};
  Node b{world_, 2};
  a.transport->set_peer(NodeId{3}, b.address);
  ASSERT_TRUE(world_.run_until([&] { return !a.refusals.empty(); }));
  EXPECT_THAT(a.refusals[0], HasSubstr("n1 meant to reach n3, but this is n2"));
}

TEST_F(Net, AnIncarnationThatTheOwnerDoesNotKnowIsRefusedWithItsWords) {
  Node a{world_, 1};
  Node b{world_, 2};
  b.refuses = "a wiped disk: ";
  a.knows(b);
  ASSERT_TRUE(world_.run_until([&] { return !a.refusals.empty(); }));
  EXPECT_THAT(a.refusals[0], HasSubstr("a wiped disk: n1 of cluster 4d"));
}

TEST_F(Net, TheDialerAlsoAsksWhetherItKnowsWhoAnswers) {
  Node a{world_, 1};
  Node b{world_, 2};
  a.refuses = "not this one: ";
  a.knows(b);
  ASSERT_TRUE(world_.run_until([&] { return !a.refusals.empty(); }));
  EXPECT_THAT(a.refusals[0], HasSubstr("not this one: n2"));
  EXPECT_FALSE(a.reaches(b));
}

TEST_F(Net, ARefusalIsNotAskedForAgainInHasteAndSaidOnce) {
  Node a{world_, 1};
  Node b{world_, 2, {}, kThisBuild, ClusterId{78}};
  a.knows(b);
  world_.run_for(30s);
  EXPECT_LE(a.transport->counters().dials, 3 * 7U);
  EXPECT_THAT(a.notices, SizeIs(1));
  EXPECT_THAT(b.notices, SizeIs(1));
}

TEST_F(Net, OldAndNewSpeakTheHighestVersionThatBothKnow) {
  Node old{world_, 1, {}, Versions{1, 2}};
  Node young{world_, 2, {}, Versions{2, 4}};
  introduce(old, young);
  EXPECT_THAT(old.transport->describe(), HasSubstr("connected, version 2"));
  EXPECT_THAT(young.transport->describe(), HasSubstr("connected, version 2"));
}

TEST_F(Net, NoVersionInCommonIsRefused) {
  Node old{world_, 1, {}, Versions{1, 1}};
  Node young{world_, 2, {}, Versions{2, 4}};
  old.knows(young);
  ASSERT_TRUE(world_.run_until([&] { return !old.refusals.empty(); }));
  EXPECT_THAT(old.refusals[0],
              HasSubstr("n1 speaks version 1 of the protocol, n2 versions 2 to 4"));
}

// ---- A caller that is no node

class Caller : public Line::Owner {
 public:
  Caller(testing::World& world, const env::Address& to) { line_.begin(world.connect(to)); }
  void line_opened() override { opened = true; }
  void line_received(Frame frame) override { types.push_back(static_cast<int>(frame.type)); }
  void line_drained() override {}
  void line_lost(const Error& why) override { lost = why.message; }
  void line_garbled(const Error& why) override { lost = why.message; }
  void say(std::string_view raw) {
    const Bytes bytes = Bytes::copy_of(raw);
    line_.send({&bytes, 1});
  }
  void say(FrameType type, bool skippable, std::string_view body) {
    line_.send_frame(type, skippable, body);
  }
  void greet(std::uint64_t from, std::uint64_t to) {
    say(FrameType::kHello, false,
        encode(Hello{.cluster = kCluster,
                     .from = NodeId{from},
                     .incarnation = Incarnation{1},
                     .to = NodeId{to},
                     .versions = kThisBuild,
                     .channel = Channel::kLog,
                     .features = 0,
                     .address = {}}));
  }
  bool opened = false;
  std::vector<int> types;
  std::string lost;

 private:
  Line line_{*this};
};

TEST_F(Net, GarbageCostsTheConnectionIsCountedAndSaidOnce) {
  Node a{world_, 1};
  for (int i = 0; i < 20; ++i) {
    Caller caller{world_, a.address};
    world_.run_until([&] { return caller.opened; });
    caller.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    world_.run_for(10ms);
    EXPECT_THAT(caller.lost, HasSubstr("closed"));
  }
  EXPECT_EQ(a.transport->counters().malformed, 20U);
  ASSERT_THAT(a.notices, SizeIs(1));
  EXPECT_THAT(a.notices[0], HasSubstr("is this a node of Quorate at all?"));
}

TEST_F(Net, ASecondNodeWithTheSameIdIsRefusedAndBothAreNamed) {
  Node a{world_, 1};
  Caller twin{world_, a.address};
  world_.run_until([&] { return twin.opened; });
  twin.greet(1, 2);
  world_.run_for(10ms);
  EXPECT_THAT(twin.types, ElementsAre(static_cast<int>(FrameType::kRefusal)));
  ASSERT_THAT(a.notices, SizeIs(1));
  EXPECT_THAT(a.notices[0], HasSubstr("are two nodes with one id"));
}

TEST_F(Net, FramesOfALaterVersionAreSkippedWhereTheySayThatTheyMayBe) {
  Node a{world_, 1};
  Caller caller{world_, a.address};
  world_.run_until([&] { return caller.opened; });
  caller.greet(2, 1);
  caller.say(FrameType{9}, true, "from the future");
  caller.say(kLetter, false, "hello");
  world_.run_for(10ms);
  EXPECT_THAT(a.letters, ElementsAre("2/log hello"));
  EXPECT_EQ(a.transport->counters().frames_skipped, 1U);
  caller.say(FrameType{9}, false, "that matters");
  world_.run_for(10ms);
  EXPECT_THAT(caller.lost, HasSubstr("closed"));
}

TEST_F(Net, WhoDoesNotGreetIsClosedInTime) {
  Node a{world_, 1};
  Caller caller{world_, a.address};
  world_.run_for(1s);
  EXPECT_EQ(caller.lost, "");
  world_.run_for(2s);
  EXPECT_THAT(caller.lost, HasSubstr("closed"));
}

TEST_F(Net, NothingIsTakenFromWhoHasNotGreeted) {
  Node a{world_, 1};
  Caller caller{world_, a.address};
  world_.run_until([&] { return caller.opened; });
  caller.say(kLetter, true, "let me in");
  world_.run_for(10ms);
  EXPECT_THAT(a.letters, IsEmpty());
  EXPECT_THAT(caller.lost, HasSubstr("closed"));
}

TEST_F(Net, BeyondTheCapsConnectionsAreClosedAndPeersComeInAllTheSame) {
  TransportOptions options;
  options.max_ungreeted = 5;
  Node a{world_, 1, options};
  std::deque<Caller> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back(world_, a.address);
  }
  world_.run_for(10ms);
  EXPECT_EQ(a.transport->counters().over_cap, 45U);
  EXPECT_THAT(a.notices, SizeIs(1));
  Node b{world_, 2};
  introduce(a, b);
}

TEST_F(Net, AConnectionThatIsMadeAgainReplacesTheOneBefore) {
  Node a{world_, 1};
  Caller first{world_, a.address};
  Caller second{world_, a.address};
  world_.run_until([&] { return first.opened && second.opened; });
  first.greet(2, 1);
  world_.run_for(10ms);
  second.greet(2, 1);
  world_.run_for(10ms);
  EXPECT_THAT(first.lost, HasSubstr("closed"));
  EXPECT_EQ(second.lost, "");
}

// ---- Connections that break

TEST_F(Net, APeerThatIsAwayIsDialedEverMoreSeldomAndByChance) {
  Node a{world_, 1};
  a.transport->set_peer(NodeId{2}, {"host", 1002});
  world_.run_for(1s);
  const std::uint64_t first = a.transport->counters().dials;
  EXPECT_GE(first, 3 * 5U);
  EXPECT_LE(first, 3 * 12U);
  world_.run_for(60s);
  const std::uint64_t rest = a.transport->counters().dials - first;
  EXPECT_GE(rest, 3 * 55U);
  EXPECT_LE(rest, 3 * 125U);
  EXPECT_THAT(a.notices, SizeIs(2)) << "once a minute";
}

TEST_F(Net, APeerThatComesBackIsReachedAgainAndThatIsAnEvent) {
  Node a{world_, 1};
  auto b = std::make_unique<Node>(world_, 2);
  introduce(a, *b);
  a.events.clear();
  b = nullptr;
  world_.run_for(5s);
  EXPECT_THAT(a.events, Contains("down 2/control: host:1002 closed the connection"));
  b = std::make_unique<Node>(world_, 2);
  b->knows(a);
  const Instant back = world_.now();
  ASSERT_TRUE(world_.run_until([&] { return a.reaches(*b); }));
  // It came by itself, so nobody waited for the next dial.
  EXPECT_LT(world_.now() - back, 10ms);
}

TEST_F(Net, AHalfOpenConnectionIsFoundByPingsThatNobodyAnswers) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  world_.swallows = true;
  world_.run_for(1s);
  EXPECT_TRUE(a.reaches(b));
  world_.run_for(2s);
  EXPECT_FALSE(a.reaches(b));
  EXPECT_THAT(a.events, Contains(HasSubstr("down 2/log: n2 at host:1002 left 3 pings")));
  EXPECT_GE(b.transport->counters().silent, 3U);
  world_.swallows = false;
  EXPECT_TRUE(world_.run_until([&] { return both_reach(a, b); }));
}

TEST_F(Net, AnIdleConnectionStaysForAsLongAsItIsAnswered) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  const std::size_t before = world_.delivered;
  world_.run_for(600s);
  EXPECT_TRUE(both_reach(a, b));
  EXPECT_EQ(world_.connects, 6U);
  EXPECT_LE(world_.delivered - before, 600 * 2 * 6 * 2 * kFrameHead);
}

TEST_F(Net, ARemovedPeerIsNeitherDialedNorHeardAndAnswersNoMore) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  a.events.clear();
  b.send(a, "too late");
  a.transport->remove_peer(b.id());
  b.transport->remove_peer(a.id());
  world_.run_for(10s);
  EXPECT_THAT(a.events, IsEmpty());
  EXPECT_THAT(a.letters, IsEmpty());
  EXPECT_EQ(a.send(b, "x"), Sent::kAway);
  EXPECT_EQ(world_.connects, 6U);
}

TEST_F(Net, PeersMayBeRemovedFromWithinTheirOwnEvents) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  b.on_letter = [&](NodeId peer) { b.transport->remove_peer(peer); };
  a.send(b, "one");
  a.send(b, "two");
  world_.run_for(10ms);
  EXPECT_THAT(b.letters, ElementsAre("1/log one"));
}

TEST_F(Net, ANewAddressIsDialedInsteadOfTheOldOne) {
  Node a{world_, 1};
  a.transport->set_peer(NodeId{2}, {"host", 999});
  world_.run_for(1s);
  Node b{world_, 2};
  a.knows(b);
  EXPECT_TRUE(world_.run_until([&] { return a.reaches(b); }));
}

// ---- Bounds

TEST_F(Net, AFullLogChannelRefusesAndSaysWhenThereIsRoomAgain) {
  TransportOptions options;
  options.queue[place_of(Channel::kLog)] = 100'000;
  options.window = 10'000;
  Node a{world_, 1, options};
  Node b{world_, 2};
  introduce(a, b);
  world_.bytes_per_second = 1'000'000;
  const std::string text(1000, 'x');
  int sent = 0;
  while (a.send(b, text) == Sent::kOnItsWay) {
    ++sent;
    ASSERT_LT(sent, 1000);
  }
  EXPECT_LE(a.transport->queued(b.id(), Channel::kLog), 110'000U);
  EXPECT_THAT(a.events, ::testing::Not(Contains("room 2/log")));
  Sent again = Sent::kFull;
  a.on_room = [&] { again = a.send(b, text); };
  ASSERT_TRUE(world_.run_until([&] { return again == Sent::kOnItsWay; }));
  world_.run_for(1s);
  EXPECT_EQ(b.letters.size(), static_cast<std::size_t>(sent) + 1);
}

TEST_F(Net, AFullControlChannelForgetsTheOldest) {
  TransportOptions options;
  options.queue[place_of(Channel::kControl)] = 10'000;
  options.window = 1000;
  Node a{world_, 1, options};
  Node b{world_, 2};
  introduce(a, b);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(a.send(b, std::to_string(i) + std::string(1000, ' '), Channel::kControl),
              Sent::kOnItsWay);
  }
  world_.run_for(1s);
  EXPECT_EQ(a.transport->counters().frames_dropped, 91U);
  ASSERT_EQ(b.letters.size(), 9U);
  EXPECT_THAT(b.letters.back(), HasSubstr("1/control 99"));
}

// The stream itself is slow here: 1 MB/s, so that 20 MB take 20 seconds.
TEST_F(Net, ALargeTransferDelaysNoHeartbeatAndIsNotTakenForSilence) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  world_.bytes_per_second = 1'000'000;
  const std::string chunk(1 << 20, 'x');
  int chunks = 0;
  const auto fill = [&] {
    while (chunks < 20 && a.send(b, chunk, Channel::kBulk) == Sent::kOnItsWay) {
      ++chunks;
    }
  };
  a.on_room = fill;
  fill();
  Duration slowest{};
  for (int i = 0; i < 100; ++i) {
    const std::size_t before = b.letters.size();
    const Instant start = world_.now();
    a.send(b, "heartbeat", Channel::kControl);
    ASSERT_TRUE(world_.run_until(
        [&] { return std::ranges::count(b.letters, "1/control heartbeat") == i + 1; }));
    slowest = std::max(slowest, world_.now() - start);
    world_.run_for(200ms);
    ASSERT_GE(b.letters.size(), before);
  }
  EXPECT_LT(slowest, 1ms);
  ASSERT_TRUE(world_.run_until([&] { return b.letters.size() == 120; }));
  EXPECT_EQ(world_.connects, 6U);
}

TEST_F(Net, APausedChannelIsReadWhenItIsResumedAndTheOthersMeanwhile) {
  Node a{world_, 1};
  Node b{world_, 2};
  introduce(a, b);
  b.transport->pause(Channel::kLog);
  a.send(b, "later");
  a.send(b, "now", Channel::kControl);
  world_.run_for(100ms);
  EXPECT_THAT(b.letters, ElementsAre("1/control now"));
  b.transport->resume(Channel::kLog);
  world_.run_for(100ms);
  EXPECT_THAT(b.letters, ElementsAre("1/control now", "1/log later"));
}

}  // namespace
}  // namespace quorate::net
