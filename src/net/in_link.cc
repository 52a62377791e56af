#include "net/in_link.h"

#include <utility>

#include "model/text.h"

namespace quorate::net {

InLink::InLink(Surroundings& around, std::unique_ptr<env::Stream> stream, Greeted greeted)
    : around_(around),
      greeted_(std::move(greeted)),
      from_(stream->peer()),
      due_(around.env.now() + around.options.greeting_timeout) {
  line_.begin(std::move(stream));
  around_.reschedule();
}

void InLink::be(State state, Instant due) {
  state_ = state;
  due_ = due;
  around_.reschedule();
}

void InLink::end() {
  line_.close();
  be(State::kEnded, kNever);
}

void InLink::want(bool more) {
  wanted_ = more;
  silent_beats_ = 0;
  if (line_.is_there()) {
    line_.want(more);
  }
}

// ---- What comes

void InLink::line_received(Frame frame) {
  heard_ = true;
  around_.ask_for_turn();
  if (state_ == State::kUp && is_owners(frame.type)) {
    ++around_.counters.frames_received;
    return around_.events.received(caller_.from, caller_.channel, std::move(frame));
  }
  if (state_ == State::kGreeting) {
    return hello(frame);
  }
  if (state_ == State::kUp) {
    transport_frame(frame);
  }
}

void InLink::transport_frame(const Frame& frame) {
  if (frame.type == FrameType::kPing) {
    line_.send_frame(FrameType::kPong, true, {});
  } else if (frame.skippable) {
    ++around_.counters.frames_skipped;
  } else {
    give_up("a frame of type " + std::to_string(static_cast<unsigned>(frame.type)) +
            " where none may come");
  }
}

// ---- The greeting

void InLink::hello(const Frame& frame) {
  if (frame.type != FrameType::kHello) {
    return give_up("a frame of type " + std::to_string(static_cast<unsigned>(frame.type)) +
                   " where a hello should come");
  }
  auto caller = decode_hello(frame.body);
  if (!caller) {
    return refuse({Reason::kMalformed, caller.error().message});
  }
  caller_ = std::move(caller.value());
  if (const auto refusal = judge_caller(around_.self, caller_)) {
    return refuse(*refusal);
  }
  if (const auto verdict = around_.events.admit(caller_); !verdict) {
    return refuse({Reason::kNotAdmitted, verdict.error().message});
  }
  if (state_ == State::kGreeting) {
    welcome();
  }
}

void InLink::welcome() {
  const std::uint64_t version = *common_version(around_.self.versions, caller_.versions);
  Hello host = around_.self;
  host.to = caller_.from;
  host.versions = {version, version};
  host.channel = caller_.channel;
  host.features &= caller_.features;
  line_.send_frame(FrameType::kWelcome, false, encode(host));
  line_.set_max_body(around_.options.max_frame);
  be(State::kUp, around_.next_beat(around_.env.now()));
  greeted_(*this);
}

// To close at once could cost the other side what it was told, so that is left to the other side.
void InLink::refuse(const Refusal& why) {
  ++around_.counters.refused;
  around_.notice("refused " + text_of(caller_.from) + why.text,
                 "a connection from " + from_ + " is refused: " + why.text);
  line_.send_frame(FrameType::kRefusal, false, encode(why));
  be(State::kLeaving, around_.env.now() + around_.options.greeting_timeout);
}

// ---- Its end

void InLink::give_up(const std::string& why) {
  ++around_.counters.malformed;
  const bool known = state_ == State::kUp;
  around_.notice("malformed " + (known ? text_of(caller_.from) : "stranger"),
                 "a connection from " + (known ? text_of(caller_.from) + " at " : "") + from_ +
                     " is closed: it sent " + why);
  end();
}

void InLink::run(Instant now) {
  if (now < due_) {
    return;
  }
  if (state_ != State::kUp) {
    return end();
  }
  silent_beats_ = heard_ || !wanted_ ? 0 : silent_beats_ + 1;
  heard_ = false;
  // One more than the other side allows itself: it pings by a clock of its own.
  if (silent_beats_ > around_.options.max_unanswered) {
    ++around_.counters.silent;
    return end();
  }
  be(State::kUp, around_.next_beat(now));
}

std::string InLink::describe() const {
  if (state_ != State::kUp) {
    return "someone <- " + from_ + " greeting";
  }
  return text_of(caller_.from) + " " + std::string{name_of(caller_.channel)} + " <- " + from_ +
         " connected";
}

}  // namespace quorate::net
