#include "env/posix/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace quorate::env {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
      return ErrorCode::kInvalid;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kIo;
  }
}

}  // namespace

Descriptor::~Descriptor() {
  if (valid()) {
    // Never taken up again: on Linux the number is free even when this is interrupted.
    ::close(number_);
  }
}

Error refused(std::string_view what, const std::string& path, int number) {
  return {code_of(number), "cannot " + std::string{what} + " " + path + ": " +
                               std::generic_category().message(number)};
}

Result<Descriptor> open_descriptor(const std::string& path, int flags, std::string_view what) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
  } while (number < 0 && errno == EINTR);
  if (number < 0) {
    return refused(what, path, errno);
  }
  return Descriptor{number};
}

}  // namespace quorate::env
