#include "sim/lab/applied.h"

#include <charconv>

namespace quorate::lab {
namespace {

std::string name(Peer peer) { return "peer " + std::to_string(peer); }

std::string name(const std::optional<Command>& command) {
  return command ? "command " + describe(*command) : std::string{"an empty entry"};
}

std::string name(Index index) { return "index " + std::to_string(index.value()); }

// Takes one line off the front; nothing where there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

const AppliedLogs::Slot* AppliedLogs::slot_at(const PeerLog& log, Index index) {
  const bool filled = index.value() < log.slots.size() && log.slots[index.value()].filled;
  return filled ? &log.slots[index.value()] : nullptr;
}

AppliedLogs::Slot& AppliedLogs::slot_for(PeerLog& log, Index index) {
  if (log.slots.size() <= index.value()) {
    log.slots.resize(index.value() + 1);
  }
  return log.slots[index.value()];
}

void AppliedLogs::restarted(Peer peer) { peers_[peer].last = Index{}; }

AppliedLogs::Problem AppliedLogs::differs(Peer peer, Index index, const Slot& slot) const {
  for (Peer other = 0; other < peers_.size(); ++other) {
    const Slot* there = slot_at(peers_[other], index);
    if (there != nullptr && *there != slot) {
      return "applied values differ at " + name(index) + ": " + name(peer) + " has " +
             name(slot.command) + ", " + name(other) + " had " + name(there->command);
    }
  }
  return std::nullopt;
}

AppliedLogs::Problem AppliedLogs::apply(Peer peer, Index index, std::optional<Command> command) {
  const Slot slot{true, command};
  if (auto problem = differs(peer, index, slot)) {
    return problem;
  }
  PeerLog& log = peers_[peer];
  if (index == Index{} || (index > Index{1} && slot_at(log, index.previous()) == nullptr)) {
    return name(peer) + " applied " + name(index) + " out of order: nothing was applied before it";
  }
  slot_for(log, index) = slot;
  log.last = index;
  highest_ = index > highest_ ? index : highest_;
  return std::nullopt;
}

AppliedLogs::Problem AppliedLogs::apply_next(Peer peer, Index index,
                                             std::optional<Command> command) {
  if (index != last_applied(peer).next()) {
    return name(peer) + " applied " + name(index) + " out of order: after " +
           name(last_applied(peer));
  }
  return apply(peer, index, command);
}

// The index on the first line; then one command a line, from index 1 on, an empty line for an empty
// entry.
Bytes AppliedLogs::snapshot(Peer peer, Index index) const {
  std::string text = std::to_string(index.value()) + "\n";
  for (Index i{1}; i <= index; i = i.next()) {
    if (const Slot* slot = slot_at(peers_[peer], i); slot != nullptr && slot->command) {
      text += payload_of(*slot->command).text();
    }
    text += "\n";
  }
  return Bytes::copy_of(std::string_view{text});
}

AppliedLogs::Problem AppliedLogs::install(Peer peer, const Bytes& snapshot,
                                          std::optional<Index> label) {
  std::string_view text = snapshot.text();
  std::uint64_t last = 0;
  const auto head = take_line(text);
  if (!head || std::from_chars(head->data(), head->data() + head->size(), last).ec != std::errc{}) {
    return name(peer) + " was given a snapshot that cannot be read";
  }
  if (label && *label != Index{last}) {
    return name(peer) + " was given a snapshot labelled " + name(*label) +
           " that holds the state at " + name(Index{last});
  }
  PeerLog log;
  for (Index i{1}; i <= Index{last}; i = i.next()) {
    const auto line = take_line(text);
    if (!line) {
      return name(peer) + " was given a snapshot that ends before " + name(i);
    }
    slot_for(log, i) = {true, line->empty() ? std::nullopt : parse_command(*line)};
    if (auto problem = differs(peer, i, slot_for(log, i))) {
      return problem;
    }
  }
  log.last = Index{last};
  peers_[peer] = std::move(log);
  highest_ = Index{last} > highest_ ? Index{last} : highest_;
  return std::nullopt;
}

// Which value is of no matter: they were compared when they were applied.
Agreement AppliedLogs::at(Index index) const {
  Agreement agreement;
  for (const PeerLog& log : peers_) {
    if (const Slot* slot = slot_at(log, index)) {
      ++agreement.peers;
      agreement.command = slot->command;
    }
  }
  return agreement;
}

std::uint64_t AppliedLogs::empty_entries(Index upto) const {
  std::uint64_t count = 0;
  for (Index i{1}; i <= upto && i <= highest_; i = i.next()) {
    const Agreement agreement = at(i);
    count += agreement.peers > 0 && !agreement.command ? 1 : 0;
  }
  return count;
}

}  // namespace quorate::lab
