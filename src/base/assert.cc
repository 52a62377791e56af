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

void fail_with_detail(const char* condition, const char* file, int line) {
  fail_assertion(condition, file, line);
}

}  // namespace quorate
