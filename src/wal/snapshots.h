// Snapshots: folders of files that a state machine fills, one for each group and position.
//
//     DIR/snapshots/7/300-4/            of group 7, at index 300 of term 4
//       manifest                        what is in it, see below
//       files/...                       the state machine's, one level, names of its own
//     DIR/snapshots/7/staging-300-4/    the same in the making: taken here
//     DIR/snapshots/7/arriving-300-4/   on its way from a peer
//
// A snapshot is made aside. When it is whole, each of its files is synced and their sizes and
// checksums stand in the manifest, it is renamed to its name; so what has the name is whole. What
// the log says of a snapshot is written after that. Staging folders, and snapshots that no log
// knows, are removed when the node starts (sweep).
//
// The manifest is text, with a checksum:
//
//     quorate snapshot, version 1
//     group 7
//     meta 01ac02...                    the SnapshotMeta in hex, as wire has it
//     file 1048576 9f3c... name         size, XXH3 in hex
//     checksum 1234...
//
// Nothing of a file is ever in memory but a piece. All calls block and belong on a lane that may
// wait. For one group one lane may take snapshots (begin), while another receives, seals and
// removes them, and others read; a name that is being read may go, which is an error like any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "model/configuration.h"
#include "quorate/types.h"

namespace quorate::wal {

struct SnapshotFile {
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;

  friend bool operator==(const SnapshotFile&, const SnapshotFile&) = default;
};

// What a snapshot is, file by file; rising by name.
struct Manifest {
  GroupId group;
  SnapshotMeta meta;
  std::vector<SnapshotFile> files;

  [[nodiscard]] std::string encode() const;
  // Refuses what is damaged (kCorrupt) and names that lead elsewhere (kInvalid): it may come from
  // a peer.
  static Result<Manifest> decode(std::string_view text);
  [[nodiscard]] std::uint64_t bytes() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// A snapshot on its way from a peer, kept in a folder aside across restarts of the transfer.
class Incoming {
 public:
  // How much of that file is here; chunks go on from there.
  [[nodiscard]] std::uint64_t received(std::size_t file) const { return received_[file]; }
  // The next bytes of the file, at what received() says: others are refused (kInvalid), as is more
  // than the manifest allows.
  Result<void> write(std::size_t file, std::uint64_t offset, std::string_view bytes);
  [[nodiscard]] bool complete() const;
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }

 private:
  friend class Snapshots;
  Incoming(env::Files& files, std::string folder, Manifest manifest)
      : files_(&files), folder_(std::move(folder)), manifest_(std::move(manifest)) {}

  env::Files* files_;
  std::string folder_;
  Manifest manifest_;
  std::vector<std::uint64_t> received_;
  std::unique_ptr<env::File> open_;  // the file that is being received
  std::size_t open_number_ = 0;
};

class Snapshots {
 public:
  Snapshots(env::Files& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // ---- Taking one

  // An empty folder for the state machine's files. What an earlier attempt left is removed.
  Result<std::string> begin(GroupId group, const LogPosition& last);
  // The folder is filled: from now on it is a snapshot, durable. Then comes its record in the log.
  Result<Manifest> seal(GroupId group, const SnapshotMeta& meta);

  // ---- Receiving one

  // Goes on where an earlier attempt with the same manifest ended, else begins anew.
  Result<Incoming> receive(const Manifest& manifest);
  // All has come: checks every file against the manifest, and makes it a snapshot like any other.
  // kCorrupt where a file rotted on its way: then that folder is gone, and nothing else has
  // changed.
  Result<void> seal(Incoming incoming);

  // ---- Those that are there

  // Rising by index.
  Result<std::vector<LogPosition>> list(GroupId group);
  Result<Manifest> manifest(GroupId group, const LogPosition& last);
  // Reads all of it; kCorrupt names the first file that is not what was written.
  Result<Manifest> verify(GroupId group, const LogPosition& last);
  // Where its files are; for the state machine to restore from, once verified.
  [[nodiscard]] std::string files_of(GroupId group, const LogPosition& last) const;
  // A piece of a file, for sending.
  Result<std::string> read(GroupId group, const LogPosition& last, const std::string& name,
                           std::uint64_t offset, std::size_t size);
  // Durable on return. What is not there is removed already.
  Result<void> remove(GroupId group, const LogPosition& last);

  // Keeps, of each group, the snapshot that its log names (if any), and removes all else: staging
  // folders, snapshots that were never recorded or are superseded, groups that are not named.
  // Returns what was removed.
  Result<std::vector<std::string>> sweep(const std::map<GroupId, LogPosition>& recorded);

 private:
  [[nodiscard]] std::string folder_of(GroupId group) const;
  [[nodiscard]] std::string path_of(GroupId group, const LogPosition& last) const;
  [[nodiscard]] std::string staging_of(GroupId group, const LogPosition& last) const;
  [[nodiscard]] std::string arriving_of(GroupId group, const LogPosition& last) const;
  Result<std::string> empty_folder(GroupId group, const std::string& path);
  Result<void> finish(const Manifest& manifest, const std::string& staging);
  Result<void> check_files(const Manifest& manifest, const std::string& folder);

  env::Files& files_;
  std::string directory_;
};

}  // namespace quorate::wal
