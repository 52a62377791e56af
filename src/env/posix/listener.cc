#include "env/posix/listener.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "env/posix/resolve.h"
#include "env/posix/stream.h"

namespace quorate::env {
namespace {

// So many in a turn, then it is the others' turn.
constexpr int kMaxAccepts = 64;

// Accepts, and lives until nothing of the turn refers to it.
class Door final : public Watched {
 public:
  Door(std::weak_ptr<Reactor> reactor, Descriptor socket, Lane::Accept accept)
      : reactor_(std::move(reactor)), socket_(std::move(socket)), accept_(std::move(accept)) {}

  void close() { socket_ = Descriptor{}; }

  void ready(std::uint32_t /*what*/) override {
    for (int i = 0; i < kMaxAccepts && socket_.valid(); ++i) {
      SocketAddress from;
      from.size = sizeof from.storage;
      Descriptor accepted{
          ::accept4(socket_.number(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (accepted.valid()) {
        accept_(PosixStream::adopt(reactor_.lock(), std::move(accepted), from));
      } else if (errno == EMFILE || errno == ENFILE) {
        return turn_away();
      } else if (errno == EAGAIN) {
        return;
      }
      // Whatever else it was, it befell that one connection.
    }
  }
  void turn_ended() override {}

 private:
  // No descriptor is left for it: the spare one is given, to take the connection and close it.
  // Otherwise it would stay ready, and the lane busy with it, for ever.
  void turn_away() {
    spare_ = Descriptor{};
    const Descriptor refused{::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC)};
    spare_ = open_spare();
  }
  static Descriptor open_spare() { return Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

  std::weak_ptr<Reactor> reactor_;
  Descriptor socket_;
  Descriptor spare_ = open_spare();
  Lane::Accept accept_;
};

class PosixListener final : public Listener {
 public:
  PosixListener(std::shared_ptr<Reactor> reactor, std::unique_ptr<Door> door, Address address)
      : reactor_(std::move(reactor)), door_(std::move(door)), address_(std::move(address)) {}
  ~PosixListener() override {
    door_->close();
    reactor_->bury(std::move(door_));
  }

  [[nodiscard]] Address address() const override { return address_; }

 private:
  std::shared_ptr<Reactor> reactor_;
  std::unique_ptr<Door> door_;
  Address address_;
};

Error cannot_listen(const Address& at, int number) {
  std::string why = std::generic_category().message(number);
  if (number == EADDRINUSE) {
    const std::string port = std::to_string(at.port);
    why = "the port is in use by another program; stop that one (`ss -ltnp 'sport = :" + port +
          "'` names it), or choose another port";
  } else if (number == EADDRNOTAVAIL) {
    why = "no interface of this machine has that address; `ip address` lists those there are";
  } else if (number == EACCES) {
    why = "ports below 1024 are not for everybody; choose a higher one";
  }
  return {ErrorCode::kIo, "cannot listen at " + describe(at) + ": " + why};
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_at(std::shared_ptr<Reactor> reactor, const Address& at,
                                            Lane::Accept accept) {
  const auto address = resolve_at_once(at);
  if (!address) {
    return invalid("cannot listen at " + describe(at) +
                   ": give an IP address of this machine, 0.0.0.0 for all of them, or localhost");
  }
  Descriptor socket{::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket.valid()) {
    return cannot_listen(at, errno);
  }
  // Connections of a program that ran here before may linger, and must not hold the port.
  const int yes = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  SocketAddress bound;
  bound.size = sizeof bound.storage;
  if (::bind(socket.number(), address->get(), address->size) != 0 ||
      ::listen(socket.number(), SOMAXCONN) != 0 ||
      ::getsockname(socket.number(), bound.get(), &bound.size) != 0) {
    return cannot_listen(at, errno);
  }
  const int number = socket.number();
  auto door = std::make_unique<Door>(reactor, std::move(socket), std::move(accept));
  reactor->watch(number, EPOLLIN, *door);
  return std::unique_ptr<Listener>{std::make_unique<PosixListener>(
      std::move(reactor), std::move(door), Address{at.host, address_of(bound).port})};
}

}  // namespace quorate::env
