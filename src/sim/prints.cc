#include "sim/prints.h"

#include <concepts>
#include <string_view>

namespace quorate::sim {
namespace {

bool is_counter(std::string_view field) {
  return field == "round" || field == "attempt" || field == "boot" || field == "batch";
}

void add_runs(Fingerprint& into, const std::vector<TermRun>& runs) {
  into.add(std::uint64_t{runs.size()});
  for (const TermRun& run : runs) {
    into.add(run.first);
    into.add(run.term);
  }
}

template <class T>
void add_value(Fingerprint& into, const T& value) {
  if constexpr (requires { into.add(value); }) {
    into.add(value);
  } else if constexpr (std::same_as<T, std::vector<TermRun>>) {
    add_runs(into, value);
  } else {
    add(into, value);
  }
}

void add_ids(Fingerprint& into, const std::vector<NodeId>& ids) {
  into.add(std::uint64_t{ids.size()});
  for (const NodeId id : ids) {
    into.add(id);
  }
}

}  // namespace

void add(Fingerprint& into, const LogPosition& position) {
  into.add(position.index);
  into.add(position.term);
}

void add(Fingerprint& into, const Entry& entry) {
  add(into, entry.position());
  into.add(static_cast<std::uint64_t>(entry.kind));
  into.add(entry.payload);
}

void add(Fingerprint& into, const std::vector<Entry>& entries) {
  into.add(std::uint64_t{entries.size()});
  for (const Entry& entry : entries) {
    add(into, entry);
  }
}

void add(Fingerprint& into, const Configuration& configuration) {
  add_ids(into, configuration.voters);
  add_ids(into, configuration.old_voters);
  add_ids(into, configuration.learners);
  into.add(configuration.context);
}

void add(Fingerprint& into, const SnapshotMeta& meta) {
  add(into, meta.last);
  add(into, meta.configuration);
  into.add(meta.configuration_index);
}

void add(Fingerprint& into, const Persist& persist) {
  const HardState state = persist.hard_state.value_or(HardState{});
  into.add(state.term);
  into.add(state.vote);
  for (const auto& meta : {persist.install, persist.snapshot}) {
    into.add(meta.has_value());
    if (meta) {
      add(into, *meta);
    }
  }
  add(into, persist.entries);
  into.add(persist.compact.value_or(Index{}));
}

std::uint64_t print_of(const Message& message, bool counters) {
  Fingerprint into;
  into.add(message.from);
  into.add(message.to);
  into.add(message.term);
  into.add(std::uint64_t{message.body.index()});
  std::visit(
      [&](const auto& body) {
        body.fields([&](std::string_view name, const auto& value) {
          if (counters || !is_counter(name)) {
            add_value(into, value);
          }
        });
      },
      message.body);
  return into.value();
}

}  // namespace quorate::sim
