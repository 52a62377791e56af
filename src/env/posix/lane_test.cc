#include "env/posix/lane.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "env/mailbox.h"
#include "env/posix/env.h"

namespace quorate::env {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// A value that another thread waits for.
template <class T>
class Awaited {
 public:
  void set(T value) {
    const std::lock_guard hold{mutex_};
    value_ = std::move(value);
    changed_.notify_all();
  }
  T get() {
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [this] { return value_.has_value(); });
    return *value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

// Does what it is told, on a lane of its own, as the test waits.
class Worker {
 public:
  explicit Worker(Env& env) : lane_(env.start_lane("worker", [this] { work(); })) {}

  void run(std::function<void(Lane&)> task) {
    std::promise<void> done;
    tasks_.put([&](Lane& lane) {
      task(lane);
      done.set_value();
    });
    lane_->wake();
    done.get_future().get();
  }
  // What is done at the lane's next call without a task.
  std::function<void()> at_alarm = [] {};

 private:
  void work() {
    std::vector<std::function<void(Lane&)>> tasks;
    tasks_.take(tasks);
    for (auto& task : tasks) {
      task(*lane_);
    }
    if (tasks.empty()) {
      at_alarm();
    }
  }

  Mailbox<std::function<void(Lane&)>> tasks_;
  std::unique_ptr<Lane> lane_;
};

// One side of a connection, with what befell it written down.
struct Side : StreamEvents {
  std::unique_ptr<Stream> stream;
  std::function<void()> on_opened = [] {};
  std::function<void(std::string_view)> on_received = [this](auto text) { all += text; };
  std::function<void()> on_drained = [] {};
  std::function<void()> on_closed = [] {};
  std::string all;
  Awaited<std::string> end;

  void opened() override { on_opened(); }
  void received(std::string_view bytes) override { on_received(bytes); }
  void drained() override { on_drained(); }
  void closed(const Error& why) override {
    end.set(why.message);
    on_closed();
  }
  void hold(std::unique_ptr<Stream> given) {
    stream = std::move(given);
    stream->listen(*this);
  }
  void send(std::string_view text) const {
    const Bytes bytes = Bytes::copy_of(text);
    stream->send({&bytes, 1});
  }
};

class PosixLane : public ::testing::Test {
 protected:
  ~PosixLane() override {
    worker_.run([this](Lane&) {
      client_.stream.reset();
      server_.stream.reset();
      listener_.reset();
    });
  }

  // A listener whose one connection becomes the server's side, and the address that it has.
  Address listen(const std::string& host = "127.0.0.1") {
    Address at;
    worker_.run([&](Lane& lane) {
      auto listener =
          lane.listen({host, 0}, [this](auto stream) { server_.hold(std::move(stream)); });
      ASSERT_TRUE(listener.ok()) << listener.error().message;
      listener_ = std::move(listener.value());
      at = listener_->address();
    });
    return at;
  }
  void connect(const Address& to) {
    worker_.run([&](Lane& lane) { client_.hold(lane.connect(to)); });
  }

  PosixEnv env_;
  Side client_;
  Side server_;
  std::unique_ptr<Listener> listener_;
  Worker worker_{env_};
};

// ---- Wakes and alarms

TEST(PosixLaneWakes, NoLetterIsLostHoweverManyThreadsPutThemIn) {
  constexpr int kThreads = 4;
  constexpr int kLetters = 20'000;
  PosixEnv env;
  Mailbox<int> mailbox;
  std::atomic<std::int64_t> sum{0};
  std::atomic<int> count{0};
  Awaited<bool> all;
  const auto lane = env.start_lane("receiver", [&] {
    std::vector<int> letters;
    mailbox.take(letters);
    for (const int letter : letters) {
      sum += letter;
    }
    count += static_cast<int>(letters.size());
    if (count == kThreads * kLetters) {
      all.set(true);
    }
  });
  std::vector<std::thread> senders;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&] {
      for (int i = 1; i <= kLetters; ++i) {
        if (mailbox.put(i)) {
          lane->wake();
        }
      }
    });
  }
  for (auto& sender : senders) {
    sender.join();
  }
  EXPECT_TRUE(all.get());
  EXPECT_EQ(sum, std::int64_t{kThreads} * kLetters * (kLetters + 1) / 2);
}

// Every wake is answered before the next: each time the lane has gone to sleep, or is about to.
TEST(PosixLaneWakes, AWakeThatMeetsALaneFallingAsleepIsSeen) {
  PosixEnv env;
  std::atomic<int> seen{0};
  std::atomic<int> asked{0};
  const auto lane = env.start_lane("sleeper", [&] {
    seen.store(asked.load());
    seen.notify_all();
  });
  for (int i = 1; i <= 5000; ++i) {
    asked.store(i);
    lane->wake();
    for (int now = seen.load(); now != i; now = seen.load()) {
      seen.wait(now);
    }
  }
  EXPECT_EQ(seen, 5000);
}

TEST(PosixLaneWakes, NothingIsCalledBeforeTheFirstWakeOrAfterTheEnd) {
  PosixEnv env;
  std::atomic<int> calls{0};
  env.start_lane("unused", [&] { ++calls; }).reset();
  EXPECT_EQ(calls, 0);
}

TEST_F(PosixLane, AnAlarmComesAtItsTimeAndOnce) {
  Awaited<Instant> rang;
  std::atomic<int> times{0};
  Instant asked_for;
  worker_.at_alarm = [&] {
    ++times;
    rang.set(env_.now());
  };
  worker_.run([&](Lane& lane) {
    asked_for = env_.now() + std::chrono::milliseconds{20};
    lane.alarm(asked_for);
  });
  EXPECT_GE(rang.get(), asked_for);
  worker_.run([](Lane&) {});
  EXPECT_EQ(times, 1);
}

TEST_F(PosixLane, ALaterAlarmReplacesTheOneBefore) {
  Awaited<Instant> rang;
  worker_.at_alarm = [&] { rang.set(env_.now()); };
  Instant second;
  worker_.run([&](Lane& lane) {
    second = env_.now() + std::chrono::milliseconds{40};
    lane.alarm(env_.now() + std::chrono::milliseconds{1});
    lane.alarm(second);
  });
  EXPECT_GE(rang.get(), second);
}

TEST_F(PosixLane, AnAlarmInThePastComesAtOnce) {
  Awaited<bool> rang;
  worker_.at_alarm = [&] { rang.set(true); };
  worker_.run([&](Lane& lane) { lane.alarm(instant(1)); });
  EXPECT_TRUE(rang.get());
}

// ---- Streams

constexpr std::size_t kMuch = std::size_t{10} << 20U;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>((i * 2654435761U) >> 13U);
  }
  return text;
}

TEST_F(PosixLane, TenMegabytesComeBackAsTheyWentInPiecesOfEverySize) {
  const std::string text = pattern(kMuch);
  Awaited<bool> all;
  server_.on_received = [this](std::string_view bytes) { server_.send(bytes); };
  client_.on_received = [&](std::string_view bytes) {
    client_.all += bytes;
    if (client_.all.size() == text.size()) {
      all.set(true);
    }
  };
  connect(listen());
  worker_.run([&](Lane&) {
    std::vector<Bytes> parts;
    for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
      size = std::min((size * 5 + 1) % 9973, text.size() - at);
      parts.push_back(Bytes::copy_of(std::string_view{text}.substr(at, size)));
    }
    client_.stream->send(parts);
    EXPECT_GT(client_.stream->unsent(), 0U);
  });
  EXPECT_TRUE(all.get());
  worker_.run([&](Lane&) {
    EXPECT_TRUE(client_.all == text);
    EXPECT_EQ(client_.stream->unsent(), 0U);
  });
}

TEST_F(PosixLane, ASenderThatNobodyReadsFromWaitsUntilSomebodyDoes) {
  const std::string text = pattern(kMuch);
  Awaited<bool> opened;
  Awaited<bool> drained;
  client_.on_opened = [&] { opened.set(true); };
  client_.on_drained = [&] { drained.set(true); };
  connect(listen());
  opened.get();
  worker_.run([&](Lane&) {});
  worker_.run([&](Lane&) {
    server_.stream->want(false);
    client_.send(text);
  });
  for (int turns = 0; turns < 50; ++turns) {
    worker_.run([&](Lane&) {
      EXPECT_TRUE(server_.all.empty());
      EXPECT_GT(client_.stream->unsent(), 0U);
    });
  }
  worker_.run([&](Lane&) { server_.stream->want(true); });
  EXPECT_TRUE(drained.get());
}

TEST_F(PosixLane, WhatIsSentBeforeTheConnectionIsThereGoesWhenItIs) {
  Awaited<std::string> got;
  server_.on_received = [&](std::string_view bytes) { got.set(std::string{bytes}); };
  const Address at = listen();
  worker_.run([&](Lane& lane) {
    client_.hold(lane.connect(at));
    client_.send("early ");
    client_.send("bird");
  });
  EXPECT_EQ(got.get(), "early bird");
}

TEST_F(PosixLane, PeersAreNamedByTheirAddresses) {
  Awaited<std::string> name;
  client_.on_opened = [&] { client_.send("x"); };
  server_.on_received = [&](std::string_view) { name.set(server_.stream->peer()); };
  const Address at = listen();
  connect(at);
  EXPECT_THAT(name.get(), HasSubstr("127.0.0.1:"));
  worker_.run([&](Lane&) { EXPECT_EQ(client_.stream->peer(), describe(at)); });
}

TEST_F(PosixLane, LocalhostAndIPv6AreUnderstood) {
  for (const char* host : {"localhost", "::1"}) {
    Awaited<bool> opened;
    client_.on_opened = [&] { opened.set(true); };
    connect(listen(host));
    EXPECT_TRUE(opened.get()) << host;
    client_.on_opened = [] {};
  }
}

TEST_F(PosixLane, ANameThatDoesNotExistIsAnEventAndStopsNobody) {
  connect({"does-not-exist.invalid", 2380});
  worker_.run([](Lane&) {});
  EXPECT_THAT(client_.end.get(), HasSubstr("does-not-exist.invalid leads nowhere"));
}

TEST_F(PosixLane, AStreamMayGoWhileItsNameIsLookedUp) {
  connect({"does-not-exist.invalid", 2380});
  worker_.run([this](Lane&) { client_.stream.reset(); });
}

TEST_F(PosixLane, ARefusedConnectionIsAnEventThatNamesTheAddress) {
  const Address at = listen();
  worker_.run([this](Lane&) { listener_.reset(); });
  connect(at);
  EXPECT_EQ(client_.end.get(), "cannot connect to " + describe(at) + ": Connection refused");
}

TEST_F(PosixLane, WhatWasSentBeforeTheEndIsReadBeforeTheEnd) {
  const std::string text = pattern(300'000);
  server_.on_drained = [this] { server_.stream.reset(); };
  client_.on_opened = [&] { client_.send("go"); };
  server_.on_received = [&](std::string_view) { server_.send(text); };
  connect(listen());
  EXPECT_THAT(client_.end.get(), HasSubstr("closed the connection"));
  worker_.run([&](Lane&) { EXPECT_TRUE(client_.all == text); });
}

TEST_F(PosixLane, SendingToOneThatIsGoneIsAnEventAndNoSignal) {
  Awaited<bool> gone;
  server_.on_received = [&](std::string_view) {
    server_.stream.reset();
    gone.set(true);
  };
  client_.on_opened = [&] { client_.send("x"); };
  connect(listen());
  gone.get();
  worker_.run([this](Lane&) {
    if (client_.stream) {
      client_.stream->want(false);
      client_.send("into the void");
    }
  });
  worker_.run([this](Lane&) {
    client_.send("and again");
    client_.stream->want(true);
  });
  EXPECT_THAT(client_.end.get(), AnyOf(HasSubstr("is lost"), HasSubstr("closed the connection")));
}

// A plain socket, for what a stream never does.
class RawSocket {
 public:
  explicit RawSocket(const Address& to)
      : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(number_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { ::close(number_); }
  void send(std::string_view text) const {
    EXPECT_EQ(::send(number_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  void half_close() const { ::shutdown(number_, SHUT_WR); }
  void reset() const {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    ::shutdown(number_, SHUT_RD);
  }

 private:
  int number_;
};

TEST_F(PosixLane, AHalfClosedConnectionIsAClosedOne) {
  const RawSocket raw{listen()};
  raw.send("last words");
  raw.half_close();
  EXPECT_THAT(server_.end.get(), HasSubstr("closed the connection"));
  worker_.run([this](Lane&) { EXPECT_EQ(server_.all, "last words"); });
}

TEST_F(PosixLane, AResetConnectionIsAnEventEvenWhereNothingIsRead) {
  const Address at = listen();
  Awaited<bool> accepted;
  server_.on_received = [&](std::string_view) {
    server_.stream->want(false);
    accepted.set(true);
  };
  {
    const RawSocket raw{at};
    raw.send("x");
    accepted.get();
    raw.reset();
  }
  EXPECT_THAT(server_.end.get(), HasSubstr("is lost: Connection reset"));
}

// ---- Destroyed from within each of its events

TEST_F(PosixLane, AStreamMayGoWithinOpened) {
  client_.on_opened = [this] {
    client_.send("never");
    client_.stream.reset();
  };
  connect(listen());
  EXPECT_THAT(server_.end.get(), HasSubstr("closed the connection"));
  worker_.run([this](Lane&) { EXPECT_EQ(server_.all, ""); });
}

TEST_F(PosixLane, AStreamMayGoWithinReceived) {
  client_.on_opened = [this] { client_.send(pattern(kMuch)); };
  server_.on_received = [this](std::string_view) {
    server_.send("unheard");
    server_.stream.reset();
  };
  connect(listen());
  EXPECT_FALSE(client_.end.get().empty());
}

TEST_F(PosixLane, AStreamMayGoWithinDrained) {
  client_.on_opened = [this] { client_.send("all there is"); };
  client_.on_drained = [this] { client_.stream.reset(); };
  connect(listen());
  EXPECT_THAT(server_.end.get(), HasSubstr("closed the connection"));
  worker_.run([this](Lane&) { EXPECT_EQ(server_.all, "all there is"); });
}

TEST_F(PosixLane, AStreamMayGoWithinClosed) {
  client_.on_closed = [this] { client_.stream.reset(); };
  connect({"127.0.0.1", 1});
  EXPECT_THAT(client_.end.get(), HasSubstr("refused"));
  worker_.run([this](Lane&) { EXPECT_EQ(client_.stream, nullptr); });
}

TEST_F(PosixLane, OneStreamMayDestroyAnotherThatIsReadyInTheSameTurn) {
  std::vector<std::unique_ptr<Side>> sides;
  Awaited<bool> one_is_left;
  Address at;
  worker_.run([&](Lane& lane) {
    auto listener = lane.listen({"127.0.0.1", 0}, [&](std::unique_ptr<Stream> stream) {
      Side& side = *sides.emplace_back(std::make_unique<Side>());
      side.hold(std::move(stream));
      side.on_received = [&](std::string_view) {
        for (auto& other : sides) {
          if (other.get() != &side) {
            other->stream.reset();
          }
        }
        one_is_left.set(true);
      };
    });
    listener_ = std::move(listener.value());
    at = listener_->address();
  });
  std::vector<std::unique_ptr<RawSocket>> raws;
  for (int i = 0; i < 20; ++i) {
    raws.push_back(std::make_unique<RawSocket>(at));
  }
  worker_.run([&](Lane&) {
    for (auto& raw : raws) {
      raw->send("x");
    }
  });
  EXPECT_TRUE(one_is_left.get());
  worker_.run([&](Lane&) { sides.clear(); });
}

TEST_F(PosixLane, StreamsAndListenersMayOutliveTheirLane) {
  std::unique_ptr<Listener> listener;
  Side side;
  Awaited<bool> opened;
  side.on_opened = [&] { opened.set(true); };
  {
    Worker worker{env_};
    worker.run([&](Lane& lane) {
      auto listening = lane.listen({"127.0.0.1", 0}, [](std::unique_ptr<Stream>) {});
      listener = std::move(listening.value());
      side.hold(lane.connect(listener->address()));
    });
    opened.get();
  }
  side.send("to nobody");
  side.stream.reset();
  listener.reset();
}

// ---- Listeners

TEST_F(PosixLane, APortInUseIsAnErrorThatNamesItAndWhatToDo) {
  const Address at = listen();
  worker_.run([&](Lane& lane) {
    const auto second = lane.listen(at, [](std::unique_ptr<Stream>) {});
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(second.error().message,
                HasSubstr("cannot listen at " + describe(at) + ": the port is in use"));
    EXPECT_THAT(second.error().message, HasSubstr("choose another port"));
  });
}

TEST_F(PosixLane, AnAddressThatIsNotOursIsAnErrorThatSaysSo) {
  worker_.run([&](Lane& lane) {
    const auto elsewhere = lane.listen({"192.0.2.1", 0}, [](std::unique_ptr<Stream>) {});
    EXPECT_THAT(elsewhere.error().message, HasSubstr("no interface of this machine"));
    const auto name = lane.listen({"node1.example", 0}, [](std::unique_ptr<Stream>) {});
    EXPECT_THAT(name.error().message, HasSubstr("give an IP address"));
  });
}

TEST_F(PosixLane, APortIsFreeAgainAsSoonAsItsListenerIsGone) {
  const Address at = listen();
  connect(at);
  worker_.run([&](Lane& lane) {
    listener_.reset();
    const auto again = lane.listen(at, [](std::unique_ptr<Stream>) {});
    EXPECT_TRUE(again.ok()) << again.error().message;
  });
}

TEST(PosixEnv, RandomNumbersDiffer) {
  PosixEnv env;
  EXPECT_NE(env.random(), env.random());
}

}  // namespace
}  // namespace quorate::env
