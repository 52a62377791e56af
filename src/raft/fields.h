// Names and fields of everything that a core takes in and gives out, told once: describe() prints
// them for people, trace() for people and for tools. Internal to raft/.
//
// `tell(value, show)` calls show(name, field) for each field worth seeing and returns what the
// value is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/text.h"
#include "raft/event.h"
#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

// ---- Values that model/text.h does not know

inline std::string text_of(RequestId id) { return std::to_string(id.value()); }
inline std::string text_of(const Configuration& configuration) { return describe(configuration); }
inline std::string text_of(std::string_view text) { return std::string{text}; }
inline std::string text_of(ReadMode mode) {
  return mode == ReadMode::kLease ? "lease" : "linearizable";
}

// Consecutive entries, by their ends: `7/3..9/4`.
struct Span {
  const std::vector<Entry>& entries;
};
inline std::string text_of(const Span& span) {
  const std::vector<Entry>& entries = span.entries;
  if (entries.empty()) {
    return "-";
  }
  const std::string first = describe(entries.front().position());
  return entries.size() == 1 ? first : first + ".." + describe(entries.back().position());
}

// ---- Events

inline std::string_view tell(const Tick& /*e*/, auto&& /*show*/) { return "tick"; }
std::string_view tell(const Received& e, auto&& show) {
  show("from", e.message.from);
  show("term", e.message.term);
  std::visit([&](const auto& body) { body.fields(show); }, e.message.body);
  return message_name(e.message.body);
}
std::string_view tell(const Unreachable& e, auto&& show) {
  show("peer", e.peer);
  return "unreachable";
}
std::string_view tell(const SnapshotFailed& e, auto&& show) {
  show("peer", e.peer);
  return "snapshot-failed";
}
std::string_view tell(const Propose& e, auto&& show) {
  show("id", e.id);
  show("bytes", e.payload.size());
  return "propose";
}
std::string_view tell(const ChangeMembership& e, auto&& show) {
  show("id", e.id);
  show("target", e.target);
  return "change";
}
std::string_view tell(const TransferLeadership& e, auto&& show) {
  show("id", e.id);
  show("target", e.target);
  return "transfer";
}
std::string_view tell(const Read& e, auto&& show) {
  show("id", e.id);
  show("mode", e.mode);
  return "read";
}
std::string_view tell(const Persisted& e, auto&& show) {
  show("write", e.ticket);
  return "persisted";
}
std::string_view tell(const Applied& e, auto&& show) {
  show("index", e.index);
  return "applied";
}
std::string_view tell(const EntriesRead& e, auto&& show) {
  show("reader", e.reader);
  show("first", e.first);
  if (e.entries) {
    show("entries", e.entries.value());
  } else {
    show("error", std::string_view{e.entries.error().message});
  }
  return "entries-read";
}
std::string_view tell(const SnapshotTaken& e, auto&& show) {
  show("index", e.index);
  return "snapshot-taken";
}
inline std::string_view tell(const WakeUp& /*e*/, auto&& /*show*/) { return "wake-up"; }
inline std::string_view tell(const Unfence& /*e*/, auto&& /*show*/) { return "unfence"; }
inline std::string_view tell(const Campaign& /*e*/, auto&& /*show*/) { return "campaign"; }
inline std::string_view tell(const Stop& /*e*/, auto&& /*show*/) { return "stop"; }
std::string_view tell(const Event& event, auto&& show) {
  return std::visit([&](const auto& each) { return tell(each, show); }, event);
}

// ---- What comes out

std::string_view tell(const Message& message, auto&& show) {
  show("to", message.to);
  std::visit([&](const auto& body) { body.fields(show); }, message.body);
  return message_name(message.body);
}
std::string_view tell(const Deferred& deferred, auto&& show) {
  const std::string_view name = tell(deferred.message, show);
  show("after_write", deferred.after);
  return name;
}
std::string_view tell(const Persist& persist, auto&& show) {
  show("ticket", persist.ticket);
  if (persist.hard_state) {
    show("term", persist.hard_state->term);
    if (persist.hard_state->vote != kNobody) {
      show("vote", persist.hard_state->vote);
    }
  }
  if (persist.install) {
    show("install", *persist.install);
  }
  if (persist.snapshot) {
    show("snapshot", *persist.snapshot);
  }
  if (!persist.entries.empty()) {
    show("entries", Span{persist.entries});
  }
  if (persist.compact) {
    show("compact", *persist.compact);
  }
  return "write";
}
std::string_view tell(const ReadEntries& read, auto&& show) {
  show("reader", read.reader);
  show("first", read.first);
  show("last", read.last);
  show("max_bytes", read.max_bytes);
  return "read-entries";
}
std::string_view tell(const Appended& outcome, auto&& show) {
  show("at", outcome.position);
  return "appended";
}
std::string_view tell(const ReadReady& outcome, auto&& show) {
  show("index", outcome.index);
  return "read-ready";
}
inline std::string_view tell(const HandedOver& /*outcome*/, auto&& /*show*/) {
  return "handed-over";
}
std::string_view tell(const Refused& outcome, auto&& show) {
  show("why", std::string_view{describe(outcome.why)});
  if (outcome.leader != kNobody) {
    show("leader", outcome.leader);
  }
  if (!outcome.detail.empty()) {
    show("detail", std::string_view{outcome.detail});
  }
  return "refused";
}
std::string_view tell(const Answer& answer, auto&& show) {
  show("id", answer.id);
  return std::visit([&](const auto& outcome) { return tell(outcome, show); }, answer.outcome);
}

// `name field=value field=value`
template <class T>
std::string line_of(const T& value) {
  std::string fields;
  const std::string_view name = tell(value, [&fields](std::string_view field, const auto& shown) {
    fields += " ";
    fields += field;
    fields += "=" + text_of(shown);
  });
  return std::string{name} + fields;
}

}  // namespace quorate
