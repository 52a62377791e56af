#include "net/out_link.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "model/text.h"

namespace quorate::net {

OutLink::OutLink(Surroundings& around, NodeId peer, Channel channel, env::Address address)
    : around_(around),
      peer_(peer),
      channel_(channel),
      address_(std::move(address)),
      due_(around.env.now()),
      outbox_(around.options.queue[place_of(channel)]) {
  around_.reschedule();
}

void OutLink::end() {
  line_.close();
  outbox_.clear();
  be(State::kEnded, kNever);
}

void OutLink::be(State state, Instant due) {
  state_ = state;
  due_ = due;
  around_.reschedule();
}

std::string OutLink::name() const { return text_of(peer_) + " at " + env::describe(address_); }

// ---- Reaching the peer

void OutLink::nudge() {
  if (state_ == State::kWaiting) {
    be(State::kWaiting, around_.env.now());
  }
}

void OutLink::dial() {
  ++around_.counters.dials;
  be(State::kDialing, around_.env.now() + around_.options.dial_timeout);
  line_.begin(around_.lane.connect(address_));
}

Hello OutLink::hello() const {
  Hello hello = around_.self;
  hello.to = peer_;
  hello.channel = channel_;
  return hello;
}

void OutLink::line_opened() {
  be(State::kGreeting, around_.env.now() + around_.options.greeting_timeout);
  line_.send_frame(FrameType::kHello, false, encode(hello()));
}

void OutLink::line_received(Frame frame) {
  around_.ask_for_turn();
  if (state_ == State::kGreeting && frame.type == FrameType::kWelcome) {
    return welcomed(frame.body);
  }
  if (state_ == State::kGreeting && frame.type == FrameType::kRefusal) {
    return turned_away(frame.body);
  }
  if (state_ == State::kUp && frame.type == FrameType::kPong) {
    unanswered_ = 0;
    return;
  }
  if (frame.skippable) {
    ++around_.counters.frames_skipped;
    return;
  }
  ++around_.counters.malformed;
  fail(invalid(name() + " sent a frame of type " +
               std::to_string(static_cast<unsigned>(frame.type)) + " where none may come"));
}

void OutLink::welcomed(const Bytes& body) {
  const auto host = decode_hello(body);
  if (!host) {
    ++around_.counters.malformed;
    return fail(invalid(name() + ": " + host.error().message));
  }
  if (const auto refusal = judge_host(hello(), host.value())) {
    return refuse(*refusal);
  }
  if (const auto verdict = around_.events.admit(host.value()); !verdict) {
    return refuse({Reason::kNotAdmitted, verdict.error().message});
  }
  // The owner may have thought better of it meanwhile.
  if (state_ == State::kGreeting) {
    be_up(host.value());
  }
}

void OutLink::turned_away(const Bytes& body) {
  const auto refusal = decode_refusal(body);
  if (!refusal) {
    ++around_.counters.malformed;
    return fail(invalid(name() + ": " + refusal.error().message));
  }
  refuse(refusal.value());
}

void OutLink::refuse(const Refusal& why) {
  ++around_.counters.refused;
  around_.notice("refused " + text_of(peer_) + why.text, name() + " refused: " + why.text);
  lose(Error{ErrorCode::kInvalid, why.text}, around_.options.retry_after_refusal);
  around_.events.refused(peer_, channel_, why);
}

void OutLink::be_up(const Hello& host) {
  const Instant now = around_.env.now();
  version_ = host.versions.highest;
  up_since_ = now;
  unanswered_ = 0;
  unsent_at_ping_ = 0;
  given_ = moved_at_ping_ = 0;
  be(State::kUp, around_.next_beat(now));
  around_.events.connected(peer_, channel_, host.incarnation);
}

// ---- Sending

Sent OutLink::send(FrameType type, bool skippable, std::span<const Bytes> body) {
  if (state_ != State::kUp) {
    return Sent::kAway;
  }
  if (channel_ == Channel::kControl) {
    around_.counters.frames_dropped += outbox_.add_over_oldest(type, skippable, body);
  } else if (!outbox_.add(type, skippable, body)) {
    ++around_.counters.frames_refused;
    wants_room_ = true;
    return Sent::kFull;
  }
  ++around_.counters.frames_sent;
  flush_later();
  return Sent::kOnItsWay;
}

void OutLink::flush_later() {
  if (!std::exchange(to_flush_, true)) {
    around_.to_flush.push_back(this);
    around_.ask_for_turn();
  }
}

void OutLink::flush() {
  to_flush_ = false;
  if (state_ != State::kUp) {
    return;
  }
  const std::size_t unsent = line_.unsent();
  if (unsent < around_.options.window && !outbox_.empty()) {
    const std::size_t before = outbox_.bytes();
    outbox_.take(around_.options.window - unsent, around_.pieces);
    given_ += before - outbox_.bytes();
    line_.send(around_.pieces);
    around_.pieces.clear();
  }
  if (wants_room_ && outbox_.bytes() <= outbox_.limit() / 2) {
    wants_room_ = false;
    around_.events.can_send_again(peer_, channel_);
  }
}

void OutLink::line_drained() {
  if (!outbox_.empty() || wants_room_) {
    flush_later();
  }
}

std::size_t OutLink::queued() const {
  return outbox_.bytes() + (line_.is_there() ? line_.unsent() : 0);
}

// ---- Time

void OutLink::run(Instant now) {
  if (now < due_) {
    return;
  }
  switch (state_) {
    case State::kWaiting:
      return dial();
    case State::kDialing:
      return fail({ErrorCode::kIo, "cannot connect to " + name() + ": no answer"});
    case State::kGreeting:
      return fail({ErrorCode::kIo, name() + " does not answer the greeting"});
    case State::kUp:
      return ping(now);
    case State::kEnded:
      return;
  }
}

// An answer may be long in coming behind a large transfer. As long as the other machine takes bytes
// from a full stream, it is there.
bool OutLink::is_moving() {
  const std::size_t unsent = line_.unsent();
  const std::uint64_t moved = given_ - std::min<std::uint64_t>(given_, unsent);
  const bool moving = unsent_at_ping_ > 0 && moved > moved_at_ping_;
  unsent_at_ping_ = unsent;
  moved_at_ping_ = moved;
  return moving;
}

void OutLink::ping(Instant now) {
  if (is_moving()) {
    unanswered_ = 0;
  }
  if (unanswered_ >= around_.options.max_unanswered) {
    ++around_.counters.silent;
    return fail({ErrorCode::kIo,
                 name() + " left " + std::to_string(unanswered_) + " pings in a row unanswered"});
  }
  ++unanswered_;
  line_.send_frame(FrameType::kPing, true, {});
  be(State::kUp, around_.next_beat(now));
}

// ---- Losing it

void OutLink::line_lost(const Error& why) { fail(why); }

void OutLink::line_garbled(const Error& why) {
  ++around_.counters.malformed;
  around_.notice("malformed " + text_of(peer_), name() + " sent what is no answer: " + why.message);
  lose(why, next_delay());
}

Duration OutLink::next_delay() {
  const auto& options = around_.options;
  if (state_ == State::kUp && around_.env.now() - up_since_ >= options.longest_retry) {
    failures_ = 0;
  }
  Duration delay = options.first_retry;
  for (int i = 0; i < failures_ && delay < options.longest_retry; ++i) {
    delay *= 2;
  }
  ++failures_;
  delay = std::min(delay, options.longest_retry);
  return around_.random.between(delay / 2, delay);
}

void OutLink::fail(const Error& why) {
  if (state_ != State::kUp) {
    around_.notice("unreachable " + text_of(peer_), why.message);
  }
  lose(why, next_delay());
}

void OutLink::lose(const Error& why, Duration retry) {
  const bool was_up = state_ == State::kUp;
  line_.close();
  outbox_.clear();
  wants_room_ = false;
  be(State::kWaiting, around_.env.now() + retry);
  if (was_up) {
    around_.events.disconnected(peer_, channel_, why);
  }
}

std::string OutLink::describe() const {
  std::string text =
      text_of(peer_) + " " + std::string{name_of(channel_)} + " -> " + env::describe(address_);
  switch (state_) {
    case State::kUp:
      return text + " connected, version " + std::to_string(version_) + ", " +
             std::to_string(queued()) + " bytes queued";
    case State::kDialing:
      return text + " dialing";
    case State::kGreeting:
      return text + " greeting";
    case State::kWaiting:
      return text + " waiting after " + std::to_string(failures_) + " failures";
    case State::kEnded:
      break;
  }
  return text + " ended";
}

}  // namespace quorate::net
