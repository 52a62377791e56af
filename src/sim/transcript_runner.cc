#include "sim/transcript_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model/text.h"

namespace quorate::sim {
namespace {

constexpr int kMostStepsToRest = 20'000;

bool among(const std::vector<NodeId>& nodes, NodeId node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) {
      words.push_back(line.substr(0, end));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

Pick exactly(const InFlight& message) {
  return {message.message.from, message.message.to, std::string{message_name(message.message.body)},
          message.print};
}

std::string link_of(const Message& message) {
  return text_of(message.from) + " " + describe(message);
}

std::string text_of_entry(const Entry& entry) {
  std::string line = describe(entry.position()) + " " + describe(entry.kind);
  if (entry.kind == EntryKind::kCommand) {
    const std::string_view payload = entry.payload.text();
    line += " " + std::string{payload.substr(0, 40)};
    line += payload.size() > 40 ? "... " + std::to_string(payload.size()) + " bytes" : "";
  } else if (entry.kind == EntryKind::kConfiguration) {
    const auto configuration = Configuration::decode(entry.payload);
    line += configuration ? " " + describe(configuration.value()) : " damaged";
  }
  return line;
}

}  // namespace

TranscriptRunner::TranscriptRunner(Stage::Setup setup) : stage_(std::move(setup)) {
  stage_.trace_to([this](const std::string& line) { trace(line); });
}

Result<void> TranscriptRunner::command(std::string_view line) {
  misunderstood_.reset();
  if (!own_command(split(line))) {
    auto parsed = parse_step(line);
    if (!parsed) {
      return parsed.error();
    }
    step(std::move(parsed).value());
  }
  collect_answers();
  if (misunderstood_) {
    return invalid(*misunderstood_);
  }
  return {};
}

// The commands beside the steps. False: it is none of them.
bool TranscriptRunner::own_command(const Words& words) {
  const std::string_view verb = words.front();
  const auto node = [&]() -> std::optional<NodeId> {
    return node_of(words.size() == 2 ? words[1] : "");
  };
  if (verb == "expect") {
    expect({words.begin() + 1, words.end()});
  } else if (verb == "stabilize") {
    stabilize();
  } else if (verb == "run") {
    if (const auto duration = parse_duration(words.size() == 2 ? words[1] : "")) {
      run(duration.value());
    } else {
      misunderstood("run: expected a duration such as 300ms");
    }
  } else if (verb == "elect") {
    if (const auto id = node()) {
      elect(*id);
    }
  } else if (verb == "isolate") {
    if (const auto id = node()) {
      isolate(*id);
    }
  } else if (verb == "heal") {
    cuts_.clear();
  } else if (verb == "release") {
    holds_.clear();
  } else if (verb == "cut" || verb == "hold") {
    if (auto filter = filter_of(words)) {
      (verb == "cut" ? cuts_ : holds_).push_back(std::move(*filter));
    }
  } else if (verb == "lose") {
    lose(words);
  } else if (verb == "hang") {
    if (const auto id = node()) {
      hanging_.push_back(*id);
    }
  } else if (verb == "unhang") {
    hanging_.clear();
  } else if (verb == "pause") {
    if (const auto id = node()) {
      paused_.push_back(*id);
    }
  } else if (verb == "resume") {
    paused_.clear();
  } else if (verb == "show") {
    show(words.size() == 2 ? words[1] : "");
  } else if (verb == "status" || verb == "log" || verb == "disk" || verb == "flight") {
    print_state(words);
  } else {
    return false;
  }
  return true;
}

// ---- Steps

// Requests that the transcript does not name are numbered as they come.
void TranscriptRunner::step(Step step) {
  std::visit(
      [this](auto& action) {
        if constexpr (requires { action.id; }) {
          ++requests_;
          if (action.id == RequestId{}) {
            action.id = RequestId{requests_};
          }
        }
      },
      step.action);
  apply(step);
}

void TranscriptRunner::apply(const Step& step) {
  const bool over = stage_.violation().has_value();
  if (!stage_.apply(step) && !over) {
    fail("'" + to_text(step) + "' means nothing here");
  }
}

void TranscriptRunner::elect(NodeId node) {
  apply({{}, CampaignAt{node}});
  stabilize();
}

// ---- Until nothing moves any more

void TranscriptRunner::stabilize() {
  for (int i = 0; i < kMostStepsToRest; ++i) {
    if (stage_.violation() || (!stabilize_disks() && !stabilize_messages())) {
      return;
    }
  }
  fail("the cluster does not come to rest");
}

// Finishes what one node has outstanding. False when nothing is.
bool TranscriptRunner::stabilize_disks() {
  for (const NodeId node : stage_.nodes()) {
    if (!stage_.up(node) || among(hanging_, node) || among(paused_, node)) {
      continue;
    }
    if (stage_.outstanding_writes(node) > 0) {
      apply({time_of(node), FinishWrite{node}});
    } else if (stage_.outstanding_applies(node) > 0) {
      apply({time_of(node), FinishApply{node}});
    } else if (stage_.outstanding_reads(node) > 0) {
      apply({time_of(node), FinishRead{node, false}});
    } else {
      continue;
    }
    return true;
  }
  return false;
}

// Delivers the oldest message, or loses it where the link is cut or the addressee is down. False
// when there is none that may move.
bool TranscriptRunner::stabilize_messages() {
  for (const InFlight& message : stage_.in_flight()) {
    if (matches(holds_, message.message)) {
      continue;
    }
    const NodeId to = message.message.to;
    if (among(paused_, to)) {
      continue;
    }
    if (matches(cuts_, message.message) || !stage_.up(to)) {
      apply({{}, Drop{exactly(message)}});
    } else {
      apply({time_of(to), Deliver{exactly(message)}});
    }
    return true;
  }
  return false;
}

// ---- Time

std::optional<Instant> TranscriptRunner::time_of(NodeId node) const {
  if (began_.empty()) {
    return std::nullopt;
  }
  const auto& nodes = stage_.nodes();
  const auto i = std::ranges::find(nodes, node) - nodes.begin();
  return began_[static_cast<std::size_t>(i)] + passed_;
}

// Time passes alike at every node; messages and disks take none.
void TranscriptRunner::run(Duration duration) {
  std::vector<Instant> began;
  for (const NodeId node : stage_.nodes()) {
    began.push_back(stage_.clock(node));
  }
  began_ = std::move(began);
  passed_ = Duration{0};
  stabilize();
  for (int i = 0; i < kMostStepsToRest && !stage_.violation(); ++i) {
    NodeId next;
    Duration soonest = Duration::max();
    for (std::size_t n = 0; n < began_.size(); ++n) {
      const Instant wake_at = stage_.wake_at(stage_.nodes()[n]);
      const bool paused = among(paused_, stage_.nodes()[n]);
      if (!paused && wake_at != kNever && wake_at - began_[n] < soonest) {
        soonest = wake_at - began_[n];
        next = stage_.nodes()[n];
      }
    }
    if (next == kNobody || soonest > duration) {
      break;
    }
    if (soonest > passed_ && show_ == Show::kAll) {
      print("-- " + to_text(soonest) + " have passed");
    }
    passed_ = std::max(passed_, soonest);
    apply({time_of(next), TickNode{next}});
    stabilize();
  }
  for (std::size_t n = 0; n < began_.size() && !stage_.violation(); ++n) {
    const NodeId node = stage_.nodes()[n];
    const Duration behind = began_[n] + duration - stage_.clock(node);
    if (stage_.up(node) && !among(paused_, node) && behind > Duration{0}) {
      apply({{}, Advance{node, behind}});
    }
  }
  began_.clear();
}

// ---- The network

void TranscriptRunner::isolate(NodeId node) {
  cuts_.push_back({node, kNobody, {}});
  cuts_.push_back({kNobody, node, {}});
}

void TranscriptRunner::lose(const Words& words) {
  Filter all;
  const auto filter = words.size() == 1 ? std::optional{all} : filter_of(words);
  if (!filter) {
    return;
  }
  const Pick pick{filter->from, filter->to, filter->kind, 0};
  while (stage_.in_flight().find(pick) && !stage_.violation()) {
    apply({{}, Drop{pick}});
  }
}

bool TranscriptRunner::matches(const std::vector<Filter>& filters, const Message& message) {
  return std::ranges::any_of(filters, [&](const Filter& filter) {
    return (filter.from == kNobody || filter.from == message.from) &&
           (filter.to == kNobody || filter.to == message.to) &&
           (filter.kind.empty() || filter.kind == message_name(message.body));
  });
}

// `cut 1->2`, `hold 1->* append`.
std::optional<TranscriptRunner::Filter> TranscriptRunner::filter_of(const Words& words) {
  std::string line = "drop";
  for (std::size_t i = 1; i < words.size(); ++i) {
    line += " " + std::string{words[i]};
  }
  const auto parsed = parse_step(line);
  if (!parsed) {
    misunderstood(parsed.error().message);
    return std::nullopt;
  }
  const Pick& pick = std::get<Drop>(parsed.value().action).pick;
  return Filter{pick.from, pick.to, pick.kind};
}

// ---- Looking

void TranscriptRunner::print_state(const Words& words) {
  if (words.front() == "flight") {
    print_flight();
    return;
  }
  std::vector<NodeId> nodes = stage_.nodes();
  if (words.size() == 2) {
    const auto id = node_of(words[1]);
    if (!id) {
      return;
    }
    nodes = {*id};
  }
  for (const NodeId node : nodes) {
    if (words.front() == "disk") {
      print_disk(node);
    } else if (!stage_.up(node)) {
      print(text_of(node) + " is down");
    } else if (words.front() == "log") {
      print_log(node);
    } else {
      const std::string described = stage_.raft(node).describe();
      for (std::size_t at = 0; at <= described.size();) {
        const std::size_t end = std::min(described.find('\n', at), described.size());
        print(described.substr(at, end - at));
        at = end + 1;
      }
    }
  }
}

void TranscriptRunner::print_log(NodeId node) {
  const Position at = stage_.at(node);
  print(text_of(node) + " log after " + std::to_string(at.base.value()) + ", committed " +
        std::to_string(at.committed.value()));
  const std::uint64_t last = at.last.index.value();
  for (Index index = at.base.next(); index.value() <= last; index = index.next()) {
    const auto entries = stage_.raft(node).entries_from(index);
    if (!entries.empty()) {
      for (const Entry& entry : entries) {
        print("  " + text_of_entry(entry));
      }
      return;
    }
  }
}

void TranscriptRunner::print_disk(NodeId node) {
  const Disk& disk = stage_.disk(node);
  print(text_of(node) + " disk: " + describe(disk.hard_state) + " base=" + describe(disk.base) +
        " snapshot=" + describe(disk.snapshot));
  for (const Entry& entry : disk.entries) {
    print("  " + text_of_entry(entry));
  }
}

void TranscriptRunner::print_flight() {
  if (stage_.in_flight().empty()) {
    print("nothing is in flight");
  }
  for (const InFlight& message : stage_.in_flight()) {
    print(link_of(message.message) + " (term " + text_of(message.message.term) + ")");
  }
}

void TranscriptRunner::show(std::string_view what) {
  static constexpr std::array<std::pair<std::string_view, Show>, 3> kLevels = {
      {{"all", Show::kAll}, {"changes", Show::kChanges}, {"nothing", Show::kNothing}}};
  const auto* const level =
      std::ranges::find(kLevels, what, &std::pair<std::string_view, Show>::first);
  if (level == kLevels.end()) {
    misunderstood("show: expected all, changes or nothing");
    return;
  }
  show_ = level->second;
}

// Changes are what became of a node, what it committed and what it answered.
void TranscriptRunner::trace(const std::string& line) {
  if (line.starts_with("VIOLATION")) {
    print(line);
    return;
  }
  const std::size_t bracket = std::min(line.find("] "), line.size() - 2);
  const std::string_view rest = std::string_view{line}.substr(bracket + 2);
  const bool event = !rest.starts_with("  ");
  const bool was_follower = was_follower_;
  if (event) {
    was_follower_ = line.find(" follower ") < bracket;
  }
  if (show_ == Show::kAll) {
    print(line);
    return;
  }
  if (show_ == Show::kNothing) {
    return;
  }
  static constexpr std::array<std::string_view, 14> kChanges = {
      "  became ",  "  stepped ",     "  truncated", "  snapshot ", "  removed",
      "  fell ",    "  woke ",        "  commit ",   "  appended ", "  read-ready ",
      "  refused ", "  handed-over ", "* crashed",   "* restarted"};
  const bool change =
      std::ranges::any_of(kChanges, [&](std::string_view what) { return rest.starts_with(what); });
  const bool only_leader_learned = was_follower && rest.starts_with("  became follower");
  if ((change && !only_leader_learned) || rest.starts_with("* refuses")) {
    print(line);
  }
}

// ---- Bookkeeping

void TranscriptRunner::collect_answers() {
  for (Answered& answered : stage_.take_answers()) {
    answers_.push_back(std::move(answered));
  }
}

void TranscriptRunner::misunderstood(const std::string& why) {
  if (!misunderstood_) {
    misunderstood_ = why;
  }
}

bool TranscriptRunner::knows(NodeId node) const {
  return std::ranges::find(stage_.nodes(), node) != stage_.nodes().end();
}

std::optional<NodeId> TranscriptRunner::node_of(std::string_view word) {
  const auto number = parse_number(word);
  if (!number || !knows(NodeId{*number})) {
    misunderstood("'" + std::string{word} + "': expected the number of a node");
    return std::nullopt;
  }
  return NodeId{*number};
}

void TranscriptRunner::finish() {
  if (stage_.violation() && !violation_expected_) {
    fail("violation: " + *stage_.violation());
  }
}

// ---- A whole transcript

Result<TranscriptRun> run_transcript(std::string_view text) {
  TranscriptRun result;
  std::optional<TranscriptRunner> runner;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.starts_with("  ")) {
      continue;  // output of an earlier run
    }
    result.text += std::string{line} + "\n";
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    const std::string where = "line " + std::to_string(number) + ": " + std::string{line} + ": ";
    if (!runner) {
      auto setup = parse_header(line);
      if (!setup) {
        return invalid(where + setup.error().message);
      }
      runner.emplace(std::move(setup).value());
      continue;
    }
    if (const auto done = runner->command(line); !done) {
      return invalid(where + done.error().message);
    }
    for (const std::string& output : runner->take_output()) {
      result.text += "  " + output + "\n";
    }
    for (const std::string& failure : runner->take_failures()) {
      result.failures.push_back(where + failure);
    }
  }
  if (!runner) {
    return invalid("a transcript begins with `nodes N`");
  }
  runner->finish();
  for (const std::string& failure : runner->take_failures()) {
    result.failures.push_back("at the end: " + failure);
  }
  return result;
}

}  // namespace quorate::sim
