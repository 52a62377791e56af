// Transport: carries frames between this node and others, over three channels each way.
//
// Each node dials its peers to send and listens to receive, so a pair of nodes has one connection a
// channel and direction, and whoever dials is known by its hello (handshake.h). What is lost, is
// lost: a connection that breaks takes with it what it had not delivered, and nothing is sent
// twice. Frames of one channel that arrive do so in order.
//
// It lives on one lane, without threads and without waiting: the owner's work calls turn() as its
// last act, always, and sets the lane's alarm no later than turn() says. Sends leave with that
// turn. The transport wakes the lane where an event asks for a turn. All of it is for the lane's
// own calls.
//
// Events may send, change peers, and pause; they may not destroy the transport. A peer that lies or
// sends garbage loses its connection, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "env/env.h"
#include "net/channel.h"
#include "net/frame.h"
#include "net/handshake.h"
#include "quorate/types.h"

namespace quorate::net {

struct TransportOptions {
  // The longest body of a frame, either way.
  std::size_t max_frame = std::size_t{64} << 20U;
  // Bytes that may wait for a connection that is slow: on the control channel the oldest frames
  // then make room, on the others the new one is refused.
  std::array<std::size_t, kChannels> queue{std::size_t{1} << 20U, std::size_t{32} << 20U,
                                           std::size_t{8} << 20U};
  // Bytes that are with the stream at once; the rest waits where it can still be dropped.
  std::size_t window = std::size_t{512} << 10U;

  // A dial that failed is tried again after this, doubled each time up to the most, half of it by
  // chance. A refusal is no failure to be mended by haste.
  Duration first_retry = std::chrono::milliseconds{20};
  Duration longest_retry = std::chrono::milliseconds{1000};
  Duration retry_after_refusal = std::chrono::milliseconds{5000};
  // For the connection, and for the greeting after it.
  Duration dial_timeout = std::chrono::milliseconds{1000};
  Duration greeting_timeout = std::chrono::milliseconds{2000};

  // Each connection is pinged so often. One that left so many pings in a row unanswered is closed.
  Duration ping_interval = std::chrono::milliseconds{500};
  int max_unanswered = 3;

  // Connections that others may hold open here, and those of them that have not greeted yet.
  std::size_t max_accepted = 1024;
  std::size_t max_ungreeted = 64;
};

enum class Sent : std::uint8_t {
  kOnItsWay,  // as far as this node is concerned
  kFull,      // not taken; can_send_again() comes when there is room
  kAway,      // not taken; there is no connection
};

class TransportEvents {
 public:
  TransportEvents() = default;
  TransportEvents(const TransportEvents&) = delete;
  TransportEvents& operator=(const TransportEvents&) = delete;
  virtual ~TransportEvents() = default;

  // May this node come in, and is it the one that is known under its id? The error is what it is
  // told. Asked for each connection, of those that dial and those that are dialed.
  virtual Result<void> admit(const Hello& peer) = 0;
  // What is sent to this peer on this channel from now on is on its way.
  virtual void connected(NodeId peer, Channel channel, Incarnation incarnation) = 0;
  // No more it is; what was sent last may be lost. Only after connected().
  virtual void disconnected(NodeId peer, Channel channel, const Error& why) = 0;
  // A frame of the owner's own type. One that it does not know and that is skippable it passes
  // over.
  virtual void received(NodeId peer, Channel channel, Frame frame) = 0;
  // The peer will not have this node, or is not whom it should be; it is asked again now and then.
  virtual void refused(NodeId peer, Channel channel, const Refusal& why) = 0;
  // After Sent::kFull.
  virtual void can_send_again(NodeId peer, Channel channel) = 0;
  // For the log: what went wrong, with whom, and what to do. The same is said once a minute.
  virtual void noticed(const std::string& what) = 0;
};

struct TransportCounters {
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t frames_dropped = 0;  // control frames that made room for newer ones
  std::uint64_t frames_refused = 0;  // Sent::kFull
  std::uint64_t frames_skipped = 0;  // of a type that only later versions know
  std::uint64_t dials = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;    // greetings, either way
  std::uint64_t malformed = 0;  // connections given up for what came over them
  std::uint64_t silent = 0;     // connections given up because nothing came over them
  std::uint64_t over_cap = 0;   // connections closed when they came
};

struct Surroundings;
class OutLink;
class InLink;

class Transport {
 public:
  // `self`: cluster, id, incarnation, versions, features and address of this node.
  Transport(env::Env& env, env::Lane& lane, Hello self, TransportOptions options, Random random,
            TransportEvents& events);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  // Others may come in here. The address that it listens at: the port, where 0 was asked for.
  Result<env::Address> listen(const env::Address& at);

  // Dialed from now on, until it is removed. A new address for a peer drops the
  // connections to the one before; no event follows from those.
  void set_peer(NodeId peer, const env::Address& address);
  // Its connections are closed, both ways; no event follows.
  void remove_peer(NodeId peer);
  [[nodiscard]] std::optional<env::Address> address_of(NodeId peer) const;

  // The body is these parts, one behind the other; large ones are shared, not copied. At most
  // max_frame bytes: more is a bug of ours.
  Sent send(NodeId to, Channel channel, FrameType type, std::span<const Bytes> body,
            bool skippable = false);
  [[nodiscard]] bool is_connected(NodeId peer, Channel channel) const;
  // Bytes that wait, or that the system has not taken.
  [[nodiscard]] std::size_t queued(NodeId peer, Channel channel) const;

  // Nothing is read from this channel of any peer until it is resumed: they wait, and must not wait
  // long, or they take this node for dead.
  void pause(Channel channel);
  void resume(Channel channel);

  // Sends what is to be sent and does what is due. When it wants to be called again at the latest.
  Instant turn();

  [[nodiscard]] const TransportCounters& counters() const;
  // A line for each connection: `n2 log -> 10.0.0.2:2380 connected, version 1, 0 bytes queued`.
  [[nodiscard]] std::string describe() const;

 private:
  struct Peer {
    env::Address address;
    std::array<std::unique_ptr<OutLink>, kChannels> links;
  };

  void accept(std::unique_ptr<env::Stream> stream);
  void greeted(InLink& guest);
  void reap();
  void run_due();
  [[nodiscard]] OutLink* link(NodeId peer, Channel channel) const;

  std::unique_ptr<Surroundings> around_;
  std::unique_ptr<env::Listener> listener_;
  std::map<NodeId, Peer> peers_;
  std::vector<std::unique_ptr<InLink>> guests_;
  std::vector<std::unique_ptr<OutLink>> removed_;  // until nothing on the stack is theirs
  std::vector<OutLink*> flushing_;
  std::array<bool, kChannels> paused_{};
  Instant wake_at_ = kNever;
};

}  // namespace quorate::net
