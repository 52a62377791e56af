#include "node/switch.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "node/reader_lane.h"
#include "node/snapshot_lane.h"

namespace quorate {

Switch::Switch(env::Env& env, Settings settings, Loop& loop, ReaderLane& reader,
               SnapshotLane& snapshots, Observer* observer)
    : env_(env),
      settings_(settings),
      loop_(loop),
      reader_(reader),
      snapshots_(snapshots),
      observer_(observer) {}

void Switch::received(NodeId from, const Bytes& body) {
  said_.clear();
  if (const auto decoded = decode(body, said_); !decoded) {
    return distrust(from, decoded.error().message);
  }
  for (Said& said : said_) {
    std::visit([&](auto& what) { take(from, what); }, said);
  }
  said_.clear();
}

void Switch::connected(NodeId peer) { gone_since_.erase(peer); }

// Whether the node itself is gone, time tells: a connection that breaks is no evidence that a
// leader is dead, and elects nobody.
void Switch::disconnected(NodeId peer) { gone_since_.try_emplace(peer, env_.now()); }

void Switch::lost(NodeId peer) { loop_.peer_lost(peer); }

Instant Switch::work() {
  const Instant now = env_.now();
  Instant next = kNever;
  for (auto at = gone_since_.begin(); at != gone_since_.end();) {
    const Instant due = at->second + settings_.silence;
    if (due <= now) {
      loop_.peer_silent(at->first);
      at = gone_since_.erase(at);
    } else {
      next = std::min(next, due);
      ++at;
    }
  }
  return next;
}

void Switch::take(NodeId from, GroupMessage& said) {
  if (said.message.from != from || said.message.to != settings_.self) {
    return distrust(from, "it passes on a message from n" +
                              std::to_string(said.message.from.value()) + " to n" +
                              std::to_string(said.message.to.value()));
  }
  loop_.receive(said.group, std::move(said.message));
}

void Switch::take(NodeId from, Offer& said) {
  if (said.install.from != from || said.install.to != settings_.self) {
    return distrust(from, "it offers a snapshot in another's name");
  }
  const GroupId group = said.group;
  snapshots_.put({&loop_, group, Offered{from, std::move(said)}});
}

void Switch::take(NodeId from, Want& said) {
  reader_.put({&loop_, said.snapshot.group, ServePiece{from, said}});
}

void Switch::take(NodeId from, Piece& said) {
  const GroupId group = said.snapshot.group;
  snapshots_.put({&loop_, group, PieceCame{from, std::move(said)}});
}

void Switch::take(NodeId from, Gone& said) {
  snapshots_.put({&loop_, said.snapshot.group, SnapshotIsGone{from, said.snapshot}});
}

void Switch::take(NodeId from, AskEntry& said) {
  reader_.put({&loop_, said.group, ServeEntry{from, said}});
}

void Switch::take(NodeId from, AskOffer& said) {
  reader_.put({&loop_, said.group, OfferNewest{from}});
}

void Switch::take(NodeId /*from*/, EntryFound& said) { loop_.found(said); }

void Switch::take(NodeId from, EntryMissing& said) { loop_.missing(from, said); }

void Switch::distrust(NodeId from, const std::string& why) {
  note(observer_,
       "n" + std::to_string(from.value()) + " says what cannot be, and is not listened to: " + why);
}

}  // namespace quorate
