// Fingerprints of what the core's values hold, for the states and the messages of a stage.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fingerprint.h"
#include "model/message.h"
#include "raft/output.h"

namespace quorate::sim {

void add(Fingerprint& into, const LogPosition& position);
void add(Fingerprint& into, const Entry& entry);
void add(Fingerprint& into, const std::vector<Entry>& entries);
void add(Fingerprint& into, const Configuration& configuration);
void add(Fingerprint& into, const SnapshotMeta& meta);
void add(Fingerprint& into, const Persist& persist);

// Of all of a message, or (`counters` false) of all but the numbers that shift when an earlier
// message is left out: rounds, attempts, batches and boots.
std::uint64_t print_of(const Message& message, bool counters);

}  // namespace quorate::sim
