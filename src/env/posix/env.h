// The world as it is: this machine's files, clock, network and threads.
#pragma once

#include <memory>
#include <string>

#include "env/env.h"
#include "env/posix/files.h"

namespace quorate::env {

// All calls from any thread.
class PosixEnv final : public Env {
 public:
  Files& files() override { return files_; }
  // Microseconds since the machine was started (CLOCK_BOOTTIME).
  [[nodiscard]] Instant now() override;
  // From the kernel's generator.
  [[nodiscard]] std::uint64_t random() override;
  std::unique_ptr<Lane> start_lane(const std::string& name, Lane::Work work) override;

 private:
  PosixFiles files_;
};

}  // namespace quorate::env
