// World: a Stage set in motion. It has one clock, one generator and one queue of things to come,
// and decides when each message arrives, each write is durable, each batch is applied and each
// timer fires. Whoever plays the clients, the operator and the faults acts through it and is called
// back by alarms.
//
// Every step that it takes is a Step with its time, so that what happened here is a list that
// replays on a bare Stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fingerprint.h"
#include "base/random.h"
#include "sim/network.h"
#include "sim/stage.h"
#include "sim/step.h"

namespace quorate::sim {

// How long something takes: mostly between `shortest` and `longest`, and `spike` times as long once
// in `one_in` (0: never).
struct Latency {
  Duration shortest{50};
  Duration longest{500};
  std::uint32_t one_in = 0;
  std::uint32_t spike = 20;
};

// What the machines and the wires are like when nothing is wrong.
struct Climate {
  Link link;
  Latency write;
  Latency apply;
  Latency read;
  Latency transfer;               // of a snapshot's files, beside the message
  std::uint32_t read_errors = 0;  // in thousandths
  std::int64_t drift_ppm = 0;     // each clock runs up to this much too fast or too slow
  Duration offset{0};             // each clock starts up to this much ahead
};

// What the world does not decide by itself.
struct Alarm {
  std::uint32_t duty = 0;  // whose it is; the caller's own numbers
  std::uint32_t what = 0;
  std::uint64_t subject = 0;
};

struct WorldCounts {
  std::uint64_t steps = 0;
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t overtaken = 0;
  std::uint64_t disk_reads = 0;  // for entries that had left the memory
  std::uint64_t read_errors = 0;
  std::uint64_t writes_lost = 0;  // that were outstanding at a crash
  std::uint64_t writes_kept = 0;  // that were outstanding at a crash, and survived it
};

class World {
 public:
  World(const Stage::Setup& setup, const Climate& climate, std::uint64_t seed);

  enum class Went { kIdle, kStep, kAlarm };
  // Takes the next thing that happens not after `until`. An alarm is left in `alarm` for the caller
  // to act on. Idle: nothing happens until then, and it is that late now.
  Went next(Instant until, Alarm& alarm);

  [[nodiscard]] Instant now() const { return now_; }
  Random& random() { return random_; }
  Network& network() { return network_; }
  [[nodiscard]] Stage& stage() { return stage_; }
  [[nodiscard]] const Stage& stage() const { return stage_; }
  [[nodiscard]] const WorldCounts& counts() const { return counts_; }
  [[nodiscard]] bool violated() const { return stage_.violation().has_value(); }

  void call_at(Instant at, const Alarm& alarm);
  // The alarm comes when the node runs again; for what is sent to a node that is paused.
  void call_on_resume(NodeId node, const Alarm& alarm);
  // Carries out an action at this node, now by its own clock. False if it means nothing now.
  bool perform(NodeId node, Action action);

  // A crash keeps a random prefix of what was on its way to the disk.
  void crash(NodeId node);
  void restart(NodeId node);
  void pause(NodeId node);
  void resume(NodeId node);
  [[nodiscard]] bool paused(NodeId node) const { return machine(node).paused; }
  [[nodiscard]] bool serving(NodeId node) const { return stage_.up(node) && !paused(node); }
  // A disk that hangs completes nothing until it is let go.
  void hang_disk(NodeId node, bool hung);
  void slow_disk(NodeId node, std::uint32_t times) { machine(node).disk_slowness = times; }
  void slow_apply(NodeId node, std::uint32_t times) { machine(node).apply_slowness = times; }
  void jump_clock(NodeId node, Duration by);

  // Everything works again and quickly, from now on: links, disks, machines. Down nodes stay down.
  void heal(const Link& usual, Duration disk);

  // Nodes that a step has touched since the last call, some of them more than once.
  void take_touched(std::vector<NodeId>& into);

  // From here on each step is kept.
  void record() { recording_ = true; }
  [[nodiscard]] std::vector<Step> take_steps() { return std::move(steps_); }
  // Stands for everything that happened so far.
  [[nodiscard]] std::uint64_t hash() const { return hash_.value(); }

 private:
  enum class Kind : std::uint8_t {
    kDeliver,
    kDuplicate,
    kTick,
    kWrite,
    kApply,
    kRead,
    kBroken,
    kNotArrived,
    kAlarm
  };
  struct Coming {
    Instant at;
    std::uint64_t order = 0;
    Kind kind = Kind::kAlarm;
    std::uint32_t epoch = 0;  // of the node: what an earlier life asked for is void
    NodeId node;
    NodeId peer;
    std::uint64_t print = 0;
    std::string_view name;
    Alarm alarm;
  };
  struct Machinery {
    Duration offset{0};
    std::int64_t ppm = 0;
    bool paused = false;
    bool disk_hung = false;
    std::uint32_t disk_slowness = 1;
    std::uint32_t apply_slowness = 1;
    std::uint32_t epoch = 0;
    Instant tick = kNever;  // when the next tick is in the queue
    Instant disk_free;
    Instant apply_free;
    std::size_t writes = 0;  // in the queue
    std::size_t applies = 0;
    std::size_t reads = 0;
    std::vector<Coming> held;       // while paused
    std::vector<Coming> disk_held;  // while the disk hangs
  };

  struct New {
    NodeId from;
    NodeId to;
    std::uint64_t print = 0;
    std::string_view name;
  };
  struct LaterFirst {
    bool operator()(const Coming& a, const Coming& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  Machinery& machine(NodeId node) { return machines_[node.value() - 1]; }
  [[nodiscard]] const Machinery& machine(NodeId node) const { return machines_[node.value() - 1]; }
  // Something that concerns this life of a node.
  [[nodiscard]] Coming coming(Kind kind, NodeId node, Instant at) const;
  void push(Coming coming);
  void release(std::vector<Coming>& held);
  void happen(const Coming& coming);
  void deliver(const Coming& coming);
  void tick(const Coming& coming);
  void settle(NodeId node);
  void send_new();
  void lose(const New& one);
  void schedule_arrival(const New& one, const Network::Fate& fate);
  void schedule_disk(NodeId node);
  void schedule_tick(NodeId node);
  [[nodiscard]] Duration draw(const Latency& latency, std::uint32_t slowness);
  [[nodiscard]] Instant local(NodeId node) const;
  [[nodiscard]] Instant world_time(NodeId node, Instant local) const;
  bool take(Step step);

  Stage stage_;
  Climate climate_;
  Random random_;
  Network network_;
  Instant now_;
  std::uint64_t order_ = 0;
  std::uint64_t sent_seen_ = 0;
  std::vector<Coming> queue_;
  std::vector<Machinery> machines_;
  std::vector<NodeId> touched_;
  std::vector<New> new_;
  bool recording_ = false;
  std::vector<Step> steps_;
  Fingerprint hash_;
  WorldCounts counts_;
};

}  // namespace quorate::sim
