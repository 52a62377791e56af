// The first line of a transcript: nodes, members and options.
#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <utility>
#include <variant>

#include "model/text.h"
#include "sim/transcript.h"

namespace quorate::sim {
namespace {

// Every option of the core, by its own name. Identity, boot and seed of a node follow from `seed`.
struct OptionField {
  std::string_view name;
  std::variant<Duration Options::*, bool Options::*, std::uint64_t Options::*,
               std::uint32_t Options::*>
      field;
};
const std::array kOptions = {
    OptionField{"heartbeat_interval", &Options::heartbeat_interval},
    OptionField{"election_timeout", &Options::election_timeout},
    OptionField{"election_jitter", &Options::election_jitter},
    OptionField{"resend_timeout", &Options::resend_timeout},
    OptionField{"snapshot_timeout", &Options::snapshot_timeout},
    OptionField{"persist_timeout", &Options::persist_timeout},
    OptionField{"read_timeout", &Options::read_timeout},
    OptionField{"transfer_timeout", &Options::transfer_timeout},
    OptionField{"pre_vote", &Options::pre_vote},
    OptionField{"check_quorum", &Options::check_quorum},
    OptionField{"empty_entry", &Options::empty_entry},
    OptionField{"lease_reads", &Options::lease_reads},
    OptionField{"lease_drift_permille", &Options::lease_drift_permille},
    OptionField{"quiesce_after", &Options::quiesce_after},
    OptionField{"gather", &Options::gather},
    OptionField{"max_append_bytes", &Options::max_append_bytes},
    OptionField{"max_inflight_bytes", &Options::max_inflight_bytes},
    OptionField{"max_inflight_messages", &Options::max_inflight_messages},
    OptionField{"max_uncommitted_bytes", &Options::max_uncommitted_bytes},
    OptionField{"max_apply_bytes", &Options::max_apply_bytes},
    OptionField{"log_window_bytes", &Options::log_window_bytes},
    OptionField{"max_pending_reads", &Options::max_pending_reads},
    OptionField{"compaction_tail", &Options::compaction_tail},
    OptionField{"seed", &Options::seed},
};

struct SetupField {
  std::string_view name;
  bool Stage::Setup::* field;
  std::string_view on;
  std::string_view off;
};
constexpr std::array kSetupFields = {
    SetupField{"disk", &Stage::Setup::instant_disk, "instant", "slow"},
    SetupField{"apply", &Stage::Setup::instant_apply, "instant", "slow"},
    SetupField{"machine", &Stage::Setup::durable_machine, "durable", "volatile"},
    SetupField{"votes", &Stage::Setup::forgets_votes, "forgotten", "kept"},
};

// What a header leaves out. No jitter: every timeout is exactly T, so that a reader can follow the
// clock.
Stage::Setup defaults(std::uint64_t nodes) {
  Stage::Setup setup;
  for (std::uint64_t id = 1; id <= nodes; ++id) {
    setup.nodes.emplace_back(id);
  }
  setup.bootstrap.voters = setup.nodes;
  setup.options.election_jitter = Duration{0};
  setup.instant_disk = true;
  return setup;
}

bool parse(std::string_view text, Duration& value) {
  const auto parsed = parse_duration(text);
  if (parsed) {
    value = parsed.value();
  }
  return parsed.ok();
}
bool parse(std::string_view text, bool& value) {
  value = text == "on";
  return text == "on" || text == "off";
}
template <class T>
bool parse(std::string_view text, T& value) {
  const auto parsed = parse_number(text);
  value = static_cast<T>(parsed.value_or(0));
  return parsed.has_value();
}

template <class T>
std::string text(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "on" : "off";
  } else if constexpr (std::same_as<T, Duration>) {
    return to_text(value);
  } else {
    return std::to_string(value);
  }
}

bool set(Stage::Setup& setup, std::string_view name, std::string_view value) {
  if (name == "members") {
    auto members = parse_configuration(value);
    if (members) {
      setup.bootstrap = std::move(members).value();
    }
    return members.ok();
  }
  for (const SetupField& field : kSetupFields) {
    if (field.name == name) {
      setup.*field.field = value == field.on;
      return value == field.on || value == field.off;
    }
  }
  for (const OptionField& option : kOptions) {
    if (option.name == name) {
      return std::visit([&](auto field) { return parse(value, setup.options.*field); },
                        option.field);
    }
  }
  return false;
}

}  // namespace

Result<Stage::Setup> parse_header(std::string_view line) {
  Stage::Setup setup;
  bool first = true;
  bool named = false;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (word.empty()) {
      continue;
    }
    if (!named) {
      named = word == "nodes";
      if (!named) {
        break;
      }
    } else if (first) {
      const auto count = parse_number(word);
      if (!count || *count == 0 || *count > 99) {
        return invalid("'" + std::string{word} + "': expected a number of nodes, 1 to 99");
      }
      setup = defaults(*count);
      first = false;
    } else {
      const std::size_t equals = std::min(word.find('='), word.size());
      const std::string_view value = word.substr(std::min(equals + 1, word.size()));
      if (!set(setup, word.substr(0, equals), value)) {
        return invalid("'" + std::string{word} +
                       "': expected an option of src/raft/options.h and its value, members={...}, "
                       "disk=instant|slow, apply=instant|slow or machine=durable|volatile");
      }
    }
  }
  if (!named || first) {
    return invalid("a transcript begins with `nodes N`");
  }
  return setup;
}

std::string header_of(const Stage::Setup& setup) {
  const Stage::Setup usual = defaults(setup.nodes.size());
  std::string line = "nodes " + std::to_string(setup.nodes.size());
  if (setup.bootstrap != usual.bootstrap) {
    line += " members=" + describe(setup.bootstrap);
  }
  for (const SetupField& field : kSetupFields) {
    if (setup.*field.field != usual.*field.field) {
      line += " ";
      line += field.name;
      line += "=";
      line += setup.*field.field ? field.on : field.off;
    }
  }
  for (const OptionField& option : kOptions) {
    std::visit(
        [&](auto field) {
          if (setup.options.*field != usual.options.*field) {
            line += " ";
            line += option.name;
            line += "=" + text(setup.options.*field);
          }
        },
        option.field);
  }
  return line;
}

std::string transcript_of(const Stage::Setup& setup, std::span<const Step> steps,
                          std::string_view comment) {
  std::string out;
  while (!comment.empty()) {
    const std::size_t end = std::min(comment.find('\n'), comment.size());
    out += "# " + std::string{comment.substr(0, end)} + "\n";
    comment.remove_prefix(std::min(end + 1, comment.size()));
  }
  out += header_of(setup) + "\n";
  for (const Step& step : steps) {
    out += to_text(step) + "\n";
  }
  return out;
}

}  // namespace quorate::sim
