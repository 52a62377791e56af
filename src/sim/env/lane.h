// Lanes of a simulated machine: env::Lane as an actor with turns.
//
// A turn begins a little after the lane was woken, its alarm was due or something came over the
// network; all that is there by then is handled in it. The lane's next turn waits until this one is
// done, with all the file calls in it; other lanes do not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "env/lane.h"
#include "sim/env/strand.h"

namespace quorate::simenv {

// Something of the network's that the lane has to attend to.
class Ready {
 public:
  Ready() = default;
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  virtual ~Ready() = default;
  // In the lane's turn.
  virtual void attend() = 0;
  // At the end of a turn in which it asked for that.
  virtual void turn_ended() {}
};

class LaneStrand final : public Strand {
 public:
  LaneStrand(Machine& machine, std::string name, env::Lane::Work work);

  void wake();
  void alarm(Instant at);
  void add_ready(std::shared_ptr<Ready> ready);
  void at_turn_end(std::shared_ptr<Ready> ready) { at_turn_end_.push_back(std::move(ready)); }
  // It is over; waits for the turn that is under way.
  void end();
  // Not ended, and its machine lives.
  [[nodiscard]] bool open() const { return !ended_ && alive(); }
  void clock_changed() override;

 private:
  enum What : std::uint32_t { kTurn, kAlarm };
  // More turns than this in a row, each for an alarm that was in the past when it was set, are
  // taken for a loop without end.
  static constexpr std::uint32_t kMostAlarms = 10'000;

  void body() override;
  void ended() override;
  void happen_here(std::uint32_t what) override;
  void schedule_turn();
  void schedule_alarm();
  [[nodiscard]] bool due() const;
  void attend();
  void work(bool due);
  void check_spinning(bool only_alarm);

  env::Lane::Work work_;
  bool ended_ = false;
  bool woken_ = false;
  bool turn_scheduled_ = false;
  Instant alarm_ = kNever;            // by the machine's clock
  Instant alarm_scheduled_ = kNever;  // the first in the queue, by the world's
  std::vector<std::shared_ptr<Ready>> ready_;
  std::vector<std::shared_ptr<Ready>> attending_;
  std::vector<std::shared_ptr<Ready>> at_turn_end_;
  std::shared_ptr<Strand> waits_for_end_;
  bool alarm_in_the_past_ = false;
  std::uint32_t alarms_in_a_row_ = 0;
};

std::unique_ptr<env::Lane> start_lane(Machine& machine, const std::string& name,
                                      env::Lane::Work work);

}  // namespace quorate::simenv
