// Line: a stream that speaks in frames.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "env/lane.h"
#include "net/frame.h"

namespace quorate::net {

// A greeting is never larger; who has not greeted yet can claim no more memory.
inline constexpr std::size_t kMaxGreeting = 4096;

class Line final : private env::StreamEvents {
 public:
  // Within each of these the line may be closed, and begun anew, but not destroyed.
  class Owner {
   public:
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    virtual ~Owner() = default;
    virtual void line_opened() = 0;
    virtual void line_received(Frame frame) = 0;
    virtual void line_drained() = 0;
    // The stream ended. The line is closed.
    virtual void line_lost(const Error& why) = 0;
    // What came was no frame. The line is closed.
    virtual void line_garbled(const Error& why) = 0;
  };

  explicit Line(Owner& owner) : owner_(owner) {}

  void begin(std::unique_ptr<env::Stream> stream);
  void close();
  [[nodiscard]] bool is_there() const { return stream_ != nullptr; }

  // What is there from now on.
  void send(std::span<const Bytes> frames) { stream_->send(frames); }
  void send_frame(FrameType type, bool skippable, std::string_view body);
  [[nodiscard]] std::size_t unsent() const { return stream_->unsent(); }
  [[nodiscard]] std::string peer() const { return stream_->peer(); }
  void want(bool more) { stream_->want(more); }
  // From the next frame on; kMaxGreeting until then.
  void set_max_body(std::size_t bytes) { reader_.set_max_body(bytes); }

 private:
  void opened() override { owner_.line_opened(); }
  void received(std::string_view bytes) override;
  void drained() override { owner_.line_drained(); }
  void closed(const Error& why) override;

  Owner& owner_;
  std::unique_ptr<env::Stream> stream_;
  FrameReader reader_{kMaxGreeting};
  std::uint64_t begun_ = 0;  // tells one stream from the next
};

}  // namespace quorate::net
