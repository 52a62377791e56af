// InLink: one connection that somebody else made to this node.
//
//     greeting -> up -> ended
//         \-> leaving -/          refused; lives until the other side has read why
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "net/line.h"
#include "net/surroundings.h"

namespace quorate::net {

class InLink final : private Line::Owner {
 public:
  // `greeted` is called when it is up, within its event.
  using Greeted = std::function<void(InLink&)>;

  InLink(Surroundings& around, std::unique_ptr<env::Stream> stream, Greeted greeted);

  void end();
  void run(Instant now);
  void want(bool more);
  [[nodiscard]] Instant due() const { return due_; }
  [[nodiscard]] bool is_over() const { return state_ == State::kEnded; }
  [[nodiscard]] bool is_greeting() const {
    return state_ == State::kGreeting || state_ == State::kLeaving;
  }
  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  // Once it is up.
  [[nodiscard]] NodeId peer() const { return caller_.from; }
  [[nodiscard]] Channel channel() const { return caller_.channel; }
  [[nodiscard]] std::string describe() const;

 private:
  enum class State : std::uint8_t { kGreeting, kUp, kLeaving, kEnded };

  void line_opened() override {}
  void line_received(Frame frame) override;
  void line_drained() override {}
  void line_lost(const Error& /*why*/) override { end(); }
  void line_garbled(const Error& why) override { give_up(why.message); }

  void hello(const Frame& frame);
  void refuse(const Refusal& why);
  void welcome();
  void transport_frame(const Frame& frame);
  void give_up(const std::string& why);
  void be(State state, Instant due);

  Surroundings& around_;
  Greeted greeted_;
  Line line_{*this};
  std::string from_;  // the address, for messages to people
  State state_ = State::kGreeting;
  Instant due_;
  Hello caller_;
  bool wanted_ = true;
  bool heard_ = false;  // since the last beat
  int silent_beats_ = 0;
};

}  // namespace quorate::net
