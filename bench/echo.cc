// What a lane costs: 256 B there and back between two lanes over loopback, one at a time and in
// batches; and the same with Asio, where libasio-dev is installed (docs/adr, "lanes are epoll").
//
// Time is wall time; `cpu_us` is what both sides together spend on one message and its echo,
// system calls included.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "env/posix/env.h"

#if __has_include(<asio.hpp>)
#define ASIO_STANDALONE
#define ASIO_NO_DEPRECATED
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <asio.hpp>
#pragma GCC diagnostic pop
#define QUORATE_HAVE_ASIO
#endif

namespace quorate::bench {
namespace {

constexpr std::size_t kMessage = 256;

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// Rounds that the benchmark's thread asks for, and waits for.
class Rounds {
 public:
  void ask(std::int64_t rounds) {
    left_.store(rounds);
    left_.notify_all();
  }
  // One is done; true as long as there is another.
  bool done() {
    if (left_.fetch_sub(1) > 1) {
      return true;
    }
    left_.notify_all();
    return false;
  }
  void wait() {
    for (auto left = left_.load(); left > 0; left = left_.load()) {
      left_.wait(left);
    }
  }

 private:
  std::atomic<std::int64_t> left_{0};
};

// ---- Lanes

class Side : public env::StreamEvents {
 public:
  Side(std::size_t batch, Rounds* rounds) : batch_(batch), rounds_(rounds) {}
  void hold(std::unique_ptr<env::Stream> stream) {
    stream_ = std::move(stream);
    stream_->listen(*this);
  }
  void begin() { send(); }
  void opened() override {}
  void received(std::string_view bytes) override {
    got_ += bytes.size();
    if (rounds_ == nullptr) {
      for (; got_ >= kMessage; got_ -= kMessage) {
        stream_->send({&message_, 1});
      }
    } else if (got_ == batch_ * kMessage) {
      got_ = 0;
      if (rounds_->done()) {
        send();
      }
    }
  }
  void drained() override {}
  void closed(const Error&) override {}

 private:
  void send() {
    for (std::size_t i = 0; i < batch_; ++i) {
      stream_->send({&message_, 1});
    }
  }
  std::size_t batch_;
  Rounds* rounds_;
  std::size_t got_ = 0;
  Bytes message_ = Bytes::copy_of(std::string(kMessage, 'x'));
  std::unique_ptr<env::Stream> stream_;
};

void lanes(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  env::PosixEnv world;
  Rounds rounds;
  Side server{batch, nullptr};
  Side client{batch, &rounds};
  std::unique_ptr<env::Listener> listener;
  std::atomic<int> port{0};
  std::unique_ptr<env::Lane> far;
  std::unique_ptr<env::Lane> near;
  far = world.start_lane("far", [&] {
    auto made = far->listen({"127.0.0.1", 0}, [&](auto stream) { server.hold(std::move(stream)); });
    listener = std::move(made.value());
    port = listener->address().port;
    port.notify_all();
  });
  far->wake();
  port.wait(0);
  bool connected = false;
  near = world.start_lane("near", [&] {
    if (!connected) {
      connected = true;
      client.hold(near->connect({"127.0.0.1", static_cast<std::uint16_t>(port)}));
    }
    client.begin();
  });
  rounds.ask(1000);
  near->wake();
  rounds.wait();
  const double before = cpu_us();
  std::int64_t asked = 0;
  while (state.KeepRunningBatch(1000)) {
    rounds.ask(1000);
    near->wake();
    rounds.wait();
    asked += 1000;
  }
  state.counters["cpu_us"] =
      (cpu_us() - before) / static_cast<double>(asked) / static_cast<double>(batch);
}
BENCHMARK(lanes)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

// ---- Asio

#ifdef QUORATE_HAVE_ASIO
using asio::ip::tcp;

class AsioSide {
 public:
  AsioSide(asio::io_context& context, std::size_t batch, Rounds* rounds)
      : socket(context), batch_(batch), rounds_(rounds), buffer_(std::size_t{128} << 10U) {}
  tcp::socket socket;
  void receive() {
    socket.async_read_some(asio::buffer(buffer_), [this](std::error_code error, std::size_t size) {
      if (!error) {
        received(size);
        receive();
      }
    });
  }
  void begin() { send(batch_); }

 private:
  void received(std::size_t size) {
    got_ += size;
    if (rounds_ == nullptr) {
      send(got_ / kMessage);
      got_ %= kMessage;
    } else if (got_ == batch_ * kMessage) {
      got_ = 0;
      if (rounds_->done()) {
        send(batch_);
      }
    }
  }
  // Gathered into one write, as a lane does; while one is under way the next waits.
  void send(std::size_t count) {
    waiting_ += count;
    if (writing_ || waiting_ == 0) {
      return;
    }
    writing_ = true;
    parts_.assign(waiting_, asio::buffer(message_));
    waiting_ = 0;
    asio::async_write(socket, parts_, [this](std::error_code, std::size_t) {
      writing_ = false;
      send(0);
    });
  }
  std::size_t batch_;
  Rounds* rounds_;
  std::size_t got_ = 0;
  std::size_t waiting_ = 0;
  bool writing_ = false;
  std::string message_ = std::string(kMessage, 'x');
  std::vector<asio::const_buffer> parts_;
  std::vector<char> buffer_;
};

void with_asio(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  // One thread each, as promised by the hint: Asio's locks are left out.
  asio::io_context far{1};
  asio::io_context near{1};
  Rounds rounds;
  AsioSide server{far, batch, nullptr};
  AsioSide client{near, batch, &rounds};
  tcp::acceptor acceptor{far, {asio::ip::address_v4::loopback(), 0}};
  client.socket.connect(acceptor.local_endpoint());
  acceptor.accept(server.socket);
  client.socket.set_option(tcp::no_delay{true});
  server.socket.set_option(tcp::no_delay{true});
  server.receive();
  client.receive();
  std::thread far_thread{[&] { far.run(); }};
  std::thread near_thread{[&] { near.run(); }};
  const auto run = [&] {
    rounds.ask(1000);
    asio::post(near, [&] { client.begin(); });
    rounds.wait();
  };
  run();
  const double before = cpu_us();
  std::int64_t asked = 0;
  while (state.KeepRunningBatch(1000)) {
    run();
    asked += 1000;
  }
  state.counters["cpu_us"] =
      (cpu_us() - before) / static_cast<double>(asked) / static_cast<double>(batch);
  far.stop();
  near.stop();
  far_thread.join();
  near_thread.join();
}
BENCHMARK(with_asio)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();
#endif

}  // namespace
}  // namespace quorate::bench
