// Network: what becomes of a message between two nodes. A matrix of directed links, each with its
// own delay, loss, duplication and order, that the faults change over time. It holds no message: it
// only answers, for one that is sent now, when it arrives, how often, or that it never does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "quorate/types.h"

namespace quorate::sim {

// One direction between two nodes. Chances are in thousandths.
struct Link {
  std::uint32_t cuts = 0;  // how many faults cut it at present; open when none does
  Duration shortest{100};
  Duration longest{1000};
  std::uint32_t loss = 0;
  std::uint32_t duplication = 0;
  std::uint32_t reordering = 0;  // of messages that may overtake those before them
  Instant last_arrival;
};

class Network {
 public:
  struct Fate {
    std::optional<Instant> arrival;  // nothing: it is lost
    std::optional<Instant> again;    // of a second copy, after the first
    bool overtook = false;
  };

  // Links between all of the nodes 1 to `count`, alike.
  Network(std::size_t count, const Link& usual);

  [[nodiscard]] Fate send(NodeId from, NodeId to, Instant now, Random& random);

  [[nodiscard]] bool open(NodeId from, NodeId to) const { return link(from, to).cuts == 0; }
  void cut(NodeId from, NodeId to) { ++link(from, to).cuts; }
  void mend(NodeId from, NodeId to);
  Link& link(NodeId from, NodeId to) { return links_[position(from, to)]; }
  [[nodiscard]] const Link& link(NodeId from, NodeId to) const {
    return links_[position(from, to)];
  }
  // Every link open and like `usual` again.
  void heal(const Link& usual);
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  [[nodiscard]] std::size_t position(NodeId from, NodeId to) const;

  std::size_t count_;
  std::vector<Link> links_;
};

}  // namespace quorate::sim
