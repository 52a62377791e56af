#include "sim/network.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate::sim {

namespace {

bool happens(std::uint32_t permille, Random& random) {
  return permille > 0 && random.below(1000) < permille;
}

}  // namespace

Network::Network(std::size_t count, const Link& usual)
    : count_(count), links_(count * count, usual) {}

std::size_t Network::position(NodeId from, NodeId to) const {
  QUORATE_ASSERT(from.value() >= 1 && from.value() <= count_);
  QUORATE_ASSERT(to.value() >= 1 && to.value() <= count_);
  return (from.value() - 1) * count_ + (to.value() - 1);
}

Network::Fate Network::send(NodeId from, NodeId to, Instant now, Random& random) {
  Link& link = this->link(from, to);
  if (link.cuts > 0 || happens(link.loss, random)) {
    return {};
  }
  Fate fate;
  Instant arrival = now + random.between(link.shortest, link.longest);
  if (arrival <= link.last_arrival) {
    // A stream keeps its order; what travels beside it may overtake.
    if (happens(link.reordering, random)) {
      fate.overtook = true;
    } else {
      arrival = link.last_arrival + Duration{1};
    }
  }
  link.last_arrival = std::max(link.last_arrival, arrival);
  fate.arrival = arrival;
  if (happens(link.duplication, random)) {
    fate.again = arrival + Duration{1} + random.between(Duration{0}, link.longest);
  }
  return fate;
}

void Network::mend(NodeId from, NodeId to) {
  std::uint32_t& cuts = link(from, to).cuts;
  if (cuts > 0) {
    --cuts;
  }
}

void Network::heal(const Link& usual) {
  for (Link& link : links_) {
    const Instant last = link.last_arrival;
    link = usual;
    link.last_arrival = last;
  }
}

}  // namespace quorate::sim
