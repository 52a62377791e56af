#include "env/posix/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "env/posix/descriptor.h"

namespace quorate::env {
namespace {

// Parts that one system call takes; more are written by several.
constexpr std::size_t kMaxParts = 256;

// The parts that are still to be written, as the system wants them.
class Gathered {
 public:
  explicit Gathered(std::span<const std::string_view> parts) : rest_(parts) { fill(); }

  [[nodiscard]] bool empty() const { return first_ == count_; }
  [[nodiscard]] const iovec* data() const { return &vectors_[first_]; }
  [[nodiscard]] int count() const { return static_cast<int>(count_ - first_); }
  // So many bytes are written.
  void advance(std::size_t bytes) {
    while (first_ < count_ && bytes >= vectors_[first_].iov_len) {
      bytes -= vectors_[first_++].iov_len;
    }
    if (bytes > 0) {
      vectors_[first_].iov_base = static_cast<char*>(vectors_[first_].iov_base) + bytes;
      vectors_[first_].iov_len -= bytes;
    }
    if (first_ == count_) {
      fill();
    }
  }

 private:
  void fill() {
    first_ = count_ = 0;
    while (!rest_.empty() && count_ < kMaxParts) {
      if (!rest_.front().empty()) {
        vectors_[count_++] = {const_cast<char*>(rest_.front().data()), rest_.front().size()};
      }
      rest_ = rest_.subspan(1);
    }
  }

  std::span<const std::string_view> rest_;
  std::array<iovec, kMaxParts> vectors_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t count = ::pread(descriptor_.number(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return refused("read", path_, errno);
      }
      if (count == 0) {
        break;
      }
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<void> write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    Gathered left{parts};
    while (!left.empty()) {
      const ssize_t count =
          ::pwritev(descriptor_.number(), left.data(), left.count(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) {
        continue;
      }
      // Nothing written and nothing said: to go on could go on for ever.
      if (count <= 0) {
        return refused("write", path_, count < 0 ? errno : EIO);
      }
      offset += static_cast<std::uint64_t>(count);
      left.advance(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_.number()) != 0) {
      return refused("sync", path_, errno);
    }
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_.number(), &status) != 0) {
      return refused("look at", path_, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> resize(std::uint64_t size) override {
    int result = 0;
    do {
      result = ::ftruncate(descriptor_.number(), static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
      return refused("resize", path_, errno);
    }
    return {};
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

class PosixLock final : public Lock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

int flags_of(Open how) {
  switch (how) {
    case Open::kRead:
      return O_RDONLY;
    case Open::kWrite:
      return O_RDWR | O_NOFOLLOW;
    case Open::kCreate:
      return O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    case Open::kOverwrite:
      return O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW;
  }
  return O_RDONLY;
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Not every file system tells with the name what it names. A link to a directory is none.
bool is_directory(int parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) {
    return entry.d_type == DT_DIR;
  }
  struct stat status{};
  return ::fstatat(parent, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

Result<void> done_or_refused(int result, std::string_view what, const std::string& path) {
  if (result != 0) {
    return refused(what, path, errno);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const std::string& path, Open how) {
  const bool makes = how == Open::kCreate || how == Open::kOverwrite;
  auto descriptor = open_descriptor(path, flags_of(how), makes ? "make" : "open");
  if (!descriptor) {
    return descriptor.error();
  }
  return std::unique_ptr<File>{std::make_unique<PosixFile>(std::move(descriptor.value()), path)};
}

Result<std::vector<Entry>> PosixFiles::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), &::closedir};
  if (stream == nullptr) {
    return refused("list", directory, errno);
  }
  std::vector<Entry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name{entry->d_name};
    if (name != "." && name != "..") {
      entries.push_back({std::string{name}, is_directory(::dirfd(stream.get()), *entry)});
    }
    errno = 0;
  }
  if (errno != 0) {
    return refused("list", directory, errno);
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

bool PosixFiles::exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

Result<void> PosixFiles::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) {
    return {};
  }
  const int number = errno;
  if (number == EEXIST && is_directory(path)) {
    return {};
  }
  return refused("make the directory", path, number);
}

Result<void> PosixFiles::rename(const std::string& from, const std::string& to) {
  return done_or_refused(::rename(from.c_str(), to.c_str()), "rename", from + " to " + to);
}

Result<void> PosixFiles::remove(const std::string& path) {
  return done_or_refused(std::remove(path.c_str()), "remove", path);
}

Result<void> PosixFiles::link(const std::string& from, const std::string& to) {
  return done_or_refused(::link(from.c_str(), to.c_str()), "link", from + " to " + to);
}

Result<void> PosixFiles::sync_directory(const std::string& path) {
  const auto descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY, "open the directory");
  if (!descriptor) {
    return descriptor.error();
  }
  return done_or_refused(::fsync(descriptor.value().number()), "sync the directory", path);
}

Result<std::unique_ptr<Lock>> PosixFiles::lock(const std::string& path) {
  auto descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, "open the lock");
  if (!descriptor) {
    return descriptor.error();
  }
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor.value().number(), F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return invalid(path +
                     " is held by another process; a directory has one owner: stop that "
                     "process, or use another directory");
    }
    return refused("lock", path, errno);
  }
  return std::unique_ptr<Lock>{std::make_unique<PosixLock>(std::move(descriptor.value()))};
}

Result<std::uint64_t> PosixFiles::free_bytes(const std::string& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) {
    return refused("ask for the room at", path, errno);
  }
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace quorate::env
