#include "env/posix/env.h"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "env/posix/clock.h"
#include "env/posix/lane.h"

namespace quorate::env {

Instant PosixEnv::now() { return read_clock(); }

std::uint64_t PosixEnv::random() {
  std::uint64_t number = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&number, sizeof number, 0);
  } while (got < 0 && errno == EINTR);
  QUORATE_ASSERT(got == sizeof number);
  return number;
}

std::unique_ptr<Lane> PosixEnv::start_lane(const std::string& name, Lane::Work work) {
  return start_posix_lane(name, std::move(work));
}

}  // namespace quorate::env
