#include "sim/env/fiber.h"

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

}  // namespace

// The stack, and what the sanitizers have to be told of a change of stacks.
struct Fiber::Machinery {
  char* memory = nullptr;
  std::size_t guard = 0;
  ucontext_t inside{};
  ucontext_t outside{};
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
    ::swapcontext(&outside, &inside);
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
    ::swapcontext(&inside, &outside);
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
  ::getcontext(&machinery_->inside);
  machinery_->inside.uc_stack.ss_sp = machinery_->memory + machinery_->guard;
  machinery_->inside.uc_stack.ss_size = kStack;
  machinery_->inside.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  ::makecontext(&machinery_->inside, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
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
