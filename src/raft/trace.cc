#include "raft/trace.h"

#include <concepts>
#include <type_traits>

#include "raft/fields.h"

namespace quorate {
namespace {

// ---- One field

template <class T>
std::string json_of(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::unsigned_integral<T>) {
    return std::to_string(value);
  } else if constexpr (requires { value.value(); }) {
    return std::to_string(value.value());  // terms, indexes, nodes, requests
  } else if constexpr (std::same_as<T, std::vector<Entry>>) {
    return std::to_string(value.size());
  } else {
    return json_quoted(text_of(value));
  }
}

// ---- One line

// Roles are padded to the longest, so that what follows stands in one column.
std::string aligned_role(Role role) {
  std::string text = describe(role);
  text.resize(13, ' ');
  return text;
}

class Line {
 public:
  Line(TraceFormat format, Instant now, const Position& at) : json_(format == TraceFormat::kJson) {
    if (json_) {
      head_ = "{\"at\":" + std::to_string(micros(now)) + ",\"node\":" + json_of(at.id) +
              ",\"role\":" + json_quoted(describe(at.role)) + ",\"in_term\":" + json_of(at.term);
    } else {
      head_ = "[" + text_of(at.id) + " " + aligned_role(at.role) + " t" + text_of(at.term) + "] ";
    }
  }

  void operator()(std::string_view field, const auto& value) {
    if (json_) {
      fields_ += "," + json_quoted(field) + ":" + json_of(value);
    } else {
      fields_ += " ";
      fields_ += field;
      fields_ += "=" + text_of(value);
    }
  }
  // `kind` says what the line is about; people see it by an arrow or by the name.
  [[nodiscard]] std::string finish(std::string_view kind, std::string_view arrow,
                                   std::string_view name) const {
    if (json_) {
      return head_ + ",\"kind\":" + json_quoted(kind) + ",\"name\":" + json_quoted(name) + fields_ +
             "}";
    }
    return head_ + std::string{arrow} + std::string{name} + fields_;
  }

 private:
  bool json_;
  std::string head_;
  std::string fields_;
};

// ---- The lines of one step

class Story {
 public:
  Story(TraceFormat format, Instant now) : format_(format), now_(now) {}

  void tell_event(const Position& at, const Event& event) {
    Line line{format_, now_, at};
    const bool received = std::holds_alternative<Received>(event);
    const std::string_view name =
        received ? tell_received(line, at, std::get<Received>(event).message) : tell(event, line);
    lines_.push_back(line.finish(received ? "received" : "event", received ? "<- " : "", name));
  }
  template <class T>
  void tell_effect(const Position& at, std::string_view kind, const T& value) {
    Line line{format_, now_, at};
    const std::string_view name = tell(value, line);
    lines_.push_back(line.finish(kind, "  ", name));
  }
  void tell_message(const Position& at, const Message& message, const Ticket* after) {
    Line line{format_, now_, at};
    const bool json = format_ == TraceFormat::kJson;
    std::string name{message_name(message.body)};
    if (json) {
      line("to", message.to);
    } else {
      name += " -> " + text_of(message.to);
    }
    std::visit([&](const auto& body) { body.fields(line); }, message.body);
    if (after != nullptr) {
      line("after_write", *after);
    }
    lines_.push_back(line.finish("sends", "  ", name));
  }
  template <class T>
  void tell_fact(const Position& at, std::string_view kind, std::string_view name,
                 std::string_view field, const T& value) {
    Line line{format_, now_, at};
    line(field, value);
    lines_.push_back(line.finish(kind, "  ", name));
  }
  void tell_happened(const Position& at, Happened what) {
    lines_.push_back(Line{format_, now_, at}.finish("happened", "  ", describe(what)));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  // People see its term only where it is another than the node's.
  std::string_view tell_received(Line& line, const Position& at, const Message& message) const {
    line("from", message.from);
    if (message.term != at.term || format_ == TraceFormat::kJson) {
      line("term", message.term);
    }
    std::visit([&](const auto& body) { body.fields(line); }, message.body);
    return message_name(message.body);
  }

  TraceFormat format_;
  Instant now_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> trace(TraceFormat format, Instant now, const Position& before,
                               const Position& after, const Event& event, const Output& output) {
  Story story{format, now};
  story.tell_event(before, event);
  for (const Happened what : output.happened) {
    story.tell_happened(after, what);
  }
  if (after.committed != before.committed) {
    story.tell_fact(after, "commit", "commit", "index", after.committed);
  }
  if (output.persist.ticket != Ticket{}) {
    story.tell_effect(after, "writes", output.persist);
  }
  for (const Message& message : output.send_now) {
    story.tell_message(after, message, nullptr);
  }
  for (const Deferred& deferred : output.send_after_persist) {
    story.tell_message(after, deferred.message, &deferred.after);
  }
  if (output.restore) {
    story.tell_fact(after, "applies", "restore", "snapshot", *output.restore);
  }
  if (!output.committed.empty()) {
    story.tell_fact(after, "applies", "apply", "entries", Span{output.committed});
  }
  for (const ReadEntries& read : output.reads) {
    story.tell_effect(after, "reads", read);
  }
  for (const Answer& answer : output.answers) {
    story.tell_effect(after, "answers", answer);
  }
  return story.take();
}

std::string trace_note(TraceFormat format, Instant now, NodeId node,
                       const std::optional<Position>& at, const std::string& what) {
  if (at) {
    return Line{format, now, *at}.finish("note", "* ", what);
  }
  if (format == TraceFormat::kJson) {
    return "{\"at\":" + std::to_string(micros(now)) + ",\"node\":" + json_of(node) +
           ",\"kind\":\"note\",\"name\":" + json_quoted(what) + "}";
  }
  return "[" + text_of(node) + " down] * " + what;
}

}  // namespace quorate
