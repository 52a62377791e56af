#include "env/posix/stream.h"

#include <utility>

#include "env/posix/connection.h"

namespace quorate::env {

std::unique_ptr<Stream> PosixStream::connect(std::shared_ptr<Reactor> reactor, const Address& to) {
  auto connection = std::make_unique<Connection>(*reactor, describe(to));
  connection->connect(to);
  return std::make_unique<PosixStream>(std::move(reactor), std::move(connection));
}

std::unique_ptr<Stream> PosixStream::adopt(std::shared_ptr<Reactor> reactor, Descriptor socket,
                                           const SocketAddress& from) {
  auto connection = std::make_unique<Connection>(*reactor, describe(address_of(from)));
  connection->adopt(std::move(socket));
  return std::make_unique<PosixStream>(std::move(reactor), std::move(connection));
}

PosixStream::PosixStream(std::shared_ptr<Reactor> reactor, std::unique_ptr<Connection> connection)
    : reactor_(std::move(reactor)), connection_(std::move(connection)) {}

PosixStream::~PosixStream() {
  connection_->close();
  reactor_->bury(std::move(connection_));
}

void PosixStream::listen(StreamEvents& events) { connection_->listen(events); }
void PosixStream::send(std::span<const Bytes> parts) { connection_->send(parts); }
std::size_t PosixStream::unsent() const { return connection_->unsent(); }
std::string PosixStream::peer() const { return connection_->peer(); }
void PosixStream::want(bool more) { connection_->want(more); }

}  // namespace quorate::env
