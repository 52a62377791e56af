// Network: what lies between the simulated machines. Each direction between two of them is a link
// with its own delay and width, which may be cut; streams run over them and are worse than TCP only
// where TCP may be.
//
// While a link is cut, what is sent over it waits, and comes some time after it is mended, as TCP
// would have sent it again; nobody is told. A connection that is begun over a cut link waits for
// half a minute and fails. Streams end when one side closes them, with their process, by a reset,
// and never by themselves.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "env/lane.h"
#include "sim/env/engine.h"
#include "sim/env/lane.h"
#include "sim/env/latency.h"

namespace quorate::simenv {

class Machine;
class StreamEnd;
class Port;

// One direction between two machines.
struct Link {
  Latency latency{Duration{100}, Duration{800}, 2000};
  std::uint64_t bytes_per_us = 1000;  // 0: no bound
  std::uint32_t flips = 0;            // of a bit, in so many of a million pieces
  std::uint32_t cuts = 0;             // how many faults cut it at present
  Instant free_at;                    // all that was sent before has left by then
};

class Network {
 public:
  // What the system holds of a stream at both ends together before a sender has to wait.
  static constexpr std::size_t kWindow = std::size_t{256} << 10U;

  Network(Engine& engine, std::uint64_t seed);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // ---- For tests and faults

  Link& link(const Machine& from, const Machine& to);
  // Cuts are counted: a link is open again when each was mended.
  void cut(const Machine& from, const Machine& to);
  void mend(const Machine& from, const Machine& to);
  [[nodiscard]] bool open(const Machine& from, const Machine& to);
  // In both directions, from all of the others.
  void isolate(const Machine& machine);
  // No link is cut any more, whoever cut it.
  void heal();
  // What all links are like from now on, new ones too; those that are cut stay cut.
  void set_all(const Latency& latency, std::uint64_t bytes_per_us);
  // Every stream between the two is reset, as if a firewall had said so to both.
  void reset(const Machine& a, const Machine& b);
  // Nothing more arrives on any stream that is there between the two, and nobody is told; new ones
  // work.
  void black_hole(const Machine& a, const Machine& b);
  // Streams that are open between the two, for tests.
  [[nodiscard]] std::size_t streams(const Machine& a, const Machine& b);
  // Another name by which a machine is found.
  void add_name(const std::string& name, Machine& machine) { names_[name] = &machine; }

  // ---- For lanes and machines

  std::unique_ptr<env::Stream> connect(const std::shared_ptr<LaneStrand>& lane,
                                       const env::Address& to);
  Result<std::unique_ptr<env::Listener>> listen(const std::shared_ptr<LaneStrand>& lane,
                                                const env::Address& at, env::Lane::Accept accept);
  // Closes what the lane still has.
  void lane_ended(const LaneStrand& lane);
  // The machine lost power, and everything there is gone.
  void vanish(const Machine& machine);
  // The machine's process ended, and the system closes what it had.
  void close_all(const Machine& machine);

  // ---- For streams

  Engine& engine() { return engine_; }
  Random& random() { return random_; }
  [[nodiscard]] Machine* find(const std::string& host, Machine& from) const;
  // A port of the machine's that nobody listens at.
  std::uint16_t free_port(const Machine& machine);
  [[nodiscard]] std::shared_ptr<Port> port(const Machine& machine, std::uint16_t number) const;
  void add(const std::shared_ptr<StreamEnd>& end);
  // When a piece that leaves now arrives; uses the link.
  Instant arrival(const Machine& from, const Machine& to, std::size_t bytes);
  // It has something that the link does not let through; told when it is mended.
  void wait_for_link(std::shared_ptr<StreamEnd> end) { stalled_.push_back(std::move(end)); }

 private:
  std::vector<std::shared_ptr<StreamEnd>> ends();
  // Some link is open that was not.
  void mended();

  Engine& engine_;
  Random random_;
  Link usual_;
  std::map<std::pair<std::size_t, std::size_t>, Link> links_;
  std::map<std::string, Machine*> names_;
  std::map<std::pair<std::size_t, std::uint16_t>, std::weak_ptr<Port>> ports_;
  std::uint16_t next_port_ = 40'000;
  std::vector<std::weak_ptr<StreamEnd>> ends_;  // in the order in which they came to be
  std::vector<std::shared_ptr<StreamEnd>> stalled_;
};

}  // namespace quorate::simenv
