// How values print: one overload a type, used for trace lines, JSON and errors alike.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"

namespace quorate {

inline std::string text_of(bool value) { return value ? "yes" : "no"; }
inline std::string text_of(std::unsigned_integral auto value) { return std::to_string(value); }
template <class Tag>
std::string text_of(Ordinal<Tag> value) {
  return std::to_string(value.value());
}
inline std::string text_of(NodeId id) { return "n" + std::to_string(id.value()); }
inline std::string text_of(const LogPosition& position) { return describe(position); }
inline std::string text_of(const SnapshotMeta& meta) { return describe(meta); }
inline std::string text_of(const std::vector<Entry>& entries) {
  return std::to_string(entries.size());
}
std::string text_of(const std::vector<TermRun>& runs);

// A string as JSON writes it, quotes included.
std::string json_quoted(std::string_view text);

}  // namespace quorate
