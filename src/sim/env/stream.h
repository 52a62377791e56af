// StreamEnd: one side of a simulated connection, and Port: where others are accepted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ring.h"
#include "env/lane.h"
#include "sim/env/engine.h"
#include "sim/env/lane.h"
#include "sim/env/network.h"

namespace quorate::simenv {

class Port;

class StreamEnd final : public Target,
                        public Ready,
                        public std::enable_shared_from_this<StreamEnd> {
 public:
  StreamEnd(Network& network, std::shared_ptr<LaneStrand> lane, std::string peer);

  [[nodiscard]] const LaneStrand& lane() const { return *lane_; }
  [[nodiscard]] Machine& machine() const { return lane_->machine(); }
  [[nodiscard]] Machine* other() const { return other_; }
  [[nodiscard]] bool closed() const { return state_ == State::kClosed; }

  // ---- For its owner, see env::Stream

  void listen(env::StreamEvents& events) { events_ = &events; }
  void send(std::span<const Bytes> parts);
  void want(bool more);
  [[nodiscard]] std::size_t unsent() const { return unsent_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  // The owner is gone: no event any more.
  void close();

  // ---- For the network

  void connect(const env::Address& to);
  // Its machine is gone without a word.
  void vanish();
  // Nothing arrives any more, in either direction.
  void fall_into_hole() { hole_ = true; }
  // It is over, for this reason.
  void fail(Error why);
  void fail_by_reset();
  // Its system closes it: in order, after what it has taken, or by a reset.
  void end_it(bool reset);
  // The other side may have read meanwhile.
  void ask_for_credit();
  // Goes on with what waited for a link, where that is open now. False if it waits still.
  bool try_again();

  void happen(std::uint32_t what) override;
  void attend() override;
  void turn_ended() override;
  // The port's owner is about to have it.
  void begin() { state_ = State::kOpen; }
  // If there is anything to tell.
  void be_ready();

 private:
  enum class State : std::uint8_t { kConnecting, kAccepted, kOpen, kClosed };
  enum What : std::uint32_t { kKnock, kRefused, kOpened, kAccept, kArrive, kCredit, kReset };
  struct Piece {
    std::string bytes;
    bool last = false;  // the sender has closed
  };

  [[nodiscard]] Engine& engine() const { return network_.engine(); }
  // To the other side, and back.
  [[nodiscard]] bool reaches() const;
  [[nodiscard]] bool is_reached() const;
  void at_turn_end();
  void knock();
  void meet(const std::shared_ptr<Port>& port);
  void accepted();
  void pump();
  Piece cut_piece(std::size_t most);
  void put_on_the_wire(Piece piece);
  void arrive();
  void deliver(StreamEnd& to, Piece piece);
  void be_reset();
  void forget_output();
  void take_credit();
  void consumed(std::size_t bytes);
  void hand_over();
  void finish(const Error& why);

  Network& network_;
  std::shared_ptr<LaneStrand> lane_;
  std::string peer_;
  env::StreamEvents* events_ = nullptr;
  State state_ = State::kConnecting;
  Machine* other_ = nullptr;
  std::weak_ptr<StreamEnd> far_;
  std::optional<env::Address> target_;
  std::uint32_t knocks_ = 0;
  std::shared_ptr<Port> port_;  // until it is accepted there
  bool hole_ = false;

  // Out.
  Ring<Bytes> queue_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_ = 0;
  std::size_t in_system_ = 0;  // on the wire, or not read on the other side
  Ring<Piece> wire_;
  Instant last_arrival_;
  std::uint32_t stalled_ = 0;  // pieces that should have arrived by now
  bool at_turn_end_ = false;
  bool owes_drained_ = false;
  bool credit_scheduled_ = false;

  // In.
  Ring<std::string> received_;
  std::size_t consumed_ = 0;  // of which the sender does not know yet
  bool want_ = true;
  bool is_ready_ = false;
  bool opened_ = false;   // to be told
  bool drained_ = false;  // to be told
  bool last_came_ = false;
  std::optional<Error> failure_;  // to be told
};

// A port that is listened at.
class Port final : public Ready, public std::enable_shared_from_this<Port> {
 public:
  Port(std::shared_ptr<LaneStrand> lane, env::Address at, env::Lane::Accept accept)
      : lane_(std::move(lane)), at_(std::move(at)), accept_(std::move(accept)) {}

  [[nodiscard]] const std::shared_ptr<LaneStrand>& lane() const { return lane_; }
  [[nodiscard]] const env::Address& address() const { return at_; }
  [[nodiscard]] bool open() const { return open_ && lane_->open(); }
  void close();
  void came(const std::shared_ptr<StreamEnd>& end);
  void attend() override;

 private:
  std::shared_ptr<LaneStrand> lane_;
  env::Address at_;
  env::Lane::Accept accept_;
  bool open_ = true;
  std::vector<std::shared_ptr<StreamEnd>> waiting_;
};

std::unique_ptr<env::Stream> own(std::shared_ptr<StreamEnd> end);

}  // namespace quorate::simenv
