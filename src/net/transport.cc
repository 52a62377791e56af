#include "net/transport.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/in_link.h"
#include "net/out_link.h"
#include "net/surroundings.h"

namespace quorate::net {

Transport::Transport(env::Env& env, env::Lane& lane, Hello self, TransportOptions options,
                     Random random, TransportEvents& events)
    : around_(std::make_unique<Surroundings>(env, lane, std::move(self), std::move(options), random,
                                             events)) {}

Transport::~Transport() = default;

// ---- Those who come

Result<env::Address> Transport::listen(const env::Address& at) {
  auto listener = around_->lane.listen(at, [this](auto stream) { accept(std::move(stream)); });
  if (!listener) {
    return listener.error();
  }
  listener_ = std::move(listener.value());
  return listener_->address();
}

void Transport::accept(std::unique_ptr<env::Stream> stream) {
  ++around_->counters.accepted;
  const auto ungreeted = static_cast<std::size_t>(
      std::ranges::count_if(guests_, [](const auto& guest) { return guest->is_greeting(); }));
  if (guests_.size() >= around_->options.max_accepted ||
      ungreeted >= around_->options.max_ungreeted) {
    ++around_->counters.over_cap;
    around_->notice("cap", "a connection from " + stream->peer() +
                               " is closed: " + std::to_string(guests_.size()) + " are open, " +
                               std::to_string(ungreeted) + " of them without a greeting");
    return;
  }
  guests_.push_back(std::make_unique<InLink>(*around_, std::move(stream),
                                             [this](InLink& guest) { greeted(guest); }));
}

// A peer that dials again has given up its connection before this, though it may look alive here.
void Transport::greeted(InLink& guest) {
  for (const auto& other : guests_) {
    if (other.get() != &guest && other->is_up() && other->peer() == guest.peer() &&
        other->channel() == guest.channel()) {
      other->end();
    }
  }
  guest.want(!paused_[place_of(guest.channel())]);
  if (const auto peer = peers_.find(guest.peer()); peer != peers_.end()) {
    for (const auto& link : peer->second.links) {
      link->nudge();
    }
  }
}

void Transport::pause(Channel channel) {
  paused_[place_of(channel)] = true;
  for (const auto& guest : guests_) {
    if (guest->is_up() && guest->channel() == channel) {
      guest->want(false);
    }
  }
}

void Transport::resume(Channel channel) {
  paused_[place_of(channel)] = false;
  for (const auto& guest : guests_) {
    if (guest->is_up() && guest->channel() == channel) {
      guest->want(true);
    }
  }
}

// ---- Those who are dialed

void Transport::set_peer(NodeId peer, const env::Address& address) {
  QUORATE_ASSERT(peer != kNobody);
  QUORATE_ASSERT(peer != around_->self.from);
  if (const auto known = address_of(peer); known && *known == address) {
    return;
  }
  Peer& entry = peers_[peer];
  entry.address = address;
  for (const Channel channel : kAllChannels) {
    auto& link = entry.links[place_of(channel)];
    if (link) {
      link->end();
      removed_.push_back(std::move(link));
    }
    link = std::make_unique<OutLink>(*around_, peer, channel, address);
  }
}

void Transport::remove_peer(NodeId peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    for (auto& link : found->second.links) {
      link->end();
      removed_.push_back(std::move(link));
    }
    peers_.erase(found);
  }
  for (const auto& guest : guests_) {
    if (guest->is_up() && guest->peer() == peer) {
      guest->end();
    }
  }
  around_->ask_for_turn();
}

std::optional<env::Address> Transport::address_of(NodeId peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::nullopt : std::optional{found->second.address};
}

OutLink* Transport::link(NodeId peer, Channel channel) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : found->second.links[place_of(channel)].get();
}

Sent Transport::send(NodeId to, Channel channel, FrameType type, std::span<const Bytes> body,
                     bool skippable) {
  QUORATE_ASSERT(is_owners(type));
  OutLink* const to_peer = link(to, channel);
  return to_peer == nullptr ? Sent::kAway : to_peer->send(type, skippable, body);
}

bool Transport::is_connected(NodeId peer, Channel channel) const {
  const OutLink* const to_peer = link(peer, channel);
  return to_peer != nullptr && to_peer->is_up();
}

std::size_t Transport::queued(NodeId peer, Channel channel) const {
  const OutLink* const to_peer = link(peer, channel);
  return to_peer == nullptr ? 0 : to_peer->queued();
}

// ---- Turns

Instant Transport::turn() {
  // What this turn itself asks for, it does.
  around_->turn_asked_for = true;
  reap();
  if (around_->schedule_changed || wake_at_ <= around_->env.now()) {
    run_due();
  }
  flushing_.swap(around_->to_flush);
  for (OutLink* link : flushing_) {
    link->flush();
  }
  flushing_.clear();
  if (around_->schedule_changed) {
    run_due();
  }
  around_->turn_asked_for = false;
  if (!around_->to_flush.empty()) {
    around_->ask_for_turn();
  }
  return wake_at_;
}

// No event of theirs is on the stack now.
void Transport::reap() {
  for (const auto& link : removed_) {
    std::erase(around_->to_flush, link.get());
  }
  removed_.clear();
  std::erase_if(guests_, [](const auto& guest) { return guest->is_over(); });
}

void Transport::run_due() {
  const Instant now = around_->env.now();
  // What is due may have the owner change peers; those removed live until the next turn.
  std::vector<OutLink*> links;
  for (const auto& [id, peer] : peers_) {
    for (const auto& link : peer.links) {
      links.push_back(link.get());
    }
  }
  for (OutLink* link : links) {
    link->run(now);
  }
  for (std::size_t i = 0; i < guests_.size(); ++i) {
    guests_[i]->run(now);
  }
  around_->schedule_changed = false;
  wake_at_ = kNever;
  for (const auto& [id, peer] : peers_) {
    for (const auto& link : peer.links) {
      wake_at_ = std::min(wake_at_, link->due());
    }
  }
  for (const auto& guest : guests_) {
    wake_at_ = std::min(wake_at_, guest->due());
  }
}

// ---- Looking

const TransportCounters& Transport::counters() const { return around_->counters; }

std::string Transport::describe() const {
  std::string text;
  for (const auto& [id, peer] : peers_) {
    for (const auto& link : peer.links) {
      text += link->describe() + "\n";
    }
  }
  for (const auto& guest : guests_) {
    text += guest->describe() + "\n";
  }
  return text;
}

}  // namespace quorate::net
