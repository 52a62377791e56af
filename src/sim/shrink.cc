#include "sim/shrink.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/assert.h"
#include "sim/transcript.h"

namespace quorate::sim {

namespace {

Pick* pick_of(Action& action) {
  return std::visit(
      [](auto& what) -> Pick* {
        if constexpr (requires { what.pick; }) {
          return &what.pick;
        } else {
          return nullptr;
        }
      },
      action);
}

// Names the message by what it says, so that the step stands whatever is sent beside it; where that
// message is not there because an earlier step was left out, the oldest of its kind on that link
// takes its place.
void settle_for_another(const Stage& stage, Step& step) {
  Pick* pick = pick_of(step.action);
  if (pick == nullptr || pick->print == 0 || stage.in_flight().find(*pick)) {
    return;
  }
  const std::uint64_t print = std::exchange(pick->print, 0);
  const std::optional<std::size_t> other = stage.in_flight().find(*pick);
  pick->print = other ? stage.in_flight()[*other].print : print;
}

// Tries shorter versions of a script, and keeps each that ends in the same kind of violation.
class Shrinker {
 public:
  Shrinker(Script script, const ShrinkLimits& limits) : limits_(limits) {
    result_.script = std::move(script);
    result_.from = result_.script.steps.size();
    const Replayed first = replay(result_.script);
    QUORATE_ASSERT(first.violation.has_value(), "the script to shrink ends in no violation");
    result_.violation = *first.violation;
    kind_ = kind_of(result_.violation);
    attempt(result_.script.steps, false);  // cuts what comes after, and what has no effect
  }

  Shrunk run() {
    while (!limits_.out_of_time()) {
      const std::size_t before = result_.script.steps.size();
      for (std::size_t size = before / 2; size > 1 && !limits_.out_of_time(); size /= 2) {
        remove_chunks(size);
      }
      const bool last_found_none = remove_chunks(1);
      if (last_found_none && result_.script.steps.size() == before) {
        result_.minimal = true;
        break;
      }
    }
    return std::move(result_);
  }

 private:
  // Leaves out `size` steps at a time, from the end to the beginning. True if none could be left
  // out (and time sufficed to know).
  bool remove_chunks(std::size_t size) {
    bool none = true;
    std::size_t end = result_.script.steps.size();
    while (end > 0) {
      if (limits_.out_of_time()) {
        return false;
      }
      end = std::min(end, result_.script.steps.size());
      const std::size_t begin = end > size ? end - size : 0;
      if (without(begin, end)) {
        none = false;
      }
      end = begin;
    }
    return none;
  }

  bool without(std::size_t begin, std::size_t end) {
    const std::vector<Step>& steps = result_.script.steps;
    std::vector<Step> fewer;
    fewer.reserve(steps.size());
    fewer.insert(fewer.end(), steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(begin));
    fewer.insert(fewer.end(), steps.begin() + static_cast<std::ptrdiff_t>(end), steps.end());
    return attempt(fewer, true) || attempt(std::move(fewer), false);
  }

  // Keeps the steps, those of them that had an effect, if they end in a violation of the same kind
  // and are fewer.
  bool attempt(std::vector<Step> steps, bool settle) {
    ++result_.replays;
    Stage stage{result_.script.setup};
    std::vector<Step> kept;
    for (Step& step : steps) {
      if (settle) {
        settle_for_another(stage, step);
      }
      if (!stage.apply(step)) {
        continue;
      }
      kept.push_back(std::move(step));
      std::optional<std::string> violation = violation_of(stage);
      if (!violation) {
        continue;
      }
      if (kind_of(*violation) != kind_ || kept.size() > result_.script.steps.size()) {
        return false;
      }
      const bool shorter = kept.size() < result_.script.steps.size();
      result_.script.steps = std::move(kept);
      result_.violation = std::move(*violation);
      limits_.progress(result_.script.steps.size(), result_.replays);
      return shorter;
    }
    return false;
  }

  ShrinkLimits limits_;
  std::string kind_;
  Shrunk result_;
};

}  // namespace

std::optional<std::string> violation_of(const Stage& stage) {
  if (stage.violation()) {
    return stage.violation();
  }
  if (stage.checker().counters().lease_reads_stale > 0) {
    return "a lease read was stale";
  }
  return std::nullopt;
}

Replayed replay(const Script& script, const Stage::Sink& trace) {
  Stage stage{script.setup};
  if (trace) {
    stage.trace_to(trace);
  }
  Replayed result;
  for (const Step& step : script.steps) {
    ++result.taken;
    if (!stage.apply(step)) {
      ++result.without_effect;
    } else if ((result.violation = violation_of(stage))) {
      break;
    }
  }
  return result;
}

std::string kind_of(std::string_view violation) {
  std::string kind;
  for (const char letter : violation) {
    if (std::isdigit(static_cast<unsigned char>(letter)) == 0) {
      kind += letter;
    } else if (kind.empty() || kind.back() != '#') {
      kind += '#';
    }
  }
  return kind;
}

Shrunk shrink(Script script, const ShrinkLimits& limits) {
  return Shrinker{std::move(script), limits}.run();
}

std::string to_text(const Script& script, std::string_view comment) {
  return transcript_of(script.setup, script.steps, comment);
}

Result<Script> parse_script(std::string_view text) {
  Script script;
  bool header = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::optional<Error> wrong;
    if (!header) {
      auto setup = parse_header(line);
      if (setup) {
        script.setup = std::move(setup.value());
        header = true;
      } else {
        wrong = setup.error();
      }
    } else if (auto step = parse_step(line); step) {
      script.steps.push_back(std::move(step.value()));
    } else {
      wrong = step.error();
    }
    if (wrong) {
      return invalid("line " + std::to_string(number) + ": " + wrong->message);
    }
  }
  if (!header) {
    return invalid("there is no line that says what the cluster is, such as `nodes 3`");
  }
  return script;
}

}  // namespace quorate::sim
