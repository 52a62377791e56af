#include "env/posix/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "env/posix/thread.h"

namespace quorate::env {
namespace {

constexpr int kMaxLookups = 64;
std::atomic<int> lookups_under_way{0};

// Result of getaddrinfo; the addresses are added to `found`.
int ask_the_system(const Address& address, int flags, std::vector<SocketAddress>& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  const int result = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list);
  if (result != 0) {
    return result;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{list, &::freeaddrinfo};
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    SocketAddress& one = found.emplace_back();
    std::memcpy(&one.storage, each->ai_addr, each->ai_addrlen);
    one.size = each->ai_addrlen;
  }
  return 0;
}

}  // namespace

Address address_of(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family() == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address.storage, sizeof six);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return {text.data(), ntohs(six.sin6_port)};
  }
  sockaddr_in four{};
  std::memcpy(&four, &address.storage, sizeof four);
  ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  return {text.data(), ntohs(four.sin_port)};
}

std::optional<SocketAddress> resolve_at_once(const Address& address) {
  const Address number{address.host == "localhost" ? "127.0.0.1" : address.host, address.port};
  std::vector<SocketAddress> found;
  if (ask_the_system(number, AI_NUMERICHOST | AI_NUMERICSERV, found) != 0) {
    return std::nullopt;
  }
  return found.front();
}

Lookup::Lookup(Address address)
    : address_(std::move(address)), done_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Result<std::shared_ptr<Lookup>> Lookup::start(const Address& address) {
  auto lookup = std::make_shared<Lookup>(address);
  if (!lookup->done_.valid()) {
    return refused("look up", address.host, errno);
  }
  if (lookups_under_way.fetch_add(1) >= kMaxLookups) {
    lookups_under_way.fetch_sub(1);
    return Error{ErrorCode::kExhausted, "cannot look up " + address.host + ": " +
                                            std::to_string(kMaxLookups) +
                                            " names are being asked for already; does DNS answer?"};
  }
  try {
    start_thread("names", [lookup] {
      lookup->run();
      lookups_under_way.fetch_sub(1);
    }).detach();
  } catch (const std::system_error& error) {
    lookups_under_way.fetch_sub(1);
    return Error{ErrorCode::kExhausted, "cannot look up " + address.host + ": " + error.what()};
  }
  return lookup;
}

const Result<std::vector<SocketAddress>>& Lookup::answer() const {
  QUORATE_ASSERT(published_.load(std::memory_order_acquire));
  return answer_;
}

void Lookup::run() {
  std::vector<SocketAddress> found;
  if (const int result = ask_the_system(address_, AI_ADDRCONFIG, found); result != 0) {
    answer_ = Error{ErrorCode::kNotFound, "the name " + address_.host +
                                              " leads nowhere: " + ::gai_strerror(result) +
                                              "; is it right, and does DNS or /etc/hosts know it?"};
  } else {
    answer_ = std::move(found);
  }
  published_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  (void)!::write(done_.number(), &one, sizeof one);
}

}  // namespace quorate::env
