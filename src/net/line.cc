#include "net/line.h"

#include <algorithm>
#include <array>
#include <utility>

namespace quorate::net {

void Line::begin(std::unique_ptr<env::Stream> stream) {
  ++begun_;
  reader_ = FrameReader{kMaxGreeting};
  stream_ = std::move(stream);
  stream_->listen(*this);
}

void Line::close() {
  ++begun_;
  stream_.reset();
}

void Line::send_frame(FrameType type, bool skippable, std::string_view body) {
  BytesBuilder whole{kFrameHead + body.size()};
  const std::span<std::byte> frame = whole.extend(whole.room());
  std::ranges::copy(std::as_bytes(std::span{body}), frame.begin() + kFrameHead);
  seal_frame(frame, type, skippable);
  const std::array parts{whole.take()};
  stream_->send(parts);
}

void Line::received(std::string_view bytes) {
  const std::uint64_t mine = begun_;
  Frame frame;
  while (begun_ == mine) {
    switch (reader_.next(bytes, frame)) {
      case FrameReader::Found::kFrame:
        owner_.line_received(std::move(frame));
        break;
      case FrameReader::Found::kNothing:
        return;
      case FrameReader::Found::kError:
        close();
        return owner_.line_garbled(Error{reader_.error()});
    }
  }
}

void Line::closed(const Error& why) {
  const Error kept{why};  // it may be the stream's
  close();
  owner_.line_lost(kept);
}

}  // namespace quorate::net
