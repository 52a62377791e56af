#include "node/repairs.h"

#include <algorithm>

#include "base/assert.h"

namespace quorate {
namespace {

// So many entries are asked for at a time, of one member after the other.
constexpr std::size_t kAtOnce = 64;
constexpr Duration kBetweenRounds = std::chrono::milliseconds{100};
constexpr Duration kBetweenOffers = std::chrono::seconds{5};

}  // namespace

void Repairs::fence(GroupId group, const std::vector<wal::Lost>& lost,
                    const std::vector<Configuration>& configurations) {
  QUORATE_ASSERT(!lost.empty());
  Fence fence;
  for (const Configuration& configuration : configurations) {
    add_members(fence, configuration);
  }
  for (const wal::Lost& what : lost) {
    QUORATE_ASSERT(fence.losses.empty() ||
                   fence.losses.back().what.position.index < what.position.index);
    fence.losses.push_back({what, {}, {}});
  }
  fences_.insert_or_assign(group, std::move(fence));
}

void Repairs::fetch(const wal::Lost& lost, const Configuration& configuration) {
  const auto [at, is_new] = fences_.try_emplace(lost.group);
  Fence& fence = at->second;
  QUORATE_ASSERT(is_new || fence.runs);
  fence.runs = true;
  add_members(fence, configuration);
  const auto after =
      std::ranges::upper_bound(fence.losses, lost.position.index, {},
                               [](const Loss& loss) { return loss.what.position.index; });
  if (loss_at(fence, lost.position.index) == nullptr) {
    fence.losses.insert(after, {lost, {}, {}});
  }
}

bool Repairs::fenced(GroupId group) const {
  const auto fence = fences_.find(group);
  return fence != fences_.end() && !fence->second.runs;
}

void Repairs::add_members(Fence& fence, const Configuration& configuration) const {
  for (const NodeId member : configuration.members()) {
    fence.members.insert(member);
  }
  fence.members.erase(self_);
}

std::string Repairs::describe(GroupId group) const {
  const auto fence = fences_.find(group);
  if (fence == fences_.end()) {
    return "nothing is lost";
  }
  return std::to_string(fence->second.losses.size()) +
         " entries of its log on this node have rotted, the first is " +
         quorate::describe(fence->second.losses.front().what.position) +
         "; they are fetched from other members";
}

void Repairs::found(const EntryFound& found, Orders& orders) {
  const auto fence = fences_.find(found.group);
  Loss* loss = fence == fences_.end() ? nullptr : loss_at(fence->second, found.entry.index);
  if (loss == nullptr || loss->being_written || found.entry.position() != loss->what.position) {
    return;
  }
  loss->being_written = true;
  if (found.entry.kind == EntryKind::kConfiguration) {
    if (auto held = Configuration::decode(found.entry.payload)) {
      loss->held = std::move(held.value());
    }
  }
  orders.rewrite.emplace_back(found.group, found.entry);
}

void Repairs::missing(NodeId from, const EntryMissing& missing) {
  const auto fence = fences_.find(missing.group);
  Loss* loss = fence == fences_.end() ? nullptr : loss_at(fence->second, missing.position.index);
  if (loss == nullptr || missing.position != loss->what.position) {
    return;
  }
  if (missing.why == EntryMissing::Why::kLacking) {
    loss->lacking.insert(from);
  } else {
    loss->lacking.erase(from);
  }
  if (missing.why == EntryMissing::Why::kCompacted) {
    fence->second.compacted = from;
  }
}

void Repairs::arrived(GroupId group, const SnapshotMeta& snapshot, Orders& orders) {
  const auto at = fences_.find(group);
  if (at == fences_.end() || at->second.being_changed || at->second.runs ||
      at->second.losses.front().what.position.index > snapshot.last.index) {
    return;
  }
  at->second.being_changed = true;
  orders.replace.emplace_back(group, snapshot);
}

void Repairs::changed(GroupId group, const Change& change, bool done, Orders& orders) {
  const auto at = fences_.find(group);
  if (at == fences_.end()) {
    return;
  }
  Fence& fence = at->second;
  switch (change.kind) {
    case Change::Kind::kRewritten:
      rewritten(fence, change.index, done, orders);
      break;
    case Change::Kind::kCut:
    case Change::Kind::kReplaced:
      fence.being_changed = false;
      std::erase_if(fence.losses, [&](const Loss& loss) {
        const Index index = loss.what.position.index;
        return done &&
               (change.kind == Change::Kind::kCut ? index >= change.index : index <= change.index);
      });
      break;
  }
  if (fence.losses.empty()) {
    orders.say.emplace_back(group, "its log is whole again");
    if (!fence.runs) {
      orders.whole.push_back(group);
    }
    fences_.erase(at);
  }
}

void Repairs::rewritten(Fence& fence, Index index, bool done, Orders& orders) {
  Loss* loss = loss_at(fence, index);
  if (loss == nullptr) {
    return;
  }
  loss->being_written = false;
  const auto held = std::exchange(loss->held, std::nullopt);
  if (!done) {
    return;
  }
  if (held) {
    add_members(fence, *held);
    orders.found.push_back(*held);
  }
  std::erase_if(fence.losses, [&](const Loss& each) { return each.what.position.index == index; });
  if (std::ranges::none_of(fence.losses, &Loss::being_written)) {
    fence.ask_at = Instant::min();  // the round is over
  }
}

Repairs::Loss* Repairs::loss_at(Fence& fence, Index index) {
  const auto at = std::ranges::find(fence.losses, index,
                                    [](const Loss& loss) { return loss.what.position.index; });
  return at == fence.losses.end() ? nullptr : &*at;
}

bool Repairs::nobody_has(const Fence& fence) {
  return !fence.members.empty() &&
         std::ranges::includes(fence.losses.front().lacking, fence.members);
}

Instant Repairs::work(Instant now, Orders& orders) {
  Instant next = kNever;
  for (auto& [group, fence] : fences_) {
    if (fence.ask_at <= now) {
      fence.ask_at = now + kBetweenRounds;
      ask(group, fence, orders);
      if (fence.compacted != kNobody && !fence.runs && fence.ask_offer_at <= now) {
        fence.ask_offer_at = now + kBetweenOffers;
        orders.ask_offer.emplace_back(fence.compacted, AskOffer{group});
      }
    }
    next = std::min(next, fence.ask_at);
  }
  return next;
}

void Repairs::ask(GroupId group, Fence& fence, Orders& orders) {
  if (fence.being_changed || fence.members.empty()) {
    return;
  }
  if (nobody_has(fence) && !fence.runs) {
    const LogPosition first = fence.losses.front().what.position;
    fence.being_changed = true;
    orders.say.emplace_back(group, "no member holds " + quorate::describe(first) +
                                       ", which has rotted here: it was never committed, and is "
                                       "dropped with what follows it");
    orders.cut.emplace_back(group, first.index);
    return;
  }
  const auto after = fence.members.upper_bound(fence.asked);
  fence.asked = after == fence.members.end() ? *fence.members.begin() : *after;
  std::size_t left = kAtOnce;
  for (const Loss& loss : fence.losses) {
    if (left-- == 0) {
      break;
    }
    if (!loss.being_written) {
      orders.ask.emplace_back(fence.asked, AskEntry{group, loss.what.position, loss.what.checksum});
    }
  }
}

}  // namespace quorate
