// The configurations that a log holds: the one in effect is the latest in the log, committed or not
// (dissertation 4.1), so it comes with its entry and goes with it.
#pragma once

#include <vector>

#include "base/fingerprint.h"
#include "model/configuration.h"
#include "raft/options.h"

namespace quorate {

class Membership {
 public:
  // `base` is in effect where the log holds none.
  Membership(ConfigurationAt base, std::vector<ConfigurationAt> later);

  [[nodiscard]] const Configuration& latest() const { return history_.back().configuration; }
  [[nodiscard]] Index latest_index() const { return history_.back().index; }
  // The one in effect at `index`, which is not before the base.
  [[nodiscard]] const ConfigurationAt& at(Index index) const;
  // Is it a member of any configuration after that index?
  [[nodiscard]] bool names_after(Index index, NodeId id) const;
  // The one that the latest replaced; the latest itself where it is the only one.
  [[nodiscard]] const Configuration& previous() const;

  void appended(Index index, Configuration configuration);
  void truncated_from(Index first);
  // Forgets what only entries up to `index` needed.
  void compacted_to(Index index);
  void replaced_by(ConfigurationAt base);

  void fingerprint(Fingerprint& into) const;
  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  std::vector<ConfigurationAt> history_;  // never empty
};

}  // namespace quorate
