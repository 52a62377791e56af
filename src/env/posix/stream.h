// TCP connections, as streams of a lane.
#pragma once

#include <memory>
#include <string>

#include "env/lane.h"
#include "env/posix/descriptor.h"
#include "env/posix/reactor.h"
#include "env/posix/resolve.h"

namespace quorate::env {

class Connection;

// What the owner holds. The connection itself lives until nothing of the turn refers to it, so that
// the owner may let go at any time.
class PosixStream final : public Stream {
 public:
  // Begins to reach that address; what becomes of it is an event.
  static std::unique_ptr<Stream> connect(std::shared_ptr<Reactor> reactor, const Address& to);
  // A connection that was accepted.
  static std::unique_ptr<Stream> adopt(std::shared_ptr<Reactor> reactor, Descriptor socket,
                                       const SocketAddress& from);

  PosixStream(std::shared_ptr<Reactor> reactor, std::unique_ptr<Connection> connection);
  ~PosixStream() override;

  void listen(StreamEvents& events) override;
  void send(std::span<const Bytes> parts) override;
  [[nodiscard]] std::size_t unsent() const override;
  [[nodiscard]] std::string peer() const override;
  void want(bool more) override;

 private:
  std::shared_ptr<Reactor> reactor_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace quorate::env
