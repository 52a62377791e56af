// Result<T>: a value, or an Error that says what happened to which thing and what to do about it.
//
// For everything that disks, peers, clients and callers may do wrong. Our own bugs are assertions.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace quorate {

enum class ErrorCode {
  kInvalid,    // the input cannot be right; the message names the field and why
  kNotFound,   // the thing named does not exist
  kCorrupt,    // bytes that were right once are not any more
  kExhausted,  // a bound was reached: memory, disk, queue
  kIo,         // the operating system refused
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
};

[[gnu::cold]] inline Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message)};
}
[[gnu::cold]] inline Error corrupt(std::string message) {
  return Error{ErrorCode::kCorrupt, std::move(message)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  // Asking a failed result for its value, or a good one for its error, is a bug of ours.
  T& value() {
    QUORATE_ASSERT(ok(), error().message);
    return *std::get_if<T>(&state_);
  }
  const T& value() const {
    QUORATE_ASSERT(ok(), error().message);
    return *std::get_if<T>(&state_);
  }
  [[nodiscard]] const Error& error() const {
    QUORATE_ASSERT(!ok());
    return *std::get_if<Error>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() : error_(std::nullopt) {}
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    QUORATE_ASSERT(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace quorate
