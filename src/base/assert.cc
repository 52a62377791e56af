#include "base/assert.h"

namespace quorate {

void fail_assertion(const char* condition, const char* file, int line, const std::string& detail) {
  std::string what =
      std::string{"assertion failed: "} + condition + " at " + file + ":" + std::to_string(line);
  if (!detail.empty()) {
    what += " (" + detail + ")";
  }
  throw AssertionFailed{what};
}

}  // namespace quorate
