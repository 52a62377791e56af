// Env: all that a node needs of the world around it. One for each node: in the simulator each has a
// clock, a disk and a network of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "env/files.h"
#include "env/lane.h"

namespace quorate::env {

class Env {
 public:
  Env() = default;
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  virtual ~Env() = default;

  virtual Files& files() = 0;
  // Never goes back, and goes on while the machine sleeps or its date is set.
  [[nodiscard]] virtual Instant now() = 0;
  // Nobody can guess it: for identities and seeds.
  [[nodiscard]] virtual std::uint64_t random() = 0;
  // A new lane; `name` (at most 15 characters) is what tools show of its thread.
  virtual std::unique_ptr<Lane> start_lane(const std::string& name, Lane::Work work) = 0;
};

}  // namespace quorate::env
