#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "sim/env/test_program.h"
#include "sim/env/world.h"

namespace quorate::simenv {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct StreamTest : testing::Test {
  World world{3};
  Box a{world, "n1"};
  Box b{world, "n2"};

  StreamTest() { listen(); }
  ~StreamTest() override { EXPECT_TRUE(world.violations().empty()); }

  void listen() {
    b->first.post([this](env::Lane& lane) {
      b->listener = std::move(lane.listen({"n2", 7000},
                                          [this](std::unique_ptr<env::Stream> stream) {
                                            server().hold(std::move(stream));
                                          })
                                  .value());
    });
    world.run_for(milliseconds{10});
  }
  static Side& side_of(Box& box) {
    if (box->sides.empty()) {
      box->sides.push_back(std::make_unique<Side>());
    }
    return *box->sides[0];
  }
  Side& client() { return side_of(a); }
  Side& server() { return side_of(b); }
  void connect(const env::Address& to = {"n2", 7000}) {
    client();
    a->first.post([this, to](env::Lane& lane) { client().hold(lane.connect(to)); });
    world.run_for(milliseconds{50});
  }
  void client_sends(const std::string& text) {
    a->first.post([this, text](env::Lane&) { client().send(text); });
  }
  void server_sends(const std::string& text) {
    b->first.post([this, text](env::Lane&) { server().send(text); });
  }
  static std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>((i * 2654435761U) >> 13U);
    }
    return text;
  }
};

TEST_F(StreamTest, BytesArriveInOrderInPiecesOfEverySize) {
  connect();
  EXPECT_EQ(client().log, "o");
  const std::string text = pattern(5'000'000);
  client_sends(text);
  world.run_for(seconds{60});
  EXPECT_TRUE(server().all == text);
  EXPECT_GT(server().log.size(), 50U);
  EXPECT_EQ(client().log, "od");
}

TEST_F(StreamTest, WhatIsSentBeforeItIsOpenGoesWhenItIs) {
  client();
  a->first.post([this](env::Lane& lane) {
    client().hold(lane.connect({"n2", 7000}));
    client().send("early ");
    client().send("bird");
    EXPECT_EQ(client().stream->unsent(), 10U);
  });
  world.run_for(seconds{1});
  EXPECT_EQ(server().all, "early bird");
  EXPECT_EQ(client().log, "od");
}

TEST_F(StreamTest, ASlowReceiverBringsTheSenderToAHalt) {
  connect();
  client_sends("x");
  world.run_for(seconds{1});
  b->first.post([this](env::Lane&) { server().stream->want(false); });
  client_sends(pattern(1'000'000));
  world.run_for(seconds{10});
  EXPECT_EQ(server().all.size(), 1U);
  EXPECT_EQ(client().stream->unsent(), 1'000'000 - Network::kWindow);
  EXPECT_EQ(client().log, "od");
  b->first.post([this](env::Lane&) { server().stream->want(true); });
  world.run_for(seconds{10});
  EXPECT_EQ(server().all.size(), 1'000'001U);
  EXPECT_EQ(client().stream->unsent(), 0U);
  EXPECT_EQ(client().log, "odd");
}

TEST_F(StreamTest, WidthBoundsTheRate) {
  world.network().link(a.machine, b.machine).bytes_per_us = 1;
  connect();
  const Instant begun = world.now();
  client_sends(pattern(2'000'000));
  EXPECT_TRUE(world.run_until([this] { return server().all.size() == 2'000'000; }, seconds{60}));
  EXPECT_GT(world.now() - begun, milliseconds{1990});
  EXPECT_LT(world.now() - begun, milliseconds{2200});
}

// ---- Beginnings

TEST_F(StreamTest, WhereNobodyListensItIsRefused) {
  connect({"n2", 7001});
  EXPECT_EQ(client().log, "c");
  EXPECT_EQ(client().end, "cannot connect to n2:7001: Connection refused");
}

TEST_F(StreamTest, AnUnknownNameLeadsNowhere) {
  connect({"n9", 7000});
  EXPECT_THAT(client().end, HasSubstr("n9:7000 leads nowhere"));
}

TEST_F(StreamTest, APortIsTakenOnceAndFreeAgain) {
  bool checked = false;
  b->second.post([&](env::Lane& lane) {
    const auto ignore = [](std::unique_ptr<env::Stream>) {};
    EXPECT_THAT(lane.listen({"0.0.0.0", 7000}, ignore).error().message, HasSubstr("7000"));
    EXPECT_THAT(lane.listen({"n1", 7002}, ignore).error().message, HasSubstr("no address of n2"));
    auto any = std::move(lane.listen({"localhost", 0}, ignore).value());
    EXPECT_NE(any->address().port, 0);
    b->listener.reset();
    EXPECT_TRUE(lane.listen({"n2", 7000}, ignore).ok());
    checked = true;
  });
  world.run_for(seconds{1});
  EXPECT_TRUE(checked);
}

TEST_F(StreamTest, AMachineThatIsOffAnswersNobodyAndOneThatWasKilledRefuses) {
  b.machine.crash();
  connect();
  world.run_for(seconds{20});
  EXPECT_EQ(client().log, "");
  world.run_for(seconds{20});
  EXPECT_THAT(client().end, HasSubstr("timed out"));
  b.machine.start();
  b.machine.kill();
  connect();
  EXPECT_THAT(client().end, HasSubstr("refused"));
}

TEST_F(StreamTest, AMachineReachesItself) {
  Side inner;
  b->second.post([&](env::Lane& lane) { inner.hold(lane.connect({"localhost", 7000})); });
  world.run_for(seconds{1});
  EXPECT_EQ(inner.log, "o");
  b->second.post([&](env::Lane&) { inner.stream.reset(); });
  world.run_for(seconds{1});
  EXPECT_THAT(server().end, HasSubstr("closed the connection"));
}

// ---- Ends

TEST_F(StreamTest, WhatTheSystemTookIsReadBeforeTheEnd) {
  connect();
  client().on_drained = [this] { client().stream.reset(); };
  client_sends(pattern(100'000));
  world.run_for(seconds{5});
  EXPECT_EQ(server().all.size(), 100'000U);
  EXPECT_THAT(server().end, testing::MatchesRegex("n1:4[0-9]+ closed the connection"));
  EXPECT_EQ(client().log, "od");
}

TEST_F(StreamTest, WhatTheSystemDidNotTakeIsLostWithTheStream) {
  connect();
  a->first.post([this](env::Lane&) {
    client().send("never");
    client().stream.reset();
  });
  world.run_for(seconds{5});
  EXPECT_EQ(server().all, "");
  EXPECT_EQ(server().log, "c");
}

TEST_F(StreamTest, AResetIsToldToBothAndLosesWhatIsUnderWay) {
  connect();
  client_sends(pattern(1'000'000));
  world.run_for(milliseconds{2});
  world.network().reset(a.machine, b.machine);
  world.run_for(seconds{5});
  EXPECT_THAT(client().end, HasSubstr("reset by peer"));
  EXPECT_THAT(server().end, HasSubstr("reset by peer"));
  EXPECT_LT(server().all.size(), 1'000'000U);
  EXPECT_EQ(server().all, pattern(1'000'000).substr(0, server().all.size()));
  EXPECT_EQ(client().stream->unsent(), 0U);
  EXPECT_EQ(world.network().streams(a.machine, b.machine), 0U);
}

TEST_F(StreamTest, APowerLossTellsNobodyUntilTheMachineIsBack) {
  connect();
  client_sends("x");
  world.run_for(seconds{1});
  b.machine.crash();
  client_sends("y");
  world.run_for(seconds{60});
  EXPECT_EQ(client().log, "odd");
  b.machine.start();
  world.run_for(seconds{60});
  EXPECT_EQ(client().log, "odd");  // It has not sent anything since.
  client_sends("z");
  world.run_for(seconds{1});
  EXPECT_THAT(client().end, HasSubstr("reset by peer"));
}

TEST_F(StreamTest, AKilledProcessIsNoticed) {
  connect();
  client_sends("x");
  world.run_for(seconds{1});
  b.machine.kill();
  world.run_for(seconds{1});
  EXPECT_FALSE(client().end.empty());
}

TEST_F(StreamTest, ACrashedMachineSendsNothingMore) {
  connect();
  a->first.post([this](env::Lane&) { client().send("x"); });
  a.machine.crash();
  world.run_for(seconds{1});
  EXPECT_EQ(server().all, "");
  EXPECT_EQ(server().log, "");
}

TEST_F(StreamTest, APausedMachineAcceptsAndReadsLater) {
  b.machine.pause();
  connect();
  EXPECT_EQ(client().log, "o");
  client_sends(pattern(1'000'000));
  world.run_for(seconds{10});
  EXPECT_GT(client().stream->unsent(), 0U);
  b.machine.resume();
  world.run_for(seconds{10});
  EXPECT_EQ(server().all.size(), 1'000'000U);
}

// ---- Links

TEST_F(StreamTest, ACutLinkHoldsBackWhatIsSentAndNobodyIsTold) {
  connect();
  world.network().cut(a.machine, b.machine);
  client_sends("there");
  server_sends("back");
  world.run_for(seconds{100});
  EXPECT_EQ(server().all, "");
  EXPECT_EQ(client().all, "back");  // One way only.
  world.network().cut(a.machine, b.machine);
  world.network().mend(a.machine, b.machine);
  world.run_for(seconds{100});
  EXPECT_EQ(server().all, "");  // Was cut twice.
  world.network().mend(a.machine, b.machine);
  world.run_for(seconds{1});
  EXPECT_EQ(server().all, "there");
  EXPECT_TRUE(client().end.empty());
}

TEST_F(StreamTest, AcknowledgementsComeOverTheWayBack) {
  connect();
  world.network().cut(b.machine, a.machine);
  client_sends(pattern(1'000'000));
  world.run_for(seconds{10});
  EXPECT_EQ(server().all.size(), Network::kWindow);
  world.network().heal();
  world.run_for(seconds{10});
  EXPECT_EQ(server().all.size(), 1'000'000U);
}

TEST_F(StreamTest, AnIsolatedMachineComesBack) {
  world.network().isolate(b.machine);
  connect();
  EXPECT_EQ(client().log, "");
  world.run_for(seconds{2});
  world.network().heal();
  world.run_for(seconds{5});
  EXPECT_EQ(client().log, "o");
}

TEST_F(StreamTest, AnEndThatMeetsACutLinkIsHeardWhenItIsMended) {
  connect();
  world.network().cut(a.machine, b.machine);
  a->first.post([this](env::Lane&) { client().stream.reset(); });
  world.run_for(seconds{10});
  EXPECT_EQ(server().log, "");
  world.network().heal();
  world.run_for(seconds{1});
  EXPECT_EQ(server().log, "c");
}

TEST_F(StreamTest, ABlackHoleSwallowsStreamsThatAreThereAndNoOthers) {
  connect();
  world.network().black_hole(a.machine, b.machine);
  client_sends("x");
  server_sends("y");
  world.run_for(seconds{100});
  EXPECT_EQ(server().all + client().all, "");
  EXPECT_EQ(server().end + client().end, "");
  a->first.post([this](env::Lane& lane) {
    client().hold(lane.connect({"n2", 7000}));
    client().send("again");
  });
  world.run_for(seconds{1});
  EXPECT_EQ(server().all, "again");
}

TEST_F(StreamTest, BitsFlipOnDemand) {
  connect();
  world.network().link(a.machine, b.machine).flips = 1'000'000;
  const std::string text = pattern(10'000);
  client_sends(text);
  world.run_for(seconds{1});
  EXPECT_EQ(server().all.size(), text.size());
  EXPECT_NE(server().all, text);
}

// ---- Destroyed from within its events

TEST_F(StreamTest, AStreamMayGoWithinEachOfItsEvents) {
  client().on_opened = [this] { client().stream.reset(); };
  connect();
  EXPECT_EQ(client().log, "o");
  client().on_opened = [] {};
  connect();
  server().on_received = [this](std::string_view) { server().stream.reset(); };
  client_sends("x");
  world.run_for(seconds{1});
  EXPECT_FALSE(client().end.empty());
}

TEST_F(StreamTest, StreamsMayOutliveTheirLane) {
  connect();
  EXPECT_EQ(world.network().streams(a.machine, b.machine), 1U);
  a.machine.stop();
  EXPECT_TRUE(world.run_until([this] { return a.machine.down(); }, seconds{1}));
  world.run_for(seconds{1});
  EXPECT_EQ(server().log, "c");
}

}  // namespace
}  // namespace quorate::simenv
