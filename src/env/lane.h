// Lanes: what runs beside what. A lane does one thing after another; two lanes do not wait for each
// other. On a real machine a lane is a thread; in the simulator it is an actor with a time of its
// own.
//
// Lanes share nothing but mailboxes (mailbox.h): a sender puts a value in and wakes the lane. So no
// state of the protocol has a lock, and nothing is called from two sides.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace quorate::env {

// `host:port`; the host a name, an IPv4 or a bracketed IPv6 address.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  static Result<Address> parse(std::string_view text);
  friend bool operator==(const Address&, const Address&) = default;
};
std::string describe(const Address& address);

// ---- Byte streams, each used on its lane alone

class StreamEvents {
 public:
  StreamEvents() = default;
  StreamEvents(const StreamEvents&) = delete;
  StreamEvents& operator=(const StreamEvents&) = delete;
  virtual ~StreamEvents() = default;

  // A stream that was begun with connect() reached the other side.
  virtual void opened() = 0;
  // More has come; valid for the length of the call.
  virtual void received(std::string_view bytes) = 0;
  // All that was given to send() is with the system; comes once after each send, or after several.
  virtual void drained() = 0;
  // It is over, or never came to be; the last event. The stream may be destroyed from here.
  virtual void closed(const Error& why) = 0;
};

// A connection, ordered and reliable as long as it lasts, and no longer: what was sent last may be
// lost when it closes. Destroying it closes it at once, and no event follows. It may be destroyed
// within any of its events.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Where the events go; set right after connect() or accept, before the lane's next turn.
  virtual void listen(StreamEvents& events) = 0;
  // Sends the parts, in order: with all that is sent in the same turn of the lane, at its end at
  // the latest. What the system does not take then is kept (the bytes shared, not copied) and sent
  // when it does. No event comes from within this call. Nothing happens on a stream that is closed.
  virtual void send(std::span<const Bytes> parts) = 0;
  // Bytes that the system has not taken yet.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  // Of the other side, for messages to people.
  [[nodiscard]] virtual std::string peer() const = 0;
  // No more is read (`false`), so that the sender comes to a halt; or again (`true`).
  virtual void want(bool more) = 0;
};

// Held open as long as it lives.
class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;
  // Where it listens: the port that the system chose, if 0 was asked for.
  [[nodiscard]] virtual Address address() const = 0;
};

// ---- Lanes

class Lane {
 public:
  // Called on the lane: after wake(), and when the alarm is due. Several wakes may be one call.
  using Work = std::function<void()>;
  using Accept = std::function<void(std::unique_ptr<Stream>)>;

  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  // Ends it, as end() does. Its streams and listeners are destroyed on the lane before, or
  // afterwards by whoever destroyed it: they are closed by then, and nothing happens on them any
  // more.
  virtual ~Lane() = default;

  // From any thread, at any time, the first time for the lane to begin. What was put into a mailbox
  // before is seen by the call after. From within another lane's work it may take effect a little
  // later, when that returns at the latest.
  virtual void wake() = 0;
  // From any thread but its own: waits for a call that is under way, and calls no more. A wake is
  // of no effect from then on, so that lanes that wake each other end first and are destroyed then.
  virtual void end() = 0;

  // ---- From its own work alone

  // Work is called at this time at the latest; replaces the alarm before. kNever: none.
  virtual void alarm(Instant at) = 0;
  virtual std::unique_ptr<Stream> connect(const Address& to) = 0;
  // Fails when the port is in use; the error names it.
  virtual Result<std::unique_ptr<Listener>> listen(const Address& at, Accept accept) = 0;
};

}  // namespace quorate::env
