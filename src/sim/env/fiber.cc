#include "sim/env/fiber.h"

#include <csetjmp>

#include <cxxabi.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <new>

#include "base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUORATE_FIBER_CONTEXTS_ONLY
#endif

namespace quorate::simenv {

namespace {

constexpr std::size_t kStack = std::size_t{1} << 20U;

// The exceptions that are being thrown or handled. The runtime keeps them for each thread, and a
// fiber that pauses within a catch block must not leave its own to the others.
struct Exceptions {
  std::array<char, 16> state{};

  void exchange() {
    std::array<char, 16> mine{};
    void* globals = abi::__cxa_get_globals();
    std::memcpy(mine.data(), globals, mine.size());
    std::memcpy(globals, state.data(), state.size());
    state = mine;
  }
};

// Where somebody stands, to be returned to. A jump leaves the signal mask alone, which saves two
// system calls a switch, half of what a small simulation costs; the sanitizers would rather see
// contexts. A stack is entered by its context the first time either way.
#if defined(QUORATE_FIBER_CONTEXTS_ONLY)
class Place {
 public:
  static void leave_for(Place& from, Place& to) { ::swapcontext(&from.context_, &to.context_); }
  ucontext_t& context() { return context_; }

 private:
  ucontext_t context_{};
};
#else
class Place {
 public:
  [[gnu::noinline]] static void leave_for(Place& from, Place& to) {
    from.entered_ = true;
    if (_setjmp(from.registers_) == 0) {
      if (to.entered_) {
        _longjmp(to.registers_, 1);
      }
      ::setcontext(&to.context_);
    }
  }
  ucontext_t& context() { return context_; }

 private:
  ucontext_t context_{};
  std::jmp_buf registers_{};
  bool entered_ = false;
};
#endif

}  // namespace

// The stack, and what the sanitizers have to be told of a change of stacks.
struct Fiber::Machinery {
  char* memory = nullptr;
  std::size_t guard = 0;
  Place inside;
  Place outside;
  Exceptions exceptions;
#if defined(__SANITIZE_ADDRESS__)
  void* fake_inside = nullptr;
  void* fake_outside = nullptr;
  const void* outside_bottom = nullptr;
  std::size_t outside_size = 0;
#endif
#if defined(__SANITIZE_THREAD__)
  void* tsan_inside = __tsan_create_fiber(0);
  void* tsan_outside = nullptr;
#endif

  void into() {
    exceptions.exchange();
#if defined(__SANITIZE_THREAD__)
    tsan_outside = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_inside, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_outside, memory + guard, kStack);
#endif
    Place::leave_for(outside, inside);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_outside, nullptr, nullptr);
#endif
  }
  void arrived_inside() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_inside, &outside_bottom, &outside_size);
#endif
  }
  void out() {
    exceptions.exchange();
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(tsan_outside, 0);
#endif
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_inside, outside_bottom, outside_size);
#endif
    Place::leave_for(inside, outside);
    arrived_inside();
  }
};

Fiber::Fiber() : machinery_(std::make_unique<Machinery>()) {
  machinery_->guard = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, kStack + machinery_->guard, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw std::bad_alloc{};
  }
  machinery_->memory = static_cast<char*>(memory);
  ::mprotect(memory, machinery_->guard, PROT_NONE);  // An overflow is a fault, not a riddle.
  ucontext_t& context = machinery_->inside.context();
  ::getcontext(&context);
  context.uc_stack.ss_sp = machinery_->memory + machinery_->guard;
  context.uc_stack.ss_size = kStack;
  context.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&context, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                static_cast<unsigned>(self >> 32U), static_cast<unsigned>(self));
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(machinery_->tsan_inside);
#endif
  ::munmap(machinery_->memory, kStack + machinery_->guard);
}

void Fiber::enter(unsigned high, unsigned low) {
  const std::uintptr_t self = (static_cast<std::uintptr_t>(high) << 32U) | low;
  reinterpret_cast<Fiber*>(self)->run();
}

void Fiber::run() {
  machinery_->arrived_inside();
  while (true) {
    body_();
    body_ = nullptr;
    machinery_->out();
  }
}

void Fiber::start(std::function<void()> body) {
  QUORATE_ASSERT(idle());
  body_ = std::move(body);
}

void Fiber::resume() {
  QUORATE_ASSERT(!idle());
  machinery_->into();
}

void Fiber::pause() { machinery_->out(); }

}  // namespace quorate::simenv
