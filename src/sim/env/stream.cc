#include "sim/env/stream.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/env/machine.h"

namespace quorate::simenv {

namespace {

constexpr std::size_t kLargestPiece = std::size_t{64} << 10U;
constexpr Duration kRetry{200'000};         // at most, after a link was mended
constexpr Duration kNameNotFound{1000};     // until it is known
constexpr Duration kKnockAgain{1'000'000};  // then twice as long, and so on
constexpr std::uint32_t kMostKnocks = 5;

}  // namespace

StreamEnd::StreamEnd(Network& network, std::shared_ptr<LaneStrand> lane, std::string peer)
    : network_(network), lane_(std::move(lane)), peer_(std::move(peer)) {}

bool StreamEnd::reaches() const { return !hole_ && network_.open(machine(), *other_); }
bool StreamEnd::is_reached() const { return !hole_ && network_.open(*other_, machine()); }

void StreamEnd::happen(std::uint32_t what) {
  switch (static_cast<What>(what)) {
    case kKnock:
      return knock();
    case kRefused:
      return fail({ErrorCode::kIo, "cannot connect to " + peer_ + ": Connection refused"});
    case kOpened:
      if (state_ == State::kConnecting) {
        state_ = State::kOpen;
        opened_ = true;
        be_ready();
      }
      return;
    case kAccept:
      return accepted();
    case kArrive:
      return arrive();
    case kCredit:
      return take_credit();
    case kReset:
      return fail_by_reset();
  }
}

// ---- Its beginning

void StreamEnd::connect(const env::Address& to) {
  target_ = to;
  other_ = network_.find(to.host, machine());
  const Instant at =
      other_ == nullptr ? engine().now() + kNameNotFound : network_.arrival(machine(), *other_, 0);
  engine().schedule(at, shared_from_this(), kKnock);
}

void StreamEnd::knock() {
  if (closed() || failure_) {
    return;
  }
  if (other_ == nullptr) {
    return fail({ErrorCode::kIo, peer_ + " leads nowhere: no such name"});
  }
  if (!reaches() || !is_reached() || !other_->powered()) {
    if (++knocks_ > kMostKnocks) {
      return fail({ErrorCode::kIo, "cannot connect to " + peer_ + ": Connection timed out"});
    }
    engine().schedule(engine().now() + kKnockAgain * (1U << (knocks_ - 1)), shared_from_this(),
                      kKnock);
    return;
  }
  if (const auto port = network_.port(*other_, target_->port)) {
    meet(port);
  } else {
    engine().schedule(network_.arrival(*other_, machine(), 0), shared_from_this(), kRefused);
  }
}

// The other side comes to be, and will be offered to whoever listens there.
void StreamEnd::meet(const std::shared_ptr<Port>& port) {
  const env::Address here{machine().name(), network_.free_port(machine())};
  auto far = std::make_shared<StreamEnd>(network_, port->lane(), describe(here));
  far->state_ = State::kAccepted;
  far->other_ = &machine();
  far->far_ = weak_from_this();
  far->port_ = port;
  far_ = far;
  network_.add(far);
  far->last_arrival_ = network_.arrival(*other_, machine(), 0);
  last_arrival_ =
      far->last_arrival_ + network_.link(machine(), *other_).latency.draw(network_.random());
  engine().schedule(far->last_arrival_, shared_from_this(), kOpened);
  engine().schedule(last_arrival_, std::move(far), kAccept);
}

void StreamEnd::accepted() {
  const auto port = std::exchange(port_, nullptr);
  if (closed()) {
    return;
  }
  if (port->open()) {
    port->came(shared_from_this());
  } else {
    end_it(true);
  }
}

// ---- Its end

void StreamEnd::forget_output() {
  queue_.clear();
  sent_of_first_ = unsent_ = 0;
  owes_drained_ = false;
}

void StreamEnd::close() {
  events_ = nullptr;
  if (!closed() && !failure_ && lane_->alive()) {
    end_it(!received_.empty());
  }
  state_ = State::kClosed;
}

void StreamEnd::end_it(bool reset) {
  events_ = nullptr;
  state_ = State::kClosed;
  forget_output();
  const auto far = far_.lock();
  if (far == nullptr) {
    return;
  }
  if (reset) {
    wire_.clear();
    far->be_reset();
  } else {
    put_on_the_wire(Piece{{}, true});
  }
}

// Its peer's system answers that it knows of no such connection.
void StreamEnd::be_reset() {
  if (is_reached()) {
    const Instant at = network_.arrival(*other_, machine(), 0);
    engine().schedule(at, shared_from_this(), kReset);
  }
}

void StreamEnd::vanish() {
  events_ = nullptr;
  state_ = State::kClosed;
  forget_output();
  received_.clear();
}

void StreamEnd::fail_by_reset() {
  fail({ErrorCode::kIo, "the connection to " + peer_ + " is lost: Connection reset by peer"});
}

void StreamEnd::fail(Error why) {
  if (closed() || failure_) {
    return;
  }
  failure_ = std::move(why);
  forget_output();
  wire_.clear();
  if (network_.random().one_in(2)) {
    received_.clear();  // What had come, but was not read, may be lost.
  }
  be_ready();
}

// ---- Out

void StreamEnd::at_turn_end() {
  if (!std::exchange(at_turn_end_, true)) {
    lane_->at_turn_end(shared_from_this());
  }
}

void StreamEnd::send(std::span<const Bytes> parts) {
  if (closed() || failure_ || !lane_->open()) {
    return;
  }
  QUORATE_ASSERT(lane_->runs_now(), peer_ + ": used from outside of its lane");
  lane_->count_call();
  for (const Bytes& part : parts) {
    if (!part.empty()) {
      unsent_ += part.size();
      queue_.push_back(part);
    }
  }
  owes_drained_ = true;
  at_turn_end();
}

void StreamEnd::turn_ended() {
  at_turn_end_ = false;
  if (state_ != State::kOpen || failure_) {
    return;
  }
  pump();
  if (unsent_ == 0 && std::exchange(owes_drained_, false) && events_ != nullptr) {
    events_->drained();
  }
}

void StreamEnd::pump() {
  const auto far = far_.lock();
  if (far != nullptr && is_reached()) {
    in_system_ -= std::exchange(far->consumed_, 0);
  }
  while (unsent_ > 0 && in_system_ < Network::kWindow) {
    put_on_the_wire(cut_piece(Network::kWindow - in_system_));
  }
}

void StreamEnd::take_credit() {
  credit_scheduled_ = false;
  if (state_ != State::kOpen || failure_) {
    return;
  }
  pump();
  if (unsent_ == 0 && std::exchange(owes_drained_, false)) {
    drained_ = true;
    be_ready();
  }
}

void StreamEnd::ask_for_credit() {
  if (unsent_ > 0 && state_ == State::kOpen && !credit_scheduled_ && is_reached()) {
    credit_scheduled_ = true;
    engine().schedule(network_.arrival(*other_, machine(), 0), shared_from_this(), kCredit);
  }
}

// Bytes from the queue, as many as the wires like to take together this time.
StreamEnd::Piece StreamEnd::cut_piece(std::size_t most) {
  Random& random = network_.random();
  const std::uint64_t kind = random.below(16);
  const std::size_t drawn = kind == 0   ? random.between(1, 32)
                            : kind <= 2 ? random.between(1, 1500)
                                        : kLargestPiece;
  const std::size_t size = std::min({most, unsent_, drawn});
  Piece piece;
  piece.bytes.reserve(size);
  while (piece.bytes.size() < size) {
    const std::string_view rest = queue_.front().text().substr(sent_of_first_);
    const std::string_view part = rest.substr(0, size - piece.bytes.size());
    piece.bytes += part;
    sent_of_first_ += part.size();
    if (part.size() == rest.size()) {
      queue_.pop_front();
      sent_of_first_ = 0;
    }
  }
  unsent_ -= size;
  return piece;
}

void StreamEnd::put_on_the_wire(Piece piece) {
  in_system_ += piece.bytes.size();
  last_arrival_ = std::max(last_arrival_, network_.arrival(machine(), *other_, piece.bytes.size()));
  wire_.push_back(std::move(piece));
  engine().schedule(last_arrival_, shared_from_this(), kArrive);
}

void StreamEnd::arrive() {
  if (hole_ || wire_.empty()) {
    wire_.clear();
    return;
  }
  if (stalled_ > 0 || !reaches()) {
    if (stalled_++ == 0) {
      network_.wait_for_link(shared_from_this());
    }
    return;
  }
  Piece piece = std::move(wire_.front());
  wire_.pop_front();
  if (!other_->powered()) {
    return;
  }
  const auto far = far_.lock();
  if (far != nullptr && !far->closed()) {
    deliver(*far, std::move(piece));
  } else if (!piece.last && !closed()) {
    be_reset();
  }
}

bool StreamEnd::try_again() {
  if (!hole_ && !reaches()) {
    return false;
  }
  last_arrival_ =
      std::max(last_arrival_, engine().now() + network_.random().between(Duration{0}, kRetry));
  for (; stalled_ > 0; --stalled_) {
    engine().schedule(last_arrival_, shared_from_this(), kArrive);
  }
  return true;
}

// ---- In

void StreamEnd::deliver(StreamEnd& to, Piece piece) {
  Random& random = network_.random();
  const std::uint32_t flips = network_.link(machine(), *other_).flips;
  if (flips > 0 && !piece.last && random.below(1'000'000) < flips) {
    char& byte = piece.bytes[random.below(piece.bytes.size())];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << random.below(8)));
  }
  engine().hash.add((machine().index() << 8U) + other_->index());
  engine().hash.add(std::string_view{piece.bytes}.substr(0, 64));
  engine().hash.add(piece.bytes.size());
  if (piece.last) {
    to.last_came_ = true;
  } else {
    to.received_.push_back(std::move(piece.bytes));
  }
  to.be_ready();
}

void StreamEnd::be_ready() {
  const bool readable = want_ && (!received_.empty() || last_came_);
  const bool anything = opened_ || drained_ || failure_ || readable;
  if (anything && !is_ready_ && !closed() && state_ != State::kAccepted) {
    is_ready_ = true;
    lane_->add_ready(shared_from_this());
  }
}

void StreamEnd::want(bool more) {
  want_ = more;
  be_ready();
}

void StreamEnd::attend() {
  is_ready_ = false;
  if (closed()) {
    return;
  }
  QUORATE_ASSERT(events_ != nullptr, "no listen() on the stream to " + peer_);
  if (std::exchange(opened_, false)) {
    at_turn_end();  // For what was sent before.
    events_->opened();
  }
  if (std::exchange(drained_, false) && events_ != nullptr) {
    events_->drained();
  }
  hand_over();
  if (events_ == nullptr) {
    return;
  }
  if (failure_) {
    finish(Error{*failure_});
  } else if (last_came_ && want_ && received_.empty()) {
    finish({ErrorCode::kIo, peer_ + " closed the connection"});
  }
}

void StreamEnd::hand_over() {
  while (events_ != nullptr && want_ && !received_.empty()) {
    const std::string bytes = std::move(received_.front());
    received_.pop_front();
    consumed_ += bytes.size();
    if (const auto far = far_.lock()) {
      far->ask_for_credit();
    }
    events_->received(bytes);
  }
}

void StreamEnd::finish(const Error& why) {
  state_ = State::kClosed;
  forget_output();
  std::exchange(events_, nullptr)->closed(why);
}

// ---- What the lane holds of it

namespace {

class SimulatedStream final : public env::Stream {
 public:
  explicit SimulatedStream(std::shared_ptr<StreamEnd> end) : end_(std::move(end)) {}
  ~SimulatedStream() override { end_->close(); }

  void listen(env::StreamEvents& events) override { end_->listen(events); }
  void send(std::span<const Bytes> parts) override { end_->send(parts); }
  [[nodiscard]] std::size_t unsent() const override { return end_->unsent(); }
  [[nodiscard]] std::string peer() const override { return end_->peer(); }
  void want(bool more) override { end_->want(more); }

 private:
  std::shared_ptr<StreamEnd> end_;
};

}  // namespace

std::unique_ptr<env::Stream> own(std::shared_ptr<StreamEnd> end) {
  return std::make_unique<SimulatedStream>(std::move(end));
}

// ---- Ports

void Port::close() {
  open_ = false;
  for (const auto& end : std::exchange(waiting_, {})) {
    end->end_it(true);
  }
}

void Port::came(const std::shared_ptr<StreamEnd>& end) {
  waiting_.push_back(end);
  lane_->add_ready(shared_from_this());
}

void Port::attend() {
  for (const auto& end : std::exchange(waiting_, {})) {
    if (end->closed()) {
      continue;
    }
    if (!open_) {
      end->end_it(true);
      continue;
    }
    end->begin();
    accept_(own(end));
    end->be_ready();
  }
}

}  // namespace quorate::simenv
