#include "sim/explorer_world.h"

#include <algorithm>
#include <utility>

#include "base/fingerprint.h"

namespace quorate::sim {
namespace {

bool holds(const std::vector<NodeId>& ids, NodeId id) {
  return std::ranges::find(ids, id) != ids.end();
}

bool names(const Action& action, NodeId node) {
  return std::visit(
      [node](const auto& what) {
        if constexpr (requires { what.pick; }) {
          return what.pick.from == node || what.pick.to == node;
        } else {
          return what.node == node;
        }
      },
      action);
}

const Pick* pick_of(const Action& action) {
  return std::visit(
      [](const auto& what) -> const Pick* {
        if constexpr (requires { what.pick; }) {
          return &what.pick;
        } else {
          return nullptr;
        }
      },
      action);
}

bool same_link(const Message& a, const Message& b) { return a.from == b.from && a.to == b.to; }

bool leads(const Stage& stage, NodeId node) { return stage.at(node).role == Role::kLeader; }

}  // namespace

bool BoundedStage::may(Charge charge, const std::vector<NodeId>& among, NodeId node) const {
  return budget_.allows(charge) && (among.empty() || holds(among, node));
}

// Requests are numbered by kind and by how many of the kind are left, so that equal states number
// them alike.
RequestId BoundedStage::next_request(Charge charge) const {
  return RequestId{
      8 * (static_cast<std::uint64_t>(charge) - static_cast<std::uint64_t>(Charge::kProposal)) +
      std::min<std::uint64_t>(budget_.left(charge), 7)};
}

void BoundedStage::moves(std::vector<Move>& out) const {
  const std::size_t first = out.size();
  messages(out);
  for (const NodeId node : stage_.nodes()) {
    if (stage_.up(node)) {
      disk(out, node);
      clients(out, node);
      timers(out, node);
      crashes(out, node);
    } else {
      out.push_back({{{}, Restart{node}}});
    }
  }
  if (!moved_ && bound_->first_mover != kNobody) {
    const auto others = [this](const Move& move) {
      return !names(move.step.action, bound_->first_mover);
    };
    out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), others),
              out.end());
  }
}

void BoundedStage::messages(std::vector<Move>& out) const {
  const auto& in_flight = stage_.in_flight();
  for (std::size_t i = 0; i < in_flight.size(); ++i) {
    const auto& message = in_flight[i].message;
    if (!stage_.up(message.to)) {
      continue;
    }
    std::size_t older = 0;
    bool seen = false;  // an equal one was here before
    for (std::size_t j = 0; j < i; ++j) {
      const auto& other = in_flight[j].message;
      const bool before = same_link(other, message);
      older += before ? 1 : 0;
      seen = seen || (before && in_flight[j].print == in_flight[i].print);
    }
    if (seen) {
      continue;
    }
    const Pick pick{message.from, message.to, {}, in_flight[i].print};
    if (older == 0) {
      out.push_back({{{}, Deliver{pick}}});
    } else {
      if (budget_.allows(Charge::kLoss, older)) {
        out.push_back({{{}, Deliver{pick}}, Charge::kLoss, true});
      }
      if (budget_.allows(Charge::kOvertake)) {
        out.push_back({{{}, Deliver{pick}}, Charge::kOvertake});
      }
    }
    if (older == 0 && budget_.allows(Charge::kDuplicate)) {
      out.push_back({{{}, Duplicate{pick}}, Charge::kDuplicate});
    }
  }
}

void BoundedStage::disk(std::vector<Move>& out, NodeId node) const {
  if (stage_.outstanding_writes(node) > 0) {
    out.push_back({{{}, FinishWrite{node}}});
  }
  if (stage_.outstanding_applies(node) > 0) {
    out.push_back({{{}, FinishApply{node}}});
  }
  if (stage_.outstanding_reads(node) > 0) {
    out.push_back({{{}, FinishRead{node, false}}});
    if (budget_.allows(Charge::kFailedRead)) {
      out.push_back({{{}, FinishRead{node, true}}, Charge::kFailedRead});
    }
  }
}

void BoundedStage::clients(std::vector<Move>& out, NodeId node) const {
  if (may(Charge::kRead, bound_->readers, node)) {
    out.push_back({{{}, ReadAt{node, next_request(Charge::kRead), false}}, Charge::kRead});
  }
  const Position at = stage_.at(node);
  if (may(Charge::kSnapshot, bound_->snapshotters, node) && at.applied > at.snapshot &&
      !at.restoring) {
    out.push_back({{{}, SnapshotAt{node}}, Charge::kSnapshot});
  }
  if (budget_.allows(Charge::kWake) && at.asleep) {
    out.push_back({{{}, WakeAt{node}}, Charge::kWake});
  }
  if (at.role == Role::kLeader) {
    requests_to_leader(out, node);
  }
}

void BoundedStage::requests_to_leader(std::vector<Move>& out, NodeId node) const {
  if (budget_.allows(Charge::kProposal)) {
    const std::string payload(1, static_cast<char>('z' - budget_.left(Charge::kProposal)));
    out.push_back(
        {{{}, ProposeAt{node, next_request(Charge::kProposal), payload}}, Charge::kProposal});
  }
  if (budget_.allows(Charge::kChange)) {
    for (const Configuration& target : bound_->targets) {
      out.push_back({{{}, ChangeAt{node, next_request(Charge::kChange), target}}, Charge::kChange});
    }
  }
  if (budget_.allows(Charge::kTransfer)) {
    for (const NodeId heir : bound_->heirs) {
      if (heir != node) {
        out.push_back(
            {{{}, TransferAt{node, next_request(Charge::kTransfer), heir}}, Charge::kTransfer});
      }
    }
  }
  if (budget_.allows(Charge::kUnreachable)) {
    for (const NodeId peer : stage_.nodes()) {
      if (peer != node) {
        out.push_back({{{}, UnreachableAt{node, peer}}, Charge::kUnreachable});
      }
    }
  }
}

void BoundedStage::timers(std::vector<Move>& out, NodeId node) const {
  const Charge charge = leads(stage_, node) ? Charge::kBeat : Charge::kTimeout;
  if (stage_.wake_at(node) != kNever && may(charge, bound_->clocks, node)) {
    out.push_back({{{}, TickNode{node}}, charge});
  }
}

void BoundedStage::crashes(std::vector<Move>& out, NodeId node) const {
  if (!may(Charge::kCrash, bound_->crashers, node)) {
    return;
  }
  for (std::uint32_t kept = 0; kept <= stage_.outstanding_writes(node); ++kept) {
    out.push_back({{{}, Crash{node, kept}}, Charge::kCrash});
  }
}

// The messages before this one on its link, as drops.
std::vector<Step> BoundedStage::lost_by(const Pick& pick) const {
  std::vector<Step> drops;
  for (const auto& in_flight : stage_.in_flight()) {
    if (in_flight.message.from != pick.from || in_flight.message.to != pick.to) {
      continue;
    }
    if (in_flight.print == pick.print) {
      break;
    }
    drops.push_back({{}, Drop{{pick.from, pick.to, {}, in_flight.print}}});
  }
  return drops;
}

bool BoundedStage::make(const Move& move) {
  std::size_t cost = 1;
  if (move.loses_older) {
    const std::vector<Step> drops = lost_by(*pick_of(move.step.action));
    cost = drops.size();
    for (const Step& drop : drops) {
      stage_.apply(drop);
    }
  }
  if (!stage_.apply(move.step)) {
    return false;
  }
  moved_ = true;
  budget_.spend(move.charge, cost);
  stage_.take_answers();
  check_answers();
  return true;
}

// Every request gets exactly one answer. Stage sees a second one; here, that none is forgotten:
// what is not answered yet is what the cores still know of.
void BoundedStage::check_answers() {
  const std::size_t owed = stage_.checker().unanswered();
  if (owed == 0) {
    return;
  }
  std::size_t known = 0;
  for (const NodeId node : stage_.nodes()) {
    if (stage_.up(node)) {
      const Status status = stage_.raft(node).status();
      known += status.pending_reads + (status.transferring ? 1 : 0);
    }
  }
  if (known < owed) {
    forgotten_ = true;
  }
}

std::uint64_t BoundedStage::fingerprint() const {
  Fingerprint print;
  print.add(stage_.fingerprint());
  print.add(order_in_flight());
  budget_.fingerprint(print);
  return print.value();
}

// Stage takes the messages in flight for a set. Here it counts which of a link comes first, because
// what a delivery costs depends on it; how messages of different links lie between each other does
// not.
std::uint64_t BoundedStage::order_in_flight() const {
  const auto& in_flight = stage_.in_flight();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < in_flight.size(); ++i) {
    std::uint64_t older = 0;
    for (std::size_t j = 0; j < i; ++j) {
      older += same_link(in_flight[i].message, in_flight[j].message) ? 1 : 0;
    }
    if (older > 0) {
      Fingerprint one;
      one.add(in_flight[i].print);
      one.add(older);
      sum += one.value();
    }
  }
  return sum;
}

std::optional<std::string> BoundedStage::violation() const {
  if (stage_.violation()) {
    return stage_.violation();
  }
  if (forgotten_) {
    return "a request was forgotten, and gets no answer";
  }
  return bound_->demand != nullptr ? bound_->demand(stage_) : std::nullopt;
}

std::vector<Step> BoundedStage::steps_of(const Move& move) const {
  std::vector<Step> steps;
  if (move.loses_older) {
    steps = lost_by(*pick_of(move.step.action));
  }
  steps.push_back(move.step);
  for (Step& step : steps) {
    std::visit(
        [this](auto& what) {
          if constexpr (requires { what.pick; }) {
            for (const auto& in_flight : stage_.in_flight()) {
              if (in_flight.print == what.pick.print) {
                what.pick.kind = message_name(in_flight.message.body);
              }
            }
          }
        },
        step.action);
  }
  return steps;
}

}  // namespace quorate::sim
