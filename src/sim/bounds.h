// Bounds: what the explorer exhausts. Each is a cluster of real cores in a prepared state, what may
// still happen to it and how often, and the planted bugs that a search of it must find.
// docs/explorer.md says why each is shaped so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/configuration.h"
#include "sim/stage.h"
#include "sim/step.h"

namespace quorate::sim {

// What is rationed. Everything else (a message that arrives in order, a write or an apply that
// ends, a node that restarts) is free.
enum class Charge : std::uint8_t {
  kFree,
  kTimeout,  // a node that does not lead is ticked: it campaigns
  kBeat,     // a leader is ticked: it sends heartbeats, resends, gives up
  kCrash,
  kLoss,       // a message is delivered and those before it on its link are lost, one a message
  kOvertake,   // a message is delivered before older ones of its link, which stay in flight
  kDuplicate,  // a message is delivered and stays in flight
  kProposal,
  kRead,
  kChange,
  kTransfer,
  kSnapshot,     // a node's application takes a snapshot
  kFailedRead,   // entries that a core asked for cannot be read from disk
  kUnreachable,  // a leader is told that a message to a peer was lost
  kWake,         // a sleeping node is told that its leader's node is lost
};
inline constexpr std::size_t kCharges = 15;

// How much of each is left. Part of the state: two stages with different budgets have different
// futures.
class Budget {
 public:
  static constexpr std::uint8_t kUnlimited = 255;

  Budget() = default;
  Budget(std::initializer_list<std::pair<Charge, std::uint8_t>> rations) {
    for (const auto& [charge, count] : rations) {
      left_[static_cast<std::size_t>(charge)] = count;
    }
  }
  [[nodiscard]] std::uint8_t left(Charge charge) const {
    return left_[static_cast<std::size_t>(charge)];
  }
  [[nodiscard]] bool allows(Charge charge, std::size_t count = 1) const {
    return charge == Charge::kFree || left(charge) == kUnlimited || left(charge) >= count;
  }
  void spend(Charge charge, std::size_t count = 1) {
    if (charge != Charge::kFree && left(charge) != kUnlimited) {
      left_[static_cast<std::size_t>(charge)] = static_cast<std::uint8_t>(left(charge) - count);
    }
  }
  void fingerprint(Fingerprint& into) const;
  [[nodiscard]] std::string describe() const;  // `timeouts 3, crashes 1`

 private:
  std::array<std::uint8_t, kCharges> left_{};
};

// What only this bound demands of every state, beside what Stage checks: nothing, or what is
// broken.
using Demand = std::optional<std::string> (*)(const Stage& stage);

struct Bound {
  std::string_view name;
  std::string_view covers;  // one line
  Stage::Setup setup;
  // Steps that lead to the first state, as text, and `settle [node...]` (everything in flight
  // between these nodes is delivered and every write done, until nothing is left) and `lose`
  // (everything in flight is lost).
  std::vector<std::string_view> prelude;
  Budget small;
  Budget large;  // for the night
  // Where all nodes are alike at first, the first move is this one's: every other run is one of
  // these, renamed.
  NodeId first_mover;
  std::vector<NodeId> clocks;          // whose timers may fire; empty: everyone's
  std::vector<NodeId> crashers;        // who may crash; empty: everyone
  std::vector<NodeId> readers;         // where reads are asked; empty: everywhere
  std::vector<NodeId> snapshotters;    // who may take a snapshot; empty: everyone
  std::vector<Configuration> targets;  // of membership changes
  std::vector<NodeId> heirs;           // of transfers
  Demand demand = nullptr;
  std::vector<std::string_view> kills;  // the mutants that a search of the small size finds
};

enum class Size : std::uint8_t { kSmall, kLarge };

std::span<const Bound> bounds();
const Bound* find_bound(std::string_view name);

// The steps of the bound's prelude, carried out on a new stage. An error names the line that means
// nothing.
struct Prepared {
  Stage stage;
  std::vector<Step> steps;
};
Result<Prepared> prepare(const Bound& bound);

}  // namespace quorate::sim
