// OutLink: one channel to one peer, over all the connections that it takes.
//
//     waiting -> dialing -> greeting -> up
//        ^----------------------------------  whatever goes wrong
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "env/lane.h"
#include "net/line.h"
#include "net/outbox.h"
#include "net/surroundings.h"

namespace quorate::net {

class OutLink final : private Line::Owner {
 public:
  OutLink(Surroundings& around, NodeId peer, Channel channel, env::Address address);

  // Nothing happens any more.
  void end();
  // The peer was heard of: a dial that waits for its time is made now.
  void nudge();
  Sent send(FrameType type, bool skippable, std::span<const Bytes> body);
  // Hands to the stream what it may have now.
  void flush();
  // Does what is due.
  void run(Instant now);
  [[nodiscard]] Instant due() const { return due_; }

  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::string describe() const;

 private:
  enum class State : std::uint8_t { kWaiting, kDialing, kGreeting, kUp, kEnded };

  void line_opened() override;
  void line_received(Frame frame) override;
  void line_drained() override;
  void line_lost(const Error& why) override;
  void line_garbled(const Error& why) override;

  void dial();
  void welcomed(const Bytes& body);
  void turned_away(const Bytes& body);
  void refuse(const Refusal& why);
  void be_up(const Hello& host);
  void ping(Instant now);
  bool is_moving();
  void fail(const Error& why);
  void lose(const Error& why, Duration retry);
  [[nodiscard]] Hello hello() const;
  [[nodiscard]] Duration next_delay();
  [[nodiscard]] std::string name() const;
  void be(State state, Instant due);
  void flush_later();

  Surroundings& around_;
  const NodeId peer_;
  const Channel channel_;
  const env::Address address_;
  Line line_{*this};
  State state_ = State::kWaiting;
  Instant due_;
  int failures_ = 0;  // in a row
  Instant up_since_;
  std::uint64_t version_ = 0;
  Outbox outbox_;
  bool wants_room_ = false;  // somebody was told that it is full
  bool to_flush_ = false;
  int unanswered_ = 0;
  std::size_t unsent_at_ping_ = 0;
  std::uint64_t given_ = 0;  // bytes, since the connection is up
  std::uint64_t moved_at_ping_ = 0;
};

}  // namespace quorate::net
