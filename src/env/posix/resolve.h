// From host and port to what the system calls an address.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/lane.h"
#include "env/posix/descriptor.h"

namespace quorate::env {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// Numbers, as people write them.
Address address_of(const SocketAddress& address);

// Without asking anybody: for an IPv4 or IPv6 address, and for `localhost` (127.0.0.1). None for
// other names.
std::optional<SocketAddress> resolve_at_once(const Address& address);

// A name that is being asked for, on a thread of its own, since the system's resolver blocks, for
// half a minute if need be. Whoever asked may be gone by the time of the answer.
class Lookup {
 public:
  // Fails where too many are under way.
  static Result<std::shared_ptr<Lookup>> start(const Address& address);

  explicit Lookup(Address address);
  // Becomes readable when the answer is there.
  [[nodiscard]] int descriptor() const { return done_.number(); }
  // Then, and not before. At least one address.
  [[nodiscard]] const Result<std::vector<SocketAddress>>& answer() const;

 private:
  void run();

  Address address_;
  Descriptor done_;
  Result<std::vector<SocketAddress>> answer_{std::vector<SocketAddress>{}};
  std::atomic<bool> published_{false};
};

}  // namespace quorate::env
