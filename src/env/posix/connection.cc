#include "env/posix/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/assert.h"

namespace quorate::env {
namespace {

// Parts that one system call takes.
constexpr std::size_t kMaxParts = 256;
// More than this waits for no end of the turn.
constexpr std::size_t kSendAtOnce = std::size_t{256} << 10U;
// So many system calls in a turn, then it is the others' turn.
constexpr int kMaxWrites = 8;

Error lost(const std::string& peer, int number) {
  return {ErrorCode::kIo,
          "the connection with " + peer + " is lost: " + std::generic_category().message(number)};
}

Error unreachable(const std::string& peer, int number) {
  return {ErrorCode::kIo,
          "cannot connect to " + peer + ": " + std::generic_category().message(number)};
}

// A write is one message of the protocol above, or several: nothing is to be waited for.
void send_without_delay(int socket) {
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int pending_error(int socket) {
  int number = 0;
  socklen_t size = sizeof number;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size);
  return number;
}

}  // namespace

// ---- Coming to be

void Connection::connect(const Address& to) {
  if (const auto address = resolve_at_once(to)) {
    candidates_ = {*address};
    connect_next();
  } else {
    look_up(to);
  }
}

void Connection::adopt(Descriptor socket) {
  socket_ = std::move(socket);
  send_without_delay(socket_.number());
  state_ = State::kOpen;
  watch_for();
}

void Connection::look_up(const Address& to) {
  auto lookup = Lookup::start(to);
  if (!lookup) {
    failure_ = lookup.error();
    return end_turn_later();
  }
  state_ = State::kLookingUp;
  lookup_ = std::move(lookup.value());
  reactor_.watch(lookup_->descriptor(), EPOLLIN, *this);
}

void Connection::looked_up() {
  reactor_.forget(lookup_->descriptor());
  const auto lookup = std::exchange(lookup_, nullptr);
  state_ = State::kConnecting;
  if (!lookup->answer()) {
    return fail(lookup->answer().error());
  }
  candidates_ = lookup->answer().value();
  std::ranges::reverse(candidates_);
  connect_next();
}

// A host may have several addresses, of which the first that answers is good.
void Connection::connect_next() {
  const SocketAddress to = candidates_.back();
  candidates_.pop_back();
  watched_ = 0;
  socket_ = Descriptor{::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  int number = 0;
  if (!socket_.valid() || (::connect(socket_.number(), to.get(), to.size) != 0 &&
                           errno != EINPROGRESS && errno != EINTR)) {
    number = errno;
  }
  if (number == 0) {
    return watch_for();
  }
  if (!candidates_.empty()) {
    return connect_next();
  }
  failure_ = unreachable(peer_, number);
  end_turn_later();
}

void Connection::connected() {
  const int number = pending_error(socket_.number());
  if (number == 0) {
    send_without_delay(socket_.number());
    state_ = State::kOpen;
    watch_for();
    if (!queue_.empty()) {
      end_turn_later();
    }
    return events_->opened();
  }
  if (!candidates_.empty()) {
    return connect_next();
  }
  fail(unreachable(peer_, number));
}

// ---- Being there

void Connection::ready(std::uint32_t what) {
  switch (state_) {
    case State::kLookingUp:
      return looked_up();
    case State::kConnecting:
      return connected();
    case State::kClosed:
      return;
    case State::kOpen:
      break;
  }
  const bool over = (what & (EPOLLERR | EPOLLHUP)) != 0;
  if (want_ && (over || (what & EPOLLIN) != 0)) {
    receive();
  } else if (over) {
    fail(lost(peer_, pending_error(socket_.number())));
  }
  if (state_ == State::kOpen && (what & EPOLLOUT) != 0) {
    full_ = false;
    flush();
  }
}

void Connection::receive() {
  const std::span<char> buffer = reactor_.receive_buffer();
  const ssize_t count = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
  if (count > 0) {
    events_->received({buffer.data(), static_cast<std::size_t>(count)});
  } else if (count == 0 && send_failure_ != 0) {
    fail(lost(peer_, send_failure_));
  } else if (count == 0) {
    fail({ErrorCode::kIo, peer_ + " closed the connection"});
  } else if (errno != EAGAIN && errno != EINTR) {
    fail(lost(peer_, errno));
  }
}

void Connection::send(std::span<const Bytes> parts) {
  if (state_ == State::kClosed || send_failure_ != 0) {
    return;
  }
  for (const Bytes& part : parts) {
    if (!part.empty()) {
      unsent_ += part.size();
      queue_.push_back(part);
    }
  }
  if (state_ == State::kOpen && unsent_ >= kSendAtOnce && !full_) {
    write_some();
  }
  end_turn_later();
}

void Connection::turn_ended() {
  at_turn_end_ = false;
  if (state_ == State::kClosed) {
    return;
  }
  if (failure_) {
    return fail(*std::exchange(failure_, std::nullopt));
  }
  if (state_ == State::kOpen && full_) {
    watch_for();
  } else if (state_ == State::kOpen) {
    flush();
  }
}

// Whatever waits, and then the word that it is gone.
void Connection::flush() {
  int writes = 0;
  while (!queue_.empty() && !full_ && writes++ < kMaxWrites) {
    write_some();
  }
  full_ = !queue_.empty();
  watch_for();
  if (queue_.empty() && send_failure_ == 0) {
    events_->drained();
  }
}

void Connection::write_some() {
  std::array<iovec, kMaxParts> vectors;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::size_t count = std::min(queue_.size(), kMaxParts);
  std::size_t asked = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view text = queue_[i].text();
    const std::size_t skip = i == 0 ? sent_of_first_ : 0;
    vectors[i] = {const_cast<char*>(text.data()) + skip, text.size() - skip};
    asked += text.size() - skip;
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  const ssize_t taken = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL);
  if (taken < 0) {
    if (errno == EAGAIN) {
      full_ = true;
    } else if (errno != EINTR) {
      sending_failed(errno);
    }
    return;
  }
  sent(static_cast<std::size_t>(taken));
  full_ = static_cast<std::size_t>(taken) < asked;
}

void Connection::sent(std::size_t bytes) {
  unsent_ -= bytes;
  bytes += sent_of_first_;
  while (!queue_.empty() && bytes >= queue_.front().size()) {
    bytes -= queue_.front().size();
    queue_.pop_front();
  }
  sent_of_first_ = bytes;
}

// What the other side said before it went away, such as why, may lie here unread. It is read
// first; the end of the connection comes to light behind it.
void Connection::sending_failed(int number) {
  send_failure_ = number;
  queue_.clear();
  unsent_ = sent_of_first_ = 0;
  ::shutdown(socket_.number(), SHUT_RDWR);
  if (!want_) {
    failure_ = lost(peer_, number);
    end_turn_later();
  }
}

void Connection::want(bool more) {
  want_ = more;
  if (state_ == State::kOpen) {
    watch_for();
  }
}

// The reactor is asked for what matters now, and only told when that changes.
void Connection::watch_for() {
  std::uint32_t what = EPOLLOUT;
  if (state_ == State::kOpen) {
    what = (want_ ? EPOLLIN : 0U) | (full_ ? EPOLLOUT : 0U);
    what |= EPOLLERR;  // comes unasked as well; so what is watched is never nothing
  }
  if (watched_ == 0) {
    reactor_.watch(socket_.number(), what, *this);
  } else if (watched_ != what) {
    reactor_.change(socket_.number(), what, *this);
  }
  watched_ = what;
}

void Connection::end_turn_later() {
  if (!std::exchange(at_turn_end_, true)) {
    reactor_.at_turn_end(*this);
  }
}

// ---- Its end

void Connection::fail(Error why) {
  QUORATE_ASSERT(events_ != nullptr, "no listen() on " + peer_);
  close();
  events_->closed(why);
}

void Connection::close() {
  state_ = State::kClosed;
  socket_ = Descriptor{};
  if (lookup_) {
    reactor_.forget(lookup_->descriptor());
    lookup_.reset();
  }
  queue_.clear();
  unsent_ = sent_of_first_ = 0;
}

}  // namespace quorate::env
