// Outbox: what a turn has for others, gathered so that one turn sends each peer one body a channel,
// whatever the number of groups: heartbeats of all groups between two nodes are one message.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "net/channel.h"
#include "node/bundle.h"
#include "quorate/types.h"

namespace quorate {

using net::Channel;

class Outbox {
 public:
  using Send = std::function<void(NodeId to, Channel channel, Bytes body)>;

  void add(GroupId group, const Message& message);
  // Sends all of it.
  void flush(const Send& send);

 private:
  // Beyond this a body is sent on its own, so that none exceeds what a frame may hold.
  static constexpr std::size_t kLargeBody = 4U << 20U;

  struct ForPeer {
    NodeId to;
    Bundle control;
    Bundle log;
    std::vector<Bytes> full;  // of the log's channel
  };

  ForPeer& for_peer(NodeId to);

  std::vector<ForPeer> peers_;
};

}  // namespace quorate
