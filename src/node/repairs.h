// Repairs: what this node's log has lost, and the groups that are fenced for it. Entries that their
// log held durably have rotted; the log knows which (position and checksum), and exactly these are
// fetched from other members, whoever leads (rule 12). Until then a group has no core here: it
// votes for nobody, asks for no votes, and acknowledges nothing; other groups go on.
//
// What becomes of a lost entry:
//   - a member has it: it is written again, where its checksum is the one that was lost.
//   - a member has compacted it: its snapshot is fetched, and takes the place of all up to where it
//     ends.
//   - every other member's core lacks it: then no majority ever held it, and none can from now on
//     but by a leader that sends it here as well. It is dropped, with all behind it, as a leader's
//     conflicting append would.
//   - else the members are asked again: some may be away.
//
// What is found rotten while its group runs is fetched as well; then the group goes on meanwhile,
// and nothing is dropped or replaced.
//
// Only the first loss of a group is ever dropped. Who has to lack it are the members of all
// configurations that could be read, and the configurations before it are whole by then.
//
// Knows nothing of lanes: what is to be done stands in Orders.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "node/bundle.h"
#include "quorate/types.h"
#include "wal/damage.h"

namespace quorate {

class Repairs {
 public:
  // Of a group's log.
  struct Change {
    enum class Kind : std::uint8_t {
      kRewritten,  // this one entry is there again
      kCut,        // it and all behind it are gone
      kReplaced,   // a snapshot that ends there stands for it and all before it
    };
    Kind kind = Kind::kRewritten;
    Index index;
  };
  struct Orders {
    std::vector<std::pair<NodeId, AskEntry>> ask;
    std::vector<std::pair<NodeId, AskOffer>> ask_offer;
    // Each is told back by changed().
    std::vector<std::pair<GroupId, Entry>> rewrite;
    std::vector<std::pair<GroupId, Index>> cut;
    std::vector<std::pair<GroupId, SnapshotMeta>> replace;
    std::vector<Configuration> found;  // with more members, where others are
    std::vector<GroupId> whole;        // nothing is lost any more
    std::vector<std::pair<GroupId, std::string>> say;
  };
  // Nothing is lost, so that there is nothing to order.
  [[nodiscard]] bool idle() const { return fences_.empty(); }

  explicit Repairs(NodeId self) : self_(self) {}

  // `lost` rising by index and not empty.
  void fence(GroupId group, const std::vector<wal::Lost>& lost,
             const std::vector<Configuration>& configurations);
  // The same for a group that runs, and goes on.
  void fetch(const wal::Lost& lost, const Configuration& configuration);
  [[nodiscard]] bool fenced(GroupId group) const;
  // For who asks something of the group.
  [[nodiscard]] std::string describe(GroupId group) const;

  void found(const EntryFound& found, Orders& orders);
  void missing(NodeId from, const EntryMissing& missing);
  // A snapshot is here: whole, verified and durable, and of committed entries.
  void arrived(GroupId group, const SnapshotMeta& snapshot, Orders& orders);
  // The log was changed, durably; or not: it took the entry not for what was lost, or has no room.
  void changed(GroupId group, const Change& change, bool done, Orders& orders);

  // Asks where it is time to. When it wants to be called again.
  Instant work(Instant now, Orders& orders);

 private:
  struct Loss {
    wal::Lost what;
    std::set<NodeId> lacking;           // those whose core does not hold it
    std::optional<Configuration> held;  // by the entry that is being written for it
    bool being_written = false;
  };
  struct Fence {
    std::deque<Loss> losses;   // rising
    std::set<NodeId> members;  // others than this node
    NodeId asked;              // last
    Instant ask_at = Instant::min();
    NodeId compacted;  // a member that has a snapshot in place of a lost entry
    Instant ask_offer_at = Instant::min();
    bool being_changed = false;  // cut, or replaced
    bool runs = false;           // the group does: it is not fenced
  };

  void ask(GroupId group, Fence& fence, Orders& orders);
  static Loss* loss_at(Fence& fence, Index index);
  void rewritten(Fence& fence, Index index, bool done, Orders& orders);
  void add_members(Fence& fence, const Configuration& configuration) const;
  static bool nobody_has(const Fence& fence);

  NodeId self_;

  std::map<GroupId, Fence> fences_;
};

}  // namespace quorate
