// Assertions: for our own bugs alone, and on in every build.
//
// What a disk, a peer or a client does wrong is a Result (result.h). What can only be wrong because
// this program is wrong is an assertion: it throws, and the loop or the ABI that called the core
// catches it, stops using the node and reports. Nothing in between may catch it.
#pragma once

#include <stdexcept>
#include <string>

namespace quorate {

// Thrown by QUORATE_ASSERT. what() names the condition, the place and, where given, the values.
class AssertionFailed : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn, gnu::cold]] void fail_assertion(const char* condition, const char* file, int line,
                                            const std::string& detail = {});

// Out of the way of the code that asserts: what builds the detail is not part of it.
template <class Detail>
[[noreturn, gnu::cold, gnu::noinline]] void fail_with_detail(const char* condition,
                                                             const char* file, int line,
                                                             const Detail& detail) {
  fail_assertion(condition, file, line, detail());
}
[[noreturn, gnu::cold]] void fail_with_detail(const char* condition, const char* file, int line);

// Says to the reader that both outcomes are legal here and were thought of. Costs nothing.
constexpr void maybe(bool /*either*/) {}

}  // namespace quorate

// An optional second argument is a std::string that is built only when the condition fails.
#define QUORATE_ASSERT(condition, ...)                                                            \
  do {                                                                                            \
    if (!(condition)) [[unlikely]] {                                                              \
      ::quorate::fail_with_detail(                                                                \
          #condition, __FILE__, __LINE__ __VA_OPT__(, [&] { return std::string{__VA_ARGS__}; })); \
    }                                                                                             \
  } while (false)
