#include "node/outbox.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace quorate {
namespace {

bool is_bulky(const Message& message) {
  const auto* append = std::get_if<Append>(&message.body);
  return append != nullptr && !append->entries.empty();
}

}  // namespace

void Outbox::add(GroupId group, const Message& message) {
  ForPeer& peer = for_peer(message.to);
  if (!is_bulky(message)) {
    peer.control.add(group, message);
    return;
  }
  peer.log.add(group, message);
  if (peer.log.size() >= kLargeBody) {
    peer.full.push_back(peer.log.take());
  }
}

void Outbox::flush(const Send& send) {
  for (ForPeer& peer : peers_) {
    if (!peer.control.empty()) {
      send(peer.to, Channel::kControl, peer.control.take());
    }
    for (Bytes& body : peer.full) {
      send(peer.to, Channel::kLog, std::move(body));
    }
    peer.full.clear();
    if (!peer.log.empty()) {
      send(peer.to, Channel::kLog, peer.log.take());
    }
  }
}

Outbox::ForPeer& Outbox::for_peer(NodeId to) {
  const auto at = std::ranges::find(peers_, to, &ForPeer::to);
  return at != peers_.end() ? *at : peers_.emplace_back(ForPeer{to, {}, {}, {}});
}

}  // namespace quorate
