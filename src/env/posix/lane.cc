#include "env/posix/lane.h"

#include <atomic>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "env/posix/listener.h"
#include "env/posix/reactor.h"
#include "env/posix/stream.h"
#include "env/posix/thread.h"

namespace quorate::env {
namespace {

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
  void wake() override { reactor_->wake(); }
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
        work_();
      }
      reactor_->end_turn();
      reactor_->wait();
    }
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
