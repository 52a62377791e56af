// Task<T>: a coroutine that gives a T. What a scenario is made of.
//
// It does nothing until it is awaited or started. Awaited, it runs as part of the awaiting
// coroutine; started, it runs beside it and may be awaited later. What it throws reaches whoever
// awaits it. Destroying a Task destroys its frame, and so everything that it awaits, wherever it
// stands.
//
// GCC 12 miscompiles temporaries with destructors that live across a co_await, so parameters of
// scenario coroutines are plain values (numbers, Command) or references to what outlives the
// scenario, and `co_await f(x)` stands alone in its statement or its initializer.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace quorate::lab {

namespace detail {

// What all promises share: whoever waits, and what was thrown.
class PromiseBase {
 public:
  struct Final {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept {
      return done.promise().awaiting_;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() { thrown_ = std::current_exception(); }

  // True the first time: the caller must resume it.
  bool first_start() { return !std::exchange(started_, true); }
  void set_awaiting(std::coroutine_handle<> who) { awaiting_ = who; }
  void rethrow() const {
    if (thrown_) {
      std::rethrow_exception(thrown_);
    }
  }

 private:
  std::coroutine_handle<> awaiting_ = std::noop_coroutine();
  std::exception_ptr thrown_;
  bool started_ = false;
};

template <class T>
class Promise;

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;  // NOLINT(readability-identifier-naming)
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

  // Runs it until it first waits for something.
  void start() {
    if (handle_.promise().first_start()) {
      handle_.resume();
    }
  }
  [[nodiscard]] bool done() const { return handle_.done(); }
  // What it gave, or threw; only when done.
  T result() const {
    QUORATE_ASSERT(done());
    return handle_.promise().take();
  }

  // The awaiting side.
  [[nodiscard]] bool await_ready() const { return handle_.done(); }
  // False where the task is done without having waited for anything: then nobody is resumed, and a
  // loop over many such tasks needs no stack.
  bool await_suspend(std::coroutine_handle<> awaiting) {
    start();
    if (handle_.done()) {
      return false;
    }
    handle_.promise().set_awaiting(awaiting);
    return true;
  }
  T await_resume() const { return result(); }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() {
    return Task<T>{std::coroutine_handle<Promise>::from_promise(*this)};
  }
  void return_value(T value) { value_ = std::move(value); }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

inline Task<void> Promise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<Promise>::from_promise(*this)};
}

}  // namespace detail

// Several tasks side by side.
class Crew {
 public:
  void start(Task<> task) {
    task.start();
    tasks_.push_back(std::move(task));
  }
  // Done when all of them are; throws what the first of them (in order of starting) threw.
  Task<> all() {
    for (Task<>& task : tasks_) {
      co_await task;
    }
  }

 private:
  std::vector<Task<>> tasks_;
};

}  // namespace quorate::lab
