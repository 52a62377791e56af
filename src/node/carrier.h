// Carrier: what brings bodies to other nodes. Over TCP it is tcp_carrier.h's; tests and embedding
// programs may bring one of their own. It lives on the first loop's lane: everything here is called
// on it.
//
// Bodies of one channel to one node arrive in order, or not at all; those of different channels
// overtake each other. What is lost is no matter to safety.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/time.h"
#include "env/lane.h"
#include "node/members.h"
#include "node/outbox.h"
#include "quorate/types.h"

namespace quorate {

class CarrierEvents {
 public:
  CarrierEvents() = default;
  CarrierEvents(const CarrierEvents&) = delete;
  CarrierEvents& operator=(const CarrierEvents&) = delete;
  virtual ~CarrierEvents() = default;

  virtual void received(NodeId from, const Bytes& body) = 0;
  // It can be reached (again).
  virtual void connected(NodeId peer) = 0;
  // It cannot be reached.
  virtual void disconnected(NodeId peer) = 0;
  // What was on its way to it may be lost.
  virtual void lost(NodeId peer) = 0;
};

class Carrier {
 public:
  Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  virtual ~Carrier() = default;

  // Where a node is found, from now on.
  virtual void locate(NodeId node, const env::Address& address) = 0;
  // As soon as may be; dropped where the node cannot be reached or too much waits for it.
  virtual void send(NodeId to, Channel channel, Bytes body) = 0;
  // Called as the last thing of each turn of the lane: what was sent leaves. Answers when it wants
  // the next turn at the latest.
  virtual Instant turn() = 0;
  // Where others find this node.
  [[nodiscard]] virtual env::Address address() const = 0;
};

}  // namespace quorate
