// What the network costs: 256 B from one node to another through two transports on two lanes over
// loopback, one way in bursts, and there and back. `cpu_us` is what both nodes together spend on
// one message (or one round trip), system calls included.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "env/posix/env.h"
#include "net/transport.h"

namespace quorate::bench {
namespace {

using net::Channel;
using net::FrameType;

constexpr std::size_t kMessage = 256;
constexpr std::size_t kMostQueued = std::size_t{1} << 20U;
constexpr FrameType kLetter = FrameType::kFirstOfOwner;

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// One node on a lane of its own. The benchmark's thread asks for rounds and waits for them.
class Node : public net::TransportEvents {
 public:
  explicit Node(env::PosixEnv& world, std::uint64_t id)
      : id_(id), lane_(world.start_lane("node", [this, &world] { work(world); })) {
    lane_->wake();
    port.wait(0);
  }
  ~Node() override { lane_.reset(); }

  // Each work sends one burst, and there are so many; what comes is answered where `echoes` is set.
  void start(std::int64_t bursts) {
    bursts_left_.store(bursts);
    lane_->wake();
  }
  void know(const Node& other) {
    other_.store(other.port);
    lane_->wake();
    other_.wait(other.port);
  }

  std::atomic<int> port{0};
  std::atomic<bool> is_connected{false};
  std::atomic<std::int64_t> awaited{0};
  std::size_t burst = 1;
  bool echoes = false;
  bool ping_pong = false;

  Result<void> admit(const net::Hello&) override { return {}; }
  void connected(NodeId, Channel channel, Incarnation) override {
    if (channel == Channel::kLog) {
      is_connected = true;
      is_connected.notify_all();
    }
  }
  void disconnected(NodeId, Channel, const Error&) override {}
  void received(NodeId from, Channel, net::Frame frame) override {
    benchmark::DoNotOptimize(frame.body.span().data());
    if (echoes) {
      transport_->send(from, Channel::kLog, kLetter, {&frame.body, 1});
    } else if (awaited.fetch_sub(1) == 1) {
      awaited.notify_all();
    } else if (ping_pong) {
      send_one();
    }
  }
  void refused(NodeId, Channel, const net::Refusal&) override {}
  void can_send_again(NodeId, Channel) override {}
  void noticed(const std::string& what) override { std::fprintf(stderr, "%s\n", what.c_str()); }

 private:
  void work(env::Env& world) {
    if (!transport_) {
      begin(world);
    }
    if (const int peer = other_.load(); peer > 0) {
      other_.store(0);
      other_.notify_all();
      transport_->set_peer(NodeId{3 - id_}, {"127.0.0.1", static_cast<std::uint16_t>(peer)});
    }
    // What waits leaves by events, and each event is followed by work.
    const bool full = transport_->queued(NodeId{3 - id_}, Channel::kLog) > kMostQueued;
    if (bursts_left_.load(std::memory_order_relaxed) > 0 && !full) {
      bursts_left_.fetch_sub(1, std::memory_order_relaxed);
      for (std::size_t i = 0; i < burst; ++i) {
        send_one();
      }
      lane_->wake();
    }
    lane_->alarm(transport_->turn());
  }
  void begin(env::Env& world) {
    transport_ = std::make_unique<net::Transport>(world, *lane_,
                                                  net::Hello{.cluster = ClusterId{1},
                                                             .from = NodeId{id_},
                                                             .incarnation = Incarnation{id_},
                                                             .to = {},
                                                             .versions = net::kThisBuild,
                                                             .channel = {},
                                                             .features = 0,
                                                             .address = {}},
                                                  net::TransportOptions{}, Random{id_}, *this);
    port = transport_->listen({"127.0.0.1", 0}).value().port;
    port.notify_all();
  }
  void send_one() {
    const auto sent = transport_->send(NodeId{3 - id_}, Channel::kLog, kLetter, {&message_, 1});
    if (sent != net::Sent::kOnItsWay) {
      std::fprintf(stderr, "a frame was refused, and would be waited for in vain\n");
      std::exit(1);
    }
  }

  const std::uint64_t id_;
  std::unique_ptr<net::Transport> transport_;
  std::atomic<int> other_{0};
  std::atomic<std::int64_t> bursts_left_{0};
  Bytes message_ = Bytes::copy_of(std::string(kMessage, 'x'));
  std::unique_ptr<env::Lane> lane_;
};

void wait_for(Node& node) {
  for (auto left = node.awaited.load(); left > 0; left = node.awaited.load()) {
    node.awaited.wait(left);
  }
}

void one_way(benchmark::State& state) {
  const auto burst = static_cast<std::size_t>(state.range(0));
  env::PosixEnv world;
  Node from{world, 1};
  Node to{world, 2};
  from.burst = burst;
  from.know(to);
  from.is_connected.wait(false);
  const std::int64_t messages = 65'536;
  const auto round = [&] {
    to.awaited = messages;
    from.start(messages / static_cast<std::int64_t>(burst));
    wait_for(to);
  };
  round();
  const double before = cpu_us();
  std::int64_t rounds = 0;
  for ([[maybe_unused]] auto _ : state) {
    round();
    ++rounds;
  }
  const auto total = static_cast<double>(rounds * messages);
  state.counters["cpu_us"] = (cpu_us() - before) / total;
  state.counters["messages/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
}
BENCHMARK(one_way)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

void round_trip(benchmark::State& state) {
  env::PosixEnv world;
  Node near{world, 1};
  Node far{world, 2};
  far.echoes = true;
  near.ping_pong = true;
  near.know(far);
  far.know(near);
  near.is_connected.wait(false);
  far.is_connected.wait(false);
  const auto rounds = [&](std::int64_t count) {
    near.awaited = count;
    near.start(1);
    wait_for(near);
  };
  rounds(1000);
  const double before = cpu_us();
  std::int64_t asked = 0;
  while (state.KeepRunningBatch(1000)) {
    rounds(1000);
    asked += 1000;
  }
  state.counters["cpu_us"] = (cpu_us() - before) / static_cast<double>(asked);
}
BENCHMARK(round_trip)->UseRealTime();

}  // namespace
}  // namespace quorate::bench
