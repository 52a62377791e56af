// Files and directories: the seam to the disk. env/posix has the real ones, the simulator others
// that crash, tear, rot, fill up and hang.
//
// Every call blocks until it is done, so it belongs on a lane that may wait (the log's, the state
// machine's), never on a loop. Any lane may call, each File from one lane at a time unless it says
// otherwise. Errors name the path and what the system said: kIo in general, kExhausted where there
// is no room, kNotFound where the name does not exist, kInvalid where it exists and must not or is
// held by somebody else.
//
// What is durable, and when:
//   - the content of a file: what was written before a sync() that succeeded. Of what was written
//     after it, a crash keeps any part, in units of 512 bytes.
//   - a name (created, renamed or removed): when sync_directory() of its directory succeeded.
//   - after a sync that failed nothing is known, and nothing may be tried again: the kernel may
//     have thrown away what it could not write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quorate::env {

class File {
 public:
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  // Closes it; syncs nothing.
  virtual ~File() = default;

  // Fills `into` from `offset` on; less only where the file ends. Any number of lanes may read at
  // once, also while one writes elsewhere in the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) = 0;
  // Writes the parts one behind the other from `offset` on, all of them or an error. The file grows
  // where it must.
  virtual Result<void> write(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  // What was written is durable, and as much of the metadata as reading it back needs.
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Result<void> resize(std::uint64_t size) = 0;

  Result<void> write(std::uint64_t offset, std::string_view bytes) {
    return write(offset, std::span{&bytes, 1});
  }
};

// Held as long as it lives; of the process, so that it is gone with it.
class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  virtual ~Lock() = default;
};

enum class Open : std::uint8_t {
  kRead,       // exists, only read
  kWrite,      // exists, read and written
  kCreate,     // is made, readable by its owner alone (0600); exists already: kInvalid
  kOverwrite,  // is made, or emptied where it exists
};

struct Entry {
  std::string name;
  bool directory = false;
};

class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open how) = 0;
  // In the order of names, without `.` and `..`.
  virtual Result<std::vector<Entry>> list(const std::string& directory) = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) = 0;
  // Made with mode 0700. Its parent must exist; itself it may exist already.
  virtual Result<void> make_directory(const std::string& path) = 0;
  // Replaces `to` where that is a file.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // A file, or an empty directory.
  virtual Result<void> remove(const std::string& path) = 0;
  // A second name for a file (a snapshot of hard links); both in the same file system.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Makes the file if need be, and holds it. kInvalid when another process (or another owner in
  // this one) does.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& path) = 0;
  // How much more may be written there.
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
};

// `directory/name`.
std::string join(std::string_view directory, std::string_view name);
// Removes a directory and all that is in it. What does not exist is removed already.
Result<void> remove_all(Files& files, const std::string& path);
// All of a file that must not be larger than `limit`.
Result<std::string> read_all(Files& files, const std::string& path, std::uint64_t limit);
// The file, made if need be, holds these bytes and nothing else; they are durable, its name is not
// yet.
Result<void> write_all(Files& files, const std::string& path, std::string_view bytes);
// The same at once: after a crash the file holds what it held, or these bytes. Durable on return.
Result<void> replace(Files& files, const std::string& path, std::string_view bytes);

}  // namespace quorate::env
