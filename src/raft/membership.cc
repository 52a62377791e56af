#include "raft/membership.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace quorate {

Membership::Membership(ConfigurationAt base, std::vector<ConfigurationAt> later) {
  history_.push_back(std::move(base));
  for (ConfigurationAt& each : later) {
    appended(each.index, std::move(each.configuration));
  }
}

const ConfigurationAt& Membership::at(Index index) const {
  std::size_t i = history_.size() - 1;
  while (i > 0 && history_[i].index > index) {
    --i;
  }
  return history_[i];
}

bool Membership::names_after(Index index, NodeId id) const {
  return std::ranges::any_of(history_, [&](const ConfigurationAt& each) {
    return each.index > index && each.configuration.contains(id);
  });
}

const Configuration& Membership::previous() const {
  return history_[history_.size() > 1 ? history_.size() - 2 : 0].configuration;
}

void Membership::appended(Index index, Configuration configuration) {
  QUORATE_ASSERT(index > latest_index() || history_.size() == 1);
  history_.push_back({index, std::move(configuration)});
}

void Membership::truncated_from(Index first) {
  while (history_.size() > 1 && history_.back().index >= first) {
    history_.pop_back();
  }
}

void Membership::compacted_to(Index index) {
  while (history_.size() > 1 && history_[1].index <= index) {
    history_.erase(history_.begin());
  }
}

void Membership::replaced_by(ConfigurationAt base) {
  history_.clear();
  history_.push_back(std::move(base));
}

void Membership::fingerprint(Fingerprint& into) const {
  into.add(static_cast<std::uint64_t>(history_.size()));
  for (const ConfigurationAt& each : history_) {
    into.add(each.index);
    for (const auto* ids : {&each.configuration.voters, &each.configuration.old_voters,
                            &each.configuration.learners}) {
      into.add(static_cast<std::uint64_t>(ids->size()));
      for (const NodeId id : *ids) {
        into.add(id);
      }
    }
  }
}

std::size_t Membership::heap_bytes() const {
  std::size_t bytes = history_.capacity() * sizeof(ConfigurationAt);
  for (const ConfigurationAt& each : history_) {
    const Configuration& c = each.configuration;
    bytes +=
        (c.voters.capacity() + c.old_voters.capacity() + c.learners.capacity()) * sizeof(NodeId) +
        c.context.size();
  }
  return bytes;
}

}  // namespace quorate
