// Connection: one TCP socket, from the first thought of it to its end.
//
//     looking up -> connecting -> open -> closed
//
// A step may be passed over, and each may end in `closed`. What it is told to send leaves when the
// turn ends, gathered into as few system calls as it takes, straight from the shared bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/ring.h"
#include "env/lane.h"
#include "env/posix/descriptor.h"
#include "env/posix/reactor.h"
#include "env/posix/resolve.h"

namespace quorate::env {

class Connection final : public Watched {
 public:
  Connection(Reactor& reactor, std::string peer) : reactor_(reactor), peer_(std::move(peer)) {}

  void connect(const Address& to);
  void adopt(Descriptor socket);
  // No event any more.
  void close();

  void listen(StreamEvents& events) { events_ = &events; }
  void send(std::span<const Bytes> parts);
  void want(bool more);
  [[nodiscard]] std::size_t unsent() const { return unsent_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }

  void ready(std::uint32_t what) override;
  void turn_ended() override;

 private:
  enum class State : std::uint8_t { kLookingUp, kConnecting, kOpen, kClosed };

  void look_up(const Address& to);
  void looked_up();
  void connect_next();
  void connected();
  void receive();
  void flush();
  void write_some();
  void sent(std::size_t bytes);
  void sending_failed(int number);
  void watch_for();
  void end_turn_later();
  void fail(Error why);

  Reactor& reactor_;
  std::string peer_;
  StreamEvents* events_ = nullptr;
  State state_ = State::kConnecting;
  Descriptor socket_;
  std::shared_ptr<Lookup> lookup_;
  std::vector<SocketAddress> candidates_;  // not tried yet, the next one last
  std::optional<Error> failure_;           // to be told when the turn ends

  Ring<Bytes> queue_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_ = 0;
  bool want_ = true;
  bool full_ = false;     // the system takes no more for now
  int send_failure_ = 0;  // nothing can be sent any more; but what has come may be read
  bool at_turn_end_ = false;
  std::uint32_t watched_ = 0;  // what the reactor is asked for
};

}  // namespace quorate::env
