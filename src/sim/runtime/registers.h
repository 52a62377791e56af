// Registers: the state machine of the runtime's simulations and batteries: values by key, changed
// by puts, appends and swaps. It lives in memory, so that a restart takes the newest snapshot and
// the log behind it; or, if it is told to keep itself, in a file that it writes now and then, so
// that a restart finds it somewhere behind the log, as a database would be.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "env/files.h"
#include "node/state_machine.h"
#include "sim/linearizable.h"

namespace quorate::simenv {

class Registers final : public StateMachine {
 public:
  struct Keeping {
    std::string file;                  // empty: in memory alone
    std::uint64_t every_batches = 10;  // written after so many batches
  };

  explicit Registers(env::Files& files) : files_(files) {}
  Registers(env::Files& files, Keeping keeping) : files_(files), keeping_(std::move(keeping)) {}

  // What to propose; gets are asked of a machine, not proposed.
  static Bytes command(sim::Act act, std::string_view key, std::string_view argument);
  [[nodiscard]] std::string get(const std::string& key) const;
  [[nodiscard]] const std::map<std::string, std::string>& all() const { return values_; }

  Result<std::string> open() override;
  // A swap's result is what it replaced, all others' empty.
  Result<void> apply(std::span<const Command> batch, std::string_view position,
                     std::vector<std::string>& results) override;
  Result<FinishSnapshot> snapshot(const std::string& folder) override;
  Result<void> restore(const std::string& folder, std::string_view position) override;
  Result<std::string> persisted() override { return persisted_; }
  Result<void> flush() override;
  std::uint64_t hash() override;

 private:
  Result<std::string> apply(std::string_view payload);
  Result<void> load(const std::string& state);
  [[nodiscard]] std::string state() const;

  env::Files& files_;
  Keeping keeping_;
  std::map<std::string, std::string> values_;
  std::string position_;
  std::string persisted_;
  std::uint64_t batches_ = 0;
};

}  // namespace quorate::simenv
