#include "node/tcp_carrier.h"

#include <utility>

namespace quorate {
namespace {

constexpr auto kBody = net::FrameType::kFirstOfOwner;

net::Hello hello_of(const TcpCarrier::Settings& settings) {
  net::Hello hello;
  hello.cluster = settings.identity.cluster;
  hello.from = settings.identity.node;
  hello.incarnation = settings.identity.incarnation;
  hello.versions = net::kThisBuild;
  hello.address = describe(settings.listen);
  return hello;
}

}  // namespace

Result<std::unique_ptr<Carrier>> TcpCarrier::open(env::Env& env, env::Lane& lane, Settings settings,
                                                  Acquaintances& acquaintances,
                                                  CarrierEvents& events) {
  std::unique_ptr<TcpCarrier> carrier{
      new TcpCarrier{env, lane, std::move(settings), acquaintances, events}};
  auto address = carrier->transport_.listen(carrier->settings_.listen);
  if (!address) {
    return address.error();
  }
  carrier->address_ = std::move(address.value());
  return std::unique_ptr<Carrier>{std::move(carrier)};
}

TcpCarrier::TcpCarrier(env::Env& env, env::Lane& lane, Settings settings,
                       Acquaintances& acquaintances, CarrierEvents& events)
    : settings_(std::move(settings)),
      acquaintances_(acquaintances),
      events_(events),
      transport_(env, lane, hello_of(settings_), {}, Random{env.random()}, *this) {}

void TcpCarrier::locate(NodeId node, const env::Address& address) {
  if (transport_.address_of(node) != address) {
    transport_.set_peer(node, address);
  }
}

// What cannot leave is lost, as on any network; the core sends again what matters.
void TcpCarrier::send(NodeId to, Channel channel, Bytes body) {
  maybe(transport_.send(to, channel, kBody, std::span{&body, 1}) == net::Sent::kOnItsWay);
}

Result<void> TcpCarrier::admit(const net::Hello& peer) {
  const auto met = acquaintances_.meet(peer.from, peer.incarnation);
  if (!met) {
    return met.error();
  }
  if (met.value()) {
    settings_.remember(acquaintances_.text());
  }
  return {};
}

void TcpCarrier::connected(NodeId peer, Channel channel, Incarnation /*incarnation*/) {
  if (channel == Channel::kControl) {
    events_.connected(peer);
  }
}

void TcpCarrier::disconnected(NodeId peer, Channel channel, const Error& why) {
  if (channel == Channel::kControl) {
    settings_.note("n" + std::to_string(peer.value()) + " cannot be reached: " + why.message);
    events_.disconnected(peer);
  }
  events_.lost(peer);
}

void TcpCarrier::received(NodeId peer, Channel /*channel*/, net::Frame frame) {
  if (frame.type == kBody) {
    events_.received(peer, frame.body);
  }
}

void TcpCarrier::refused(NodeId peer, Channel /*channel*/, const net::Refusal& why) {
  settings_.note("n" + std::to_string(peer.value()) + " refuses this node: " + why.text);
}

}  // namespace quorate
