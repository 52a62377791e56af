// A node's directory: who it belongs to, and that nobody else is in it.
//
//     DIR/           mode 0700
//       identity     cluster, node and incarnation, in text, with a checksum
//       lock         held while a process uses the directory
//       log/         segments (wal.h)
//       snapshots/   folders of snapshots (snapshots.h)
//
// An empty directory starts nothing: create() is a decision of somebody's, open() never makes one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "env/files.h"
#include "wal/format.h"

namespace quorate::wal {

class Directory {
 public:
  // Makes the directory (its parent must exist) with a log that holds nothing, all of it durable
  // on return, and holds it. Refused (kInvalid) where there is anything already, but for what a
  // creation that was broken off has left. The incarnation is drawn at random by the caller.
  static Result<Directory> create(env::Files& files, const std::string& path,
                                  const Identity& identity, std::uint32_t segment_bytes);
  // Takes hold of a directory. Refused, and nothing changed: where none was created (kNotFound),
  // where another process holds it, where it belongs to another cluster or node (kInvalid), where
  // the identity cannot be read (kCorrupt).
  static Result<Directory> open(env::Files& files, const std::string& path, ClusterId cluster,
                                NodeId node);
  // Only looks: whoever it belongs to, and whether or not a process holds it.
  static Result<Identity> read_identity(env::Files& files, const std::string& path);
  static std::string log_of(const std::string& path) { return env::join(path, "log"); }
  static std::string snapshots_of(const std::string& path) { return env::join(path, "snapshots"); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string log() const { return log_of(path_); }
  [[nodiscard]] std::string snapshots() const { return snapshots_of(path_); }
  [[nodiscard]] const Identity& identity() const { return identity_; }

 private:
  Directory(std::string path, const Identity& identity, std::unique_ptr<env::Lock> lock)
      : path_(std::move(path)), identity_(identity), lock_(std::move(lock)) {}

  std::string path_;
  Identity identity_;
  std::unique_ptr<env::Lock> lock_;
};

}  // namespace quorate::wal
