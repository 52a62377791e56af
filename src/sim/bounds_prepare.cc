// How a bound's first state is reached: its prelude, carried out step by step.
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "sim/bounds.h"

namespace quorate::sim {
namespace {

constexpr std::size_t kMostStepsToSettle = 10'000;

class Prelude {
 public:
  explicit Prelude(Stage stage) : prepared_{std::move(stage), {}} {}

  Result<void> line(std::string_view text) {
    if (text == "lose") {
      lose();
      return {};
    }
    if (text.starts_with("settle")) {
      return settle(text.substr(6));
    }
    auto step = parse_step(text);
    if (!step) {
      return step.error();
    }
    return carry_out(step.value());
  }
  Prepared take() { return std::move(prepared_); }

 private:
  Result<void> carry_out(const Step& step) {
    if (!prepared_.stage.apply(step)) {
      return invalid("the step means nothing there: " + to_text(step));
    }
    if (prepared_.stage.violation()) {
      return invalid("after " + to_text(step) + ": " + *prepared_.stage.violation());
    }
    prepared_.stage.take_answers();
    prepared_.steps.push_back(step);
    return {};
  }

  void lose() {
    while (!prepared_.stage.in_flight().empty()) {
      const auto& oldest = prepared_.stage.in_flight()[0];
      const Step drop{{}, Drop{pick(oldest)}};
      if (!carry_out(drop)) {
        return;
      }
    }
  }

  static Pick pick(const InFlight& in_flight) {
    return {in_flight.message.from, in_flight.message.to,
            std::string{message_name(in_flight.message.body)}, in_flight.print};
  }

  Result<void> settle(std::string_view names) {
    const std::vector<NodeId> among = nodes_in(names);
    for (std::size_t steps = 0; steps < kMostStepsToSettle; ++steps) {
      const auto step = next_step(among);
      if (!step) {
        return {};
      }
      if (const auto done = carry_out(*step); !done) {
        return done;
      }
    }
    return invalid("settle finds no end");
  }

  std::optional<Step> next_step(const std::vector<NodeId>& among) const {
    const Stage& stage = prepared_.stage;
    const auto takes_part = [&](NodeId id) {
      return stage.up(id) && std::ranges::find(among, id) != among.end();
    };
    for (const NodeId id : among) {
      if (stage.up(id) && stage.outstanding_writes(id) > 0) {
        return Step{{}, FinishWrite{id}};
      }
      if (stage.up(id) && stage.outstanding_applies(id) > 0) {
        return Step{{}, FinishApply{id}};
      }
      if (stage.up(id) && stage.outstanding_reads(id) > 0) {
        return Step{{}, FinishRead{id, false}};
      }
    }
    for (const auto& in_flight : stage.in_flight()) {
      if (takes_part(in_flight.message.from) && takes_part(in_flight.message.to)) {
        return Step{{}, Deliver{pick(in_flight)}};
      }
    }
    return std::nullopt;
  }

  // ` 1 2` names nodes 1 and 2; nothing names everyone.
  std::vector<NodeId> nodes_in(std::string_view names) const {
    std::vector<NodeId> ids;
    std::uint64_t number = 0;
    while (!names.empty()) {
      names.remove_prefix(1);
      const auto [end, error] = std::from_chars(names.data(), names.data() + names.size(), number);
      if (error != std::errc{}) {
        break;
      }
      ids.emplace_back(number);
      names.remove_prefix(static_cast<std::size_t>(end - names.data()));
    }
    return ids.empty() ? prepared_.stage.nodes() : ids;
  }

  Prepared prepared_;
};

}  // namespace

Result<Prepared> prepare(const Bound& bound) {
  Prelude prelude{Stage{bound.setup}};
  for (const std::string_view line : bound.prelude) {
    if (const auto done = prelude.line(line); !done) {
      return invalid("bound " + std::string{bound.name} + ", prelude line '" + std::string{line} +
                     "': " + done.error().message);
    }
  }
  return prelude.take();
}

}  // namespace quorate::sim
