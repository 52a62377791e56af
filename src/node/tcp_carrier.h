// TcpCarrier: net's transport as a carrier: who may come in, and bodies in frames.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "env/env.h"
#include "net/transport.h"
#include "node/acquaintances.h"
#include "node/carrier.h"
#include "wal/directory.h"

namespace quorate {

class TcpCarrier final : public Carrier, private net::TransportEvents {
 public:
  struct Settings {
    wal::Identity identity;
    env::Address listen;
    std::function<void(const std::string&)> note;
    std::function<void(std::string text)> remember;  // of acquaintances, when somebody is new
  };
  // Listens; called on the lane. `acquaintances` and `events` outlive it.
  static Result<std::unique_ptr<Carrier>> open(env::Env& env, env::Lane& lane, Settings settings,
                                               Acquaintances& acquaintances, CarrierEvents& events);

  void locate(NodeId node, const env::Address& address) override;
  void send(NodeId to, Channel channel, Bytes body) override;
  Instant turn() override { return transport_.turn(); }
  [[nodiscard]] env::Address address() const override { return address_; }

 private:
  TcpCarrier(env::Env& env, env::Lane& lane, Settings settings, Acquaintances& acquaintances,
             CarrierEvents& events);

  Result<void> admit(const net::Hello& peer) override;
  void connected(NodeId peer, Channel channel, Incarnation incarnation) override;
  void disconnected(NodeId peer, Channel channel, const Error& why) override;
  void received(NodeId peer, Channel channel, net::Frame frame) override;
  void refused(NodeId peer, Channel channel, const net::Refusal& why) override;
  void can_send_again(NodeId /*peer*/, Channel /*channel*/) override {}
  void noticed(const std::string& what) override { settings_.note(what); }

  Settings settings_;
  Acquaintances& acquaintances_;
  CarrierEvents& events_;
  env::Address address_;
  net::Transport transport_;
};

}  // namespace quorate
