// Faults: what goes wrong in a simulated run, and when. Each has a beginning, most have an end, and
// several may hold at once. All of it is drawn from the world's generator; which kinds a run knows,
// and how often they come, is its plan.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/simulation_world.h"

namespace quorate::sim {

enum class Fault : std::uint8_t {
  kCrash,          // one node; the leader, often
  kCrashLoop,      // one node, again and again, soon after each restart
  kPowerCycle,     // all of them at once
  kSplit,          // two halves that do not hear each other
  kIsolateLeader,  // the leader hears nobody and is heard by nobody
  kDeaf,           // one node hears nobody, and is heard
  kMute,           // one node is not heard, and hears
  kPartial,        // some directed links are cut
  kFlap,           // links that open and close
  kSlowLinks,      // some links take long
  kLossy,          // messages are lost, doubled and overtake each other
  kPause,          // one node stops, and goes on as if nothing had been
  kSlowDisk,
  kHungDisk,  // nothing becomes durable until it is over
  kSlowApply,
  kClockJump,  // one clock leaps ahead
  kCampaign,   // one node's election timer fires early
  kCount,
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::kCount);
std::string_view name_of(Fault fault);

struct FaultPlan {
  std::bitset<kFaultCount> known;
  Duration gap{2'000'000};  // up to this between one fault and the next
  Duration shortest{50'000};
  Duration longest{3'000'000};
  Duration leap{0};  // of a clock, at most
  Link usual;        // what a link is like without faults
};

class Faults {
 public:
  static constexpr std::uint32_t kDuty = 1;  // marks its alarms

  explicit Faults(FaultPlan plan) : plan_(plan) {}

  void start(World& world);
  void on_alarm(World& world, const Alarm& alarm);
  // No new ones; those that hold are the healer's to end.
  void stop() { stopped_ = true; }
  // How often each kind has begun.
  [[nodiscard]] const std::array<std::uint64_t, kFaultCount>& begun() const { return begun_; }

 private:
  // One that holds: what to undo.
  struct Holding {
    Fault fault = Fault::kCrash;
    Instant until;
    bool cut = false;
    std::uint32_t repeats = 0;
    std::vector<NodeId> nodes;
    std::vector<std::pair<NodeId, NodeId>> links;
  };

  void begin(World& world);
  bool choose(World& world, Holding& holding);
  void choose_links(World& world, Holding& holding);
  void cut(World& world, Holding& holding);
  void mend(World& world, Holding& holding);
  void strike(World& world, Holding& holding);
  void flap(World& world, std::size_t slot);
  void end(World& world, std::size_t slot);
  void restart_next(World& world, std::size_t slot);
  void begin_crash(World& world, const Holding& holding);
  void fall(World& world, std::size_t slot);
  [[nodiscard]] NodeId victim(World& world);
  [[nodiscard]] std::size_t keep(Holding holding);
  void wake_sleepers(World& world);

  FaultPlan plan_;
  bool stopped_ = false;
  std::vector<Holding> holding_;  // by slot; slots are used again
  std::vector<std::size_t> free_;
  std::array<std::uint64_t, kFaultCount> begun_{};
};

// The node that leads in the highest term, kNobody when none does.
NodeId leader_of(const Stage& stage);

}  // namespace quorate::sim
