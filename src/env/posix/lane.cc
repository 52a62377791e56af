#include "env/posix/lane.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "env/posix/clock.h"
#include "env/posix/listener.h"
#include "env/posix/reactor.h"
#include "env/posix/stream.h"
#include "env/posix/thread.h"

namespace quorate::env {
namespace {

// Wakes that a lane's work gives to others while it runs. They are held back a little, so that
// whoever is told many things, such as a loop that a machine's answers bring new proposals to,
// wakes once and finds them all, instead of being overtaken by most of them.
class HeldWakes {
 public:
  void add(const std::shared_ptr<Reactor>& reactor) {
    const Instant now = read_clock();
    if (reactors_.empty()) {
      since_ = now;
    }
    if (std::ranges::find(reactors_, reactor) == reactors_.end()) {
      reactors_.push_back(reactor);
    }
    if (now - since_ >= kLongest) {
      release();
    }
  }
  void release() {
    for (const auto& reactor : reactors_) {
      reactor->wake();
    }
    reactors_.clear();
  }

 private:
  static constexpr Duration kLongest{1000};

  std::vector<std::shared_ptr<Reactor>> reactors_;
  Instant since_;
};

// Of the lane whose work runs on this thread.
thread_local HeldWakes* held_wakes = nullptr;

class PosixLane final : public Lane {
 public:
  PosixLane(const std::string& name, Work work)
      : work_(std::move(work)), thread_(start_thread(name, [this] { run(); })) {}

  ~PosixLane() override { end(); }

  void end() override {
    QUORATE_ASSERT(std::this_thread::get_id() != thread_.get_id());
    if (thread_.joinable()) {
      ending_.store(true);
      reactor_->wake();
      thread_.join();
    }
  }
  void wake() override {
    if (held_wakes != nullptr) {
      held_wakes->add(reactor_);
    } else {
      reactor_->wake();
    }
  }
  void alarm(Instant at) override { reactor_->set_alarm(at); }

  std::unique_ptr<Stream> connect(const Address& to) override {
    return PosixStream::connect(reactor_, to);
  }
  Result<std::unique_ptr<Listener>> listen(const Address& at, Accept accept) override {
    return listen_at(reactor_, at, std::move(accept));
  }

 private:
  void run() {
    while (true) {
      const bool woken = reactor_->take_wake();
      if (ending_.load()) {
        return;
      }
      const bool due = reactor_->take_alarm();
      if (woken || due) {
        work();
      }
      reactor_->end_turn();
      reactor_->wait();
    }
  }

  void work() {
    HeldWakes held;
    held_wakes = &held;
    work_();
    held_wakes = nullptr;
    held.release();
  }

  const std::shared_ptr<Reactor> reactor_ = std::make_shared<Reactor>();
  const Work work_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Lane> start_posix_lane(const std::string& name, Lane::Work work) {
  return std::make_unique<PosixLane>(name, std::move(work));
}

}  // namespace quorate::env
