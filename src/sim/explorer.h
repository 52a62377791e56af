// The search: visits every state that a world can reach, breadth first, so that the first violation
// found is one that no shorter run shows.
//
// It knows nothing of Raft. A world is a copyable value that lists the moves it allows, makes one,
// and names its state by a fingerprint; equal fingerprints must mean equal futures. The order of
// moves must depend on nothing but the state, because a state is remembered as (parent, which
// move): sixteen bytes with its fingerprint. Worlds are kept for the frontier alone, and only up to
// a limit; beyond it they are made anew by replaying moves from the root. Neighbours in the
// frontier share most of that path, and it is walked once for all of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "sim/explorer_set.h"

namespace quorate::sim {

template <class World>
concept Explorable = std::copyable<World> && requires(const World& world, World& mutable_world,
                                                      std::vector<typename World::Move>& moves,
                                                      const typename World::Move& move) {
  world.moves(moves);                                  // appends every move that is allowed here
  { mutable_world.make(move) } -> std::same_as<bool>;  // false: it means nothing here
  { world.fingerprint() } -> std::same_as<std::uint64_t>;
  { world.violation() } -> std::same_as<std::optional<std::string>>;
};

struct SearchLimits {
  std::uint64_t states = 1'000'000'000;  // the search is cut there
  std::size_t kept_worlds = 400'000;  // of the frontier; the rest is made anew when its turn comes
};

// What a search has done so far, for a watcher on another thread.
struct SearchPulse {
  std::atomic<std::uint64_t> states{0};
  std::atomic<std::uint64_t> transitions{0};
  std::atomic<std::uint64_t> frontier{0};  // states known and not yet expanded
  std::atomic<std::uint32_t> depth{0};
  std::atomic<bool> stop{false};  // set by the watcher: the search is cut
};

template <class Move>
struct Explored {
  std::uint64_t states = 0;       // distinct ones, the first included
  std::uint64_t transitions = 0;  // moves made
  std::uint32_t depth = 0;        // of the state that takes the most moves to reach
  std::uint64_t widest = 0;       // the greatest number of states at one depth
  bool exhausted = false;         // nothing is left to visit
  std::optional<std::string> violation;
  std::vector<Move> path;  // the moves from the first state to the violation
};

template <Explorable World>
class Search {
 public:
  using Move = typename World::Move;

  explicit Search(World root, SearchLimits limits = {}, SearchPulse* pulse = nullptr)
      : root_(std::move(root)), limits_(limits), pulse_(pulse) {}

  Explored<Move> run() {
    origins_.push_back({});
    seen_.insert(root_.fingerprint());
    explored_.violation = root_.violation();
    std::vector<Open> level;
    level.push_back({0, std::make_unique<World>(root_)});
    while (!level.empty() && !explored_.violation && !cut()) {
      level = expand_level(std::move(level));
      explored_.depth += level.empty() ? 0 : 1;
      explored_.widest = std::max<std::uint64_t>(explored_.widest, level.size());
    }
    explored_.exhausted = level.empty() && !explored_.violation && !cut();
    explored_.states = origins_.size();
    report(0);
    return std::move(explored_);
  }

 private:
  // How a state was reached first: by which of the moves that its parent allows.
  struct Origin {
    std::uint32_t parent = 0;
    std::uint32_t choice = 0;
  };
  struct Open {
    std::uint32_t state = 0;
    std::unique_ptr<World> world;  // nothing: to be made anew
  };
  struct Station {
    std::uint32_t state = 0;
    World world;
  };

  std::vector<Open> expand_level(std::vector<Open> level) {
    std::vector<Open> next;
    std::size_t left = level.size();
    for (Open& open : level) {
      if (cut() || explored_.violation) {
        break;
      }
      report(--left + next.size());
      if (open.world) {
        --kept_;
        expand(open.state, *open.world, next);
        open.world.reset();
      } else {
        expand(open.state, rederived(open.state), next);
      }
    }
    return next;
  }

  void expand(std::uint32_t state, const World& world, std::vector<Open>& next) {
    moves_.clear();
    world.moves(moves_);
    for (std::uint32_t choice = 0; choice < moves_.size(); ++choice) {
      World child = world;
      if (!child.make(moves_[choice])) {
        continue;
      }
      ++explored_.transitions;
      if ((explored_.violation = child.violation())) {
        explored_.path = path_to(state);
        explored_.path.push_back(moves_[choice]);
        return;
      }
      if (!seen_.insert(child.fingerprint())) {
        continue;
      }
      const auto number = static_cast<std::uint32_t>(origins_.size());
      origins_.push_back({state, choice});
      const bool keep = kept_ < static_cast<std::ptrdiff_t>(limits_.kept_worlds);
      kept_ += keep ? 1 : 0;
      next.push_back({number, keep ? std::make_unique<World>(std::move(child)) : nullptr});
    }
  }

  [[nodiscard]] bool cut() const {
    return origins_.size() >= limits_.states ||
           (pulse_ != nullptr && pulse_->stop.load(std::memory_order_relaxed));
  }

  void report(std::uint64_t frontier) {
    if (pulse_ != nullptr) {
      pulse_->states.store(origins_.size(), std::memory_order_relaxed);
      pulse_->transitions.store(explored_.transitions, std::memory_order_relaxed);
      pulse_->frontier.store(frontier, std::memory_order_relaxed);
      pulse_->depth.store(explored_.depth, std::memory_order_relaxed);
    }
  }

  // The states from the one after the root down to this one.
  [[nodiscard]] std::vector<std::uint32_t> lineage(std::uint32_t state) const {
    std::vector<std::uint32_t> states;
    for (; state != 0; state = origins_[state].parent) {
      states.push_back(state);
    }
    std::reverse(states.begin(), states.end());
    return states;
  }

  // Makes the world of a state anew, and leaves the worlds on the way to it for the next one asked
  // for.
  const World& rederived(std::uint32_t state) {
    const std::vector<std::uint32_t> line = lineage(state);
    if (trail_.empty()) {
      trail_.push_back({0, root_});
    }
    std::size_t shared = 0;
    while (shared < line.size() && shared + 1 < trail_.size() &&
           trail_[shared + 1].state == line[shared]) {
      ++shared;
    }
    trail_.erase(trail_.begin() + static_cast<std::ptrdiff_t>(shared) + 1, trail_.end());
    for (std::size_t i = shared; i < line.size(); ++i) {
      World world = trail_.back().world;
      QUORATE_ASSERT(world.make(move_into(line[i], world)));
      trail_.push_back({line[i], std::move(world)});
    }
    return trail_.back().world;
  }

  // The move that led to `state` from its parent, whose world this is.
  Move move_into(std::uint32_t state, const World& parent) const {
    std::vector<Move> moves;
    parent.moves(moves);
    QUORATE_ASSERT(origins_[state].choice < moves.size());
    return moves[origins_[state].choice];
  }

  std::vector<Move> path_to(std::uint32_t state) const {
    std::vector<Move> path;
    World world = root_;
    for (const std::uint32_t step : lineage(state)) {
      path.push_back(move_into(step, world));
      QUORATE_ASSERT(world.make(path.back()));
    }
    return path;
  }

  World root_;
  SearchLimits limits_;
  SearchPulse* pulse_;
  std::vector<Origin> origins_;  // of every state, in the order of discovery
  FingerprintSet seen_;
  std::vector<Move> moves_;
  std::vector<Station> trail_;
  std::ptrdiff_t kept_ = 1;  // the root
  Explored<Move> explored_;
};

template <Explorable World>
Explored<typename World::Move> explore(World root, SearchLimits limits = {},
                                       SearchPulse* pulse = nullptr) {
  return Search<World>{std::move(root), limits, pulse}.run();
}

}  // namespace quorate::sim
