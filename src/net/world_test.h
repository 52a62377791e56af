// A world of its own for the tests of the network: nodes with lanes and streams under virtual time,
// one event after another. Its network delays, splits, damages, swallows and throttles on demand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/random.h"
#include "env/env.h"

namespace quorate::net::testing {

class World;

// One end of a connection.
class WorldStream final : public env::Stream {
 public:
  struct End;  // outlives the stream as long as something is on its way

  WorldStream(World& world, std::shared_ptr<End> end) : world_(world), end_(std::move(end)) {}
  ~WorldStream() override;
  void listen(env::StreamEvents& events) override;
  void send(std::span<const Bytes> parts) override;
  [[nodiscard]] std::size_t unsent() const override;
  [[nodiscard]] std::string peer() const override;
  void want(bool more) override;

 private:
  World& world_;
  std::shared_ptr<End> end_;
};

struct WorldStream::End {
  std::string peer;
  env::StreamEvents* events = nullptr;
  std::weak_ptr<End> other;
  bool open = false;
  bool want = true;
  std::string unsent;
  std::string unread;
  bool sending = false;
};

class World {
 public:
  Duration latency = std::chrono::microseconds{100};
  std::size_t piece = 64UL << 10U;             // bytes that a stream delivers at once
  std::uint64_t bytes_per_second = 1U << 30U;  // of one stream
  bool swallows = false;                  // what is under way, and who closed, is never heard of
  std::size_t flip_at = ~std::size_t{0};  // the byte, counted over all streams, that is damaged
  std::size_t delivered = 0;
  std::size_t connects = 0;

  [[nodiscard]] Instant now() const { return now_; }
  void at(Instant time, std::function<void()> what) {
    agenda_.emplace(std::pair{std::max(time, now_), ++sequence_}, std::move(what));
  }
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  void run_for(Duration time) {
    const Instant end = now_ + time;
    while (!agenda_.empty() && agenda_.begin()->first.first <= end) {
      step();
    }
    now_ = end;
  }
  // False if it is not so within a virtual minute.
  bool run_until(const std::function<bool()>& so) {
    const Instant end = now_ + std::chrono::minutes{1};
    while (!so()) {
      if (agenda_.empty() || agenda_.begin()->first.first > end) {
        return false;
      }
      step();
    }
    return true;
  }

  std::map<std::uint16_t, env::Lane::Accept> listeners;

  std::unique_ptr<env::Stream> connect(const env::Address& to) {
    ++connects;
    auto near = std::make_shared<WorldStream::End>();
    near->peer = env::describe(to);
    after(latency, [this, near, to] {
      const auto listener = listeners.find(to.port);
      if (near->events == nullptr || swallows) {
        return;
      }
      if (listener == listeners.end()) {
        return close(near, "cannot connect to " + near->peer + ": Connection refused");
      }
      auto far = std::make_shared<WorldStream::End>();
      far->peer = "caller:" + std::to_string(connects);
      far->other = near;
      near->other = far;
      near->open = far->open = true;
      const env::Lane::Accept accept = listener->second;
      accept(std::make_unique<WorldStream>(*this, far));
      if (near->events != nullptr) {
        near->events->opened();
      }
    });
    return std::make_unique<WorldStream>(*this, near);
  }

  void close(const std::shared_ptr<WorldStream::End>& end, const std::string& why) {
    if (end->events != nullptr) {
      end->open = false;
      std::exchange(end->events, nullptr)->closed(Error{ErrorCode::kIo, why});
    }
  }

  // One piece after another, as fast as the stream is.
  void transmit(const std::shared_ptr<WorldStream::End>& from) {
    if (from->sending || from->unsent.empty() || !from->open) {
      return;
    }
    const std::size_t size = std::min(piece, from->unsent.size());
    from->sending = true;
    after(Duration{static_cast<std::int64_t>(size * 1'000'000 / bytes_per_second)}, [=, this] {
      from->sending = false;
      // What the stream was told before it was closed still goes.
      std::string bytes = from->unsent.substr(0, size);
      from->unsent.erase(0, size);
      after(latency, [=, this] { deliver(from->other, bytes); });
      transmit(from);
      if (from->unsent.empty() && from->events != nullptr) {
        from->events->drained();
      }
    });
  }

  void deliver(const std::weak_ptr<WorldStream::End>& to, std::string bytes) {
    const std::size_t start = std::exchange(delivered, delivered + bytes.size());
    if (flip_at >= start && flip_at < delivered) {
      bytes[flip_at - start] = static_cast<char>(bytes[flip_at - start] ^ 0x20);
    }
    const auto end = to.lock();
    if (!end || swallows) {
      return;
    }
    end->unread += bytes;
    hand_over(end);
  }

  static void hand_over(const std::shared_ptr<WorldStream::End>& end) {
    if (end->want && end->events != nullptr && !end->unread.empty()) {
      const std::string bytes = std::exchange(end->unread, {});
      end->events->received(bytes);
    }
  }

 private:
  void step() {
    const auto next = agenda_.begin();
    now_ = next->first.first;
    const auto what = std::move(next->second);
    agenda_.erase(next);
    what();
  }

  Instant now_ = instant(1'000'000);
  std::uint64_t sequence_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> agenda_;
};

inline WorldStream::~WorldStream() {
  end_->events = nullptr;
  // Behind what was sent before it, which goes all the same.
  world_.after(world_.latency + Duration{1}, [&world = world_, end = end_] {
    world.after(world.latency, [&world, end] {
      end->open = false;
      if (const auto other = end->other.lock(); other && !world.swallows) {
        world.close(other, other->peer + " closed the connection");
      }
    });
  });
}
inline void WorldStream::listen(env::StreamEvents& events) { end_->events = &events; }
inline void WorldStream::send(std::span<const Bytes> parts) {
  for (const Bytes& part : parts) {
    end_->unsent += part.text();
  }
  world_.transmit(end_);
}
inline std::size_t WorldStream::unsent() const { return end_->unsent.size(); }
inline std::string WorldStream::peer() const { return end_->peer; }
inline void WorldStream::want(bool more) {
  end_->want = more;
  world_.after(Duration{0}, [end = end_] { World::hand_over(end); });
}

class WorldLane final : public env::Lane {
 public:
  WorldLane(World& world, Work work) : world_(world), work_(std::move(work)) {}
  ~WorldLane() override { end(); }
  void end() override { *alive_ = false; }

  void wake() override { call_at(world_.now()); }
  void alarm(Instant at) override {
    alarm_ = at;
    if (at != kNever) {
      world_.at(at, [this, at, alive = alive_] {
        if (*alive && alarm_ == at) {
          alarm_ = kNever;
          work_();
        }
      });
    }
  }
  std::unique_ptr<env::Stream> connect(const env::Address& to) override {
    return world_.connect(to);
  }
  Result<std::unique_ptr<env::Listener>> listen(const env::Address& at, Accept accept) override {
    struct Open final : env::Listener {
      Open(World& world, env::Address at) : world_(world), at_(std::move(at)) {}
      ~Open() override { world_.listeners.erase(at_.port); }
      [[nodiscard]] env::Address address() const override { return at_; }
      World& world_;
      env::Address at_;
    };
    world_.listeners[at.port] = std::move(accept);
    return std::unique_ptr<env::Listener>{std::make_unique<Open>(world_, at)};
  }

 private:
  void call_at(Instant time) {
    if (!std::exchange(woken_, true)) {
      world_.at(time, [this, alive = alive_] {
        if (*alive) {
          woken_ = false;
          work_();
        }
      });
    }
  }

  World& world_;
  Work work_;
  bool woken_ = false;
  Instant alarm_ = kNever;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class WorldEnv final : public env::Env {
 public:
  explicit WorldEnv(World& world) : world_(world) {}
  env::Files& files() override { QUORATE_ASSERT(false, "this world has no files"); }
  [[nodiscard]] Instant now() override { return world_.now(); }
  [[nodiscard]] std::uint64_t random() override { return random_.next(); }
  std::unique_ptr<env::Lane> start_lane(const std::string& /*name*/,
                                        env::Lane::Work work) override {
    return std::make_unique<WorldLane>(world_, std::move(work));
  }

 private:
  World& world_;
  Random random_{7};
};

}  // namespace quorate::net::testing
