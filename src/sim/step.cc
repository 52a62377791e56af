#include "sim/step.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>
#include <vector>

namespace quorate::sim {
namespace {

// ---- Values and their text

std::string number(NodeId id) { return std::to_string(id.value()); }
std::string anyone(NodeId id) { return id == kNobody ? "*" : number(id); }
std::string link(NodeId from, NodeId to) { return anyone(from) + "->" + anyone(to); }

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return {digits.data(), end.ptr};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':';
}

// A word as it is, anything else in quotes with \xNN for what does not print.
std::string quoted(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) {
    return std::string{text};
  }
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += byte < 0x10 ? "\\x0" : "\\x";
      out += hex(byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string id_suffix(RequestId id) {
  return id == RequestId{} ? "" : " id=" + std::to_string(id.value());
}

// ---- Actions to text

std::string text(const Pick& pick) {
  std::string out = " " + link(pick.from, pick.to);
  if (!pick.kind.empty()) {
    out += " " + pick.kind;
  }
  return pick.print == 0 ? out : out + " x" + hex(pick.print);
}

std::string text(const Deliver& a) { return "deliver" + text(a.pick); }
std::string text(const Duplicate& a) { return "duplicate" + text(a.pick); }
std::string text(const Drop& a) { return "drop" + text(a.pick); }
std::string text(const TickNode& a) { return "tick " + number(a.node); }
std::string text(const Advance& a) {
  return "advance " + (a.node == kNobody ? "all" : number(a.node)) + " " + to_text(a.by);
}
std::string text(const FinishWrite& a) { return "persist " + number(a.node); }
std::string text(const FinishApply& a) { return "apply " + number(a.node); }
std::string text(const FinishRead& a) {
  return "fetch " + number(a.node) + (a.fails ? " fails" : "");
}
std::string text(const Crash& a) {
  const std::string kept = a.writes_kept == 0 ? "" : " keep=" + std::to_string(a.writes_kept);
  return "crash " + number(a.node) + kept;
}
std::string text(const Restart& a) {
  return "restart " + number(a.node) + (a.fenced ? " fenced" : "");
}
std::string text(const ProposeAt& a) {
  return "propose " + number(a.node) + " " + quoted(a.payload) + id_suffix(a.id);
}
std::string text(const ReadAt& a) {
  return "read " + number(a.node) + (a.lease ? " lease" : "") + id_suffix(a.id);
}
std::string text(const ChangeAt& a) {
  const std::string context =
      a.target.context.empty() ? "" : " context=" + quoted(a.target.context.text());
  return "change " + number(a.node) + " " + describe(a.target) + context + id_suffix(a.id);
}
std::string text(const TransferAt& a) {
  return "transfer " + link(a.node, a.target) + id_suffix(a.id);
}
std::string text(const SnapshotAt& a) { return "snapshot " + number(a.node); }
std::string text(const CampaignAt& a) { return "campaign " + number(a.node); }
std::string text(const UnreachableAt& a) { return "unreachable " + link(a.node, a.peer); }
std::string text(const WakeAt& a) { return "wake " + number(a.node); }
std::string text(const StopAt& a) { return "stop " + number(a.node); }
std::string text(const SnapshotFailedAt& a) { return "snapshot-failed " + link(a.node, a.peer); }
std::string text(const UnfenceAt& a) { return "unfence " + number(a.node); }

// ---- Text to actions

// The words of a line, one at a time; the first thing that is wrong is kept.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) { skip_blanks(); }

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  std::string_view next() {
    const std::size_t end = rest_.starts_with('"') ? end_of_quoted(0) : end_of_word();
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    skip_blanks();
    return word;
  }
  bool take(std::string_view word) {
    Words ahead = *this;
    if (ahead.next() != word) {
      return false;
    }
    *this = ahead;
    return true;
  }
  std::optional<std::string_view> take_option(std::string_view name) {
    if (!rest_.starts_with(name) || rest_.substr(name.size()).substr(0, 1) != "=") {
      return std::nullopt;
    }
    rest_.remove_prefix(name.size() + 1);
    return next();
  }
  void fail(std::string_view word, const std::string& expected) {
    if (!error_) {
      error_ = invalid("'" + std::string{word} + "': expected " + expected);
    }
  }

  std::uint64_t take_number(std::string_view word, const std::string& what) {
    const auto value = parse_number(word);
    if (!value) {
      fail(word, what);
    }
    return value.value_or(0);
  }
  NodeId take_node() { return NodeId{take_number(next(), "the number of a node")}; }
  RequestId take_id() {
    const auto option = take_option("id");
    return RequestId{option ? take_number(*option, "a number after id=") : 0};
  }
  std::pair<NodeId, NodeId> take_link() {
    const std::string_view word = next();
    const std::size_t arrow = word.find("->");
    if (arrow == std::string_view::npos) {
      fail(word, "a link such as 1->2");
      return {};
    }
    const auto end = [&](std::string_view text) {
      return text == "*" ? kNobody : NodeId{take_number(text, "a link such as 1->2")};
    };
    return {end(word.substr(0, arrow)), end(word.substr(arrow + 2))};
  }
  Pick take_pick() {
    Pick pick;
    std::tie(pick.from, pick.to) = take_link();
    if (!done() && !is_print(rest_)) {
      pick.kind = next();
    }
    if (!done()) {
      const std::string_view word = next();
      const auto end = std::from_chars(word.data() + 1, word.data() + word.size(), pick.print, 16);
      if (word.front() != 'x' || end.ec != std::errc{} || end.ptr != word.data() + word.size()) {
        fail(word, "a fingerprint such as x9f3a");
      }
    }
    return pick;
  }
  std::string take_text() { return unquoted(next()); }
  // What a word stands for: itself, or what its quotes hold.
  std::string unquoted(std::string_view word) {
    if (!word.starts_with('"')) {
      return std::string{word};
    }
    if (word.size() < 2 || word.back() != '"') {
      fail(word, "a closing quote");
      return {};
    }
    std::string out;
    word = word.substr(1, word.size() - 2);
    while (!word.empty()) {
      std::size_t used = 1;
      if (word.starts_with("\\x") && word.size() >= 4) {
        unsigned byte = 0;
        std::from_chars(word.data() + 2, word.data() + 4, byte, 16);
        out += static_cast<char>(byte);
        used = 4;
      } else if (word.starts_with('\\') && word.size() >= 2) {
        out += word[1];
        used = 2;
      } else {
        out += word.front();
      }
      word.remove_prefix(used);
    }
    return out;
  }

 private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }
  [[nodiscard]] std::size_t end_of_word() const {
    return std::min(rest_.find_first_of(" \t"), rest_.size());
  }
  [[nodiscard]] std::size_t end_of_quoted(std::size_t start) const {
    for (std::size_t i = start + 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        return i + 1;
      }
    }
    return rest_.size();
  }
  // `x9f3a` is a fingerprint; no kind of message looks like one.
  static bool is_print(std::string_view rest) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    return word.size() > 1 && word.front() == 'x' &&
           word.substr(1).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }
  std::string_view rest_;
  std::optional<Error> error_;
};

ProposeAt parse_propose(Words& words) {
  ProposeAt action;
  action.node = words.take_node();
  action.payload = words.take_text();
  if (const auto bytes = words.take_option("bytes")) {
    const std::uint64_t size = words.take_number(*bytes, "a number after bytes=");
    action.payload.resize(std::max<std::size_t>(action.payload.size(), size), '.');
  }
  action.id = words.take_id();
  return action;
}

ChangeAt parse_change(Words& words) {
  ChangeAt action;
  action.node = words.take_node();
  const std::string_view word = words.next();
  if (auto target = parse_configuration(word)) {
    action.target = std::move(target).value();
  } else {
    words.fail(word, "a configuration such as {1,2,3} or {1,2}+{3}");
  }
  if (const auto context = words.take_option("context")) {
    action.target.context = Bytes::copy_of(std::string_view{words.unquoted(*context)});
  }
  action.id = words.take_id();
  return action;
}

Advance parse_advance(Words& words) {
  Advance action;
  if (!words.take("all")) {
    action.node = words.take_node();
  }
  const std::string_view word = words.next();
  if (const auto by = parse_duration(word)) {
    action.by = by.value();
  } else {
    words.fail(word, "a duration such as 300ms");
  }
  return action;
}

Crash parse_crash(Words& words) {
  Crash action{words.take_node(), 0};
  if (const auto kept = words.take_option("keep")) {
    action.writes_kept = static_cast<std::uint32_t>(words.take_number(*kept, "a number of writes"));
  }
  return action;
}

template <class WithPick>
Action parse_pick(Words& words) {
  return WithPick{words.take_pick()};
}
template <class WithNode>
Action parse_node(Words& words) {
  WithNode action;
  action.node = words.take_node();
  return action;
}
template <class WithPeer>
Action parse_peer(Words& words) {
  const auto [node, peer] = words.take_link();
  return WithPeer{node, peer};
}
template <auto kParse>
Action parse_own(Words& words) {
  return kParse(words);
}

struct Verb {
  std::string_view name;
  Action (*parse)(Words&);
};
constexpr std::array kVerbs = {
    Verb{"deliver", parse_pick<Deliver>},
    Verb{"duplicate", parse_pick<Duplicate>},
    Verb{"drop", parse_pick<Drop>},
    Verb{"tick", parse_node<TickNode>},
    Verb{"advance", parse_own<parse_advance>},
    Verb{"persist", parse_node<FinishWrite>},
    Verb{"apply", parse_node<FinishApply>},
    Verb{"fetch",
         [](Words& w) -> Action {
           const NodeId node = w.take_node();
           return FinishRead{node, w.take("fails")};
         }},
    Verb{"crash", parse_own<parse_crash>},
    Verb{"restart",
         [](Words& w) -> Action {
           const NodeId node = w.take_node();
           return Restart{node, w.take("fenced")};
         }},
    Verb{"propose", parse_own<parse_propose>},
    Verb{"read",
         [](Words& w) -> Action {
           const NodeId node = w.take_node();
           const bool lease = w.take("lease");
           return ReadAt{node, w.take_id(), lease};
         }},
    Verb{"change", parse_own<parse_change>},
    Verb{"transfer",
         [](Words& w) -> Action {
           const auto [node, target] = w.take_link();
           return TransferAt{node, w.take_id(), target};
         }},
    Verb{"snapshot", parse_node<SnapshotAt>},
    Verb{"campaign", parse_node<CampaignAt>},
    Verb{"unreachable", parse_peer<UnreachableAt>},
    Verb{"wake", parse_node<WakeAt>},
    Verb{"stop", parse_node<StopAt>},
    Verb{"snapshot-failed", parse_peer<SnapshotFailedAt>},
    Verb{"unfence", parse_node<UnfenceAt>},
};
static_assert(kVerbs.size() == std::variant_size_v<Action>);

bool parse_ids(std::string_view text, std::vector<NodeId>& ids) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return false;
  }
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto id = parse_number(text.substr(0, comma));
    if (!id) {
      return false;
    }
    ids.emplace_back(*id);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

}  // namespace

std::string to_text(const Step& step) {
  const std::string at = step.at ? "@" + std::to_string(micros(*step.at)) + " " : "";
  return at + std::visit([](const auto& action) { return text(action); }, step.action);
}

Result<Step> parse_step(std::string_view line) {
  Words words{line};
  Step step;
  std::string_view verb = words.next();
  if (verb.starts_with('@')) {
    step.at = instant(
        static_cast<std::int64_t>(words.take_number(verb.substr(1), "microseconds after @")));
    verb = words.next();
  }
  const auto* const known = std::ranges::find(kVerbs, verb, &Verb::name);
  if (known == kVerbs.end()) {
    return invalid("'" + std::string{verb} + "' is not a step; src/sim/step.h lists them");
  }
  step.action = known->parse(words);
  if (!words.done()) {
    words.fail(words.next(), "the end of the line");
  }
  if (words.error()) {
    return *words.error();
  }
  return step;
}

std::string to_text(Duration duration) {
  const auto count = duration.count();
  if (count % 1'000'000 == 0) {
    return std::to_string(count / 1'000'000) + "s";
  }
  return count % 1000 == 0 ? std::to_string(count / 1000) + "ms" : std::to_string(count) + "us";
}

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits = {
      {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse_number(text.substr(0, digits));
  const auto* const unit = std::ranges::find(kUnits, text.substr(digits),
                                             &std::pair<std::string_view, std::int64_t>::first);
  if (!count || unit == kUnits.end()) {
    return invalid("'" + std::string{text} + "': expected a duration such as 300ms, 2s or 1500us");
  }
  return Duration{static_cast<std::int64_t>(*count) * unit->second};
}

Result<Configuration> parse_configuration(std::string_view text) {
  Configuration result;
  std::string_view rest = text;
  bool good = true;
  if (const std::size_t arrow = rest.find("->"); arrow != std::string_view::npos) {
    good = parse_ids(rest.substr(0, arrow), result.old_voters);
    rest.remove_prefix(arrow + 2);
  }
  const std::size_t plus = std::min(rest.find('+'), rest.size());
  good = good && parse_ids(rest.substr(0, plus), result.voters);
  if (plus < rest.size()) {
    good = good && parse_ids(rest.substr(plus + 1), result.learners);
  }
  if (!good) {
    return invalid("'" + std::string{text} + "': expected a configuration such as {1,2,3}+{4}");
  }
  return result;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end.ec == std::errc{} && end.ptr == text.data() + text.size();
  return whole && !text.empty() ? std::optional{value} : std::nullopt;
}

}  // namespace quorate::sim
