#include "model/entry.h"

namespace quorate {

std::string describe(const LogPosition& position) {
  return std::to_string(position.index.value()) + "/" + std::to_string(position.term.value());
}

std::string describe(const TermRun& run) { return describe(LogPosition{run.first, run.term}); }

const char* describe(EntryKind kind) {
  switch (kind) {
    case EntryKind::kEmpty:
      return "empty";
    case EntryKind::kCommand:
      return "command";
    case EntryKind::kConfiguration:
      return "configuration";
  }
  return "unknown";
}

std::string describe(const Entry& entry) {
  return describe(entry.position()) + " " + describe(entry.kind) + " " +
         std::to_string(entry.payload.size()) + "B";
}

}  // namespace quorate
