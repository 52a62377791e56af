// Two nodes' transports over real sockets and threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/mailbox.h"
#include "env/posix/env.h"
#include "net/transport.h"

namespace quorate::net {
namespace {

constexpr FrameType kLetter = FrameType::kFirstOfOwner;

// A node on a thread of its own; the test tells it what to do and waits for what it saw.
class Node : public TransportEvents {
 public:
  explicit Node(std::uint64_t id, std::uint16_t port = 0)
      : lane_(env_.start_lane("node", [this] { work(); })) {
    run([this, id, port] {
      transport_ = std::make_unique<Transport>(env_, *lane_,
                                               Hello{.cluster = ClusterId{1},
                                                     .from = NodeId{id},
                                                     .incarnation = Incarnation{id},
                                                     .to = {},
                                                     .versions = kThisBuild,
                                                     .channel = {},
                                                     .features = 0,
                                                     .address = {}},
                                               TransportOptions{}, Random{id}, *this);
      const auto at = transport_->listen({"127.0.0.1", port});
      ASSERT_TRUE(at.ok()) << at.error().message;
      address = at.value();
    });
  }
  ~Node() override { lane_.reset(); }

  void run(const std::function<void()>& task) {
    bool done = false;
    tasks_.put([&] {
      task();
      const std::lock_guard hold{mutex_};
      done = true;
      changed_.notify_all();
    });
    lane_->wake();
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [&] { return done; });
  }
  void knows(NodeId id, const env::Address& at) {
    run([&] { transport_->set_peer(id, at); });
  }
  void send(NodeId to, const std::string& text, Channel channel = Channel::kLog) {
    run([&] {
      const Bytes body = Bytes::copy_of(text);
      EXPECT_EQ(transport_->send(to, channel, kLetter, {&body, 1}), Sent::kOnItsWay);
    });
  }
  void wait_for(std::string_view kind, std::ptrdiff_t times) {
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [&] { return std::ranges::count(seen_, kind) >= times; });
  }
  std::vector<std::string> letters() {
    const std::lock_guard hold{mutex_};
    return letters_;
  }

  env::Address address;

  Result<void> admit(const Hello&) override { return {}; }
  void connected(NodeId, Channel, Incarnation) override { saw("up"); }
  void disconnected(NodeId, Channel, const Error&) override { saw("down"); }
  void received(NodeId, Channel, Frame frame) override {
    {
      const std::lock_guard hold{mutex_};
      letters_.emplace_back(frame.body.text());
    }
    saw("letter");
  }
  void refused(NodeId, Channel, const Refusal&) override { saw("refused"); }
  void can_send_again(NodeId, Channel) override { saw("room"); }
  void noticed(const std::string&) override {}

 private:
  void work() {
    std::vector<std::function<void()>> tasks;
    tasks_.take(tasks);
    for (auto& task : tasks) {
      task();
    }
    if (transport_) {
      lane_->alarm(transport_->turn());
    }
  }
  void saw(std::string kind) {
    const std::lock_guard hold{mutex_};
    seen_.push_back(std::move(kind));
    changed_.notify_all();
  }

  env::PosixEnv env_;
  env::Mailbox<std::function<void()>> tasks_;
  std::unique_ptr<Transport> transport_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_, letters_;
  std::unique_ptr<env::Lane> lane_;
};

TEST(NetPosix, FramesOfAllSizesArriveInOrderOverRealSockets) {
  Node a{1};
  Node b{2};
  a.knows(NodeId{2}, b.address);
  a.wait_for("up", 3);
  std::vector<std::string> sent;
  for (std::size_t size = 0; size < 200; ++size) {
    sent.emplace_back(size * size * 7 % 50'000, static_cast<char>('a' + size % 26));
    a.send(NodeId{2}, sent.back());
  }
  b.wait_for("letter", static_cast<std::ptrdiff_t>(sent.size()));
  EXPECT_TRUE(b.letters() == sent);
}

TEST(NetPosix, APeerThatIsStartedAgainIsReachedAgain) {
  Node a{1};
  auto b = std::make_unique<Node>(2);
  const env::Address at = b->address;
  a.knows(NodeId{2}, at);
  a.wait_for("up", 3);
  b = nullptr;
  a.wait_for("down", 3);
  b = std::make_unique<Node>(2, at.port);
  a.wait_for("up", 6);
  a.send(NodeId{2}, "again", Channel::kControl);
  b->wait_for("letter", 1);
  EXPECT_THAT(b->letters(), ::testing::ElementsAre("again"));
}

}  // namespace
}  // namespace quorate::net
