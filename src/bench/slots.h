// Slots: the state machine of benchmarks and batteries: numbered places that each hold the value
// that was put there last. It lives in memory.
//
//     command  = key value       the key in 4 bytes, the smallest first
//     snapshot = one file, `slots`: (key size value)..., which the runtime sums up and checks
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "env/files.h"
#include "node/state_machine.h"

namespace quorate::bench {

class Slots final : public StateMachine {
 public:
  static constexpr std::uint32_t kKeys = 1U << 20U;
  static constexpr std::size_t kKeyBytes = 4;

  explicit Slots(env::Files& files) : files_(files) {}

  // What to propose. Keys lie below kKeys.
  static Bytes command(std::uint32_t key, std::string_view value);
  // Empty where nothing was put.
  [[nodiscard]] std::string_view get(std::uint32_t key) const;

  Result<std::string> open() override { return std::string{}; }
  // Every result is empty.
  Result<void> apply(std::span<const Command> batch, std::string_view position,
                     std::vector<std::string>& results) override;
  Result<FinishSnapshot> snapshot(const std::string& folder) override;
  Result<void> restore(const std::string& folder, std::string_view position) override;
  std::uint64_t hash() override;

 private:
  env::Files& files_;
  std::vector<Bytes> values_;  // by key, as far as there are any
};

}  // namespace quorate::bench
