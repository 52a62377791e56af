// SimulatedDisk: env::Files that crash, tear, rot, fill up and fail, all drawn from one seed.
//
// It is used alone, on one thread, by tests of what writes files:
//
//   SimulatedDisk disk{seed};
//   write_things(disk.files());
//   disk.crash(Survival::kAny);          // what was open is dead; disk.files() goes on
//   recover(disk.files());
//
// and below each machine of a simulated world (world.h), which lets every call take its time.
//
// What is durable, and when, is what env/files.h says, at its worst: sync() makes a file's content
// durable but not its name, sync_directory() the names of one directory but no content, and of all
// else a power loss leaves what Survival says. Names keep the order that they have among
// themselves: a change of a name survives only with those before it at the same name; a rename is
// one change.
//
// Operations are the calls that change the disk or make a change durable: write, sync, resize, an
// open that creates or empties, make_directory, rename, remove, link, sync_directory, and a lock
// that makes its file. They are numbered from 1, failed ones too, so that a test can crash before
// or after each of them in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fingerprint.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "env/files.h"
#include "sim/env/latency.h"
#include "sim/env/survival.h"
#include "sim/env/tree.h"

namespace quorate::simenv {

enum class Call : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kResize,
  kList,
  kMakeDirectory,
  kRename,
  kRemove,
  kLink,
  kSyncDirectory,
  kLock,
};
std::string_view name_of(Call call);

// Thrown out of the call at which a crash point lies, so that nothing after it happens. It is no
// std::exception: nobody but the one who asked for the crash may catch it. While it unwinds, every
// other call on the disk fails. A call made by a destructor cannot throw; nothing should make one.
struct PowerCut {
  std::uint64_t operation = 0;
  std::string what;  // "before operation 17: rename /a"
};

// Calls that fail: the `skip`+1st to the `skip`+`times`th whose path contains `path`.
struct DiskFault {
  Call call = Call::kWrite;
  std::string path = {};
  ErrorCode code = ErrorCode::kIo;
  std::uint32_t skip = 0;
  std::uint32_t times = 1;
};

// How long calls take, and how often they fail by themselves (in a million).
struct DiskClimate {
  Latency read{Duration{20}, Duration{120}, 200};
  Latency write{Duration{2}, Duration{15}, 500};
  Latency sync{Duration{200}, Duration{1500}, 200};
  Latency name{Duration{3}, Duration{30}, 500};
  std::uint64_t bytes_per_us = 500;  // of reads, and of syncs for what they have to write
  std::uint32_t slowness = 1;        // times as long as that
  std::uint32_t read_errors = 0;
  std::uint32_t write_errors = 0;
  std::uint32_t sync_errors = 0;
};

enum class Rot : std::uint8_t {
  kBit,     // one bit is flipped
  kSector,  // the 512 bytes around are zero
  kPage,    // the 4 KiB around are zero
};

class DiskFiles;

// The machine that the disk is in.
class DiskHost {
 public:
  DiskHost() = default;
  DiskHost(const DiskHost&) = delete;
  DiskHost& operator=(const DiskHost&) = delete;
  virtual ~DiskHost() = default;
  // The caller is kept for so long, or longer where the disk hangs.
  virtual void busy(Duration duration) = 0;
  // A crash point was reached: the machine is off, now. False where PowerCut must not be thrown
  // through what runs; then the call fails instead.
  virtual bool power_cut(const PowerCut& cut) = 0;
};

class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed, DiskHost* host = nullptr);
  ~SimulatedDisk();

  // The same one for ever. What was opened or locked through it is dead after a crash.
  env::Files& files();
  DiskClimate& climate() { return climate_; }

  // ---- Crashes

  // Power loss, and power again: what is not durable goes as `survival` says; the rest is what
  // files() shows from now on.
  void crash(Survival survival = Survival::kAny);
  // The process ends, the machine does not: all that was written is there, and as little of it
  // durable as before.
  void kill();
  // From now on every call fails, until crash() or kill().
  void power_off() { on_ = false; }
  // At the operation of this number (counted from the beginning) PowerCut is thrown, before
  // anything of it is done, or when all of it is. One at a time; 0: none.
  void crash_before(std::uint64_t operation) { set_crash_point(operation, true); }
  void crash_after(std::uint64_t operation) { set_crash_point(operation, false); }
  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  // How many crash points were reached.
  [[nodiscard]] std::uint64_t cuts() const { return cuts_; }
  // From now on crashes draw from this seed what survives; all else goes as it did.
  void reseed_survival(std::uint64_t seed) { fates_ = Random{seed}; }
  // The last of them, for people: "rename /a".
  [[nodiscard]] std::string last_operation() const;

  // ---- Faults

  void inject(DiskFault fault) { faults_.push_back(std::move(fault)); }
  void clear_faults() { faults_.clear(); }
  // No more than this many bytes, whole blocks of 4 KiB counted; kExhausted then. 0: no bound.
  void set_quota(std::uint64_t bytes) { quota_ = bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const { return tree_.used_bytes(); }
  // The next write to a path that contains `path` lands elsewhere: in file `to` (empty: the same),
  // shifted by `by` bytes. It answers as if all were well.
  void misdirect(std::string path, std::string to, std::int64_t by);
  // The durable bytes at `offset` rot. False where there is no such byte.
  bool rot(const std::string& path, std::uint64_t offset, Rot rot);
  struct Rotten {
    std::string path;
    std::uint64_t offset = 0;
    Rot rot = Rot::kBit;
  };
  // Somewhere in the files whose path contains `path`; nothing where they hold no byte.
  std::optional<Rotten> rot_somewhere(const std::string& path = {});
  // The name is gone, durably, as if it had never been.
  bool lose(const std::string& path);
  // Everything is gone.
  void wipe();
  // Everything is as it is seen on the other disk, durably: a backup put back, or swapped disks.
  void copy_from(const SimulatedDisk& other);

  // The paths of all files, in order.
  [[nodiscard]] std::vector<std::string> paths() const { return tree_.files(); }
  // Stands for every call so far, with its outcome.
  [[nodiscard]] std::uint64_t hash() const { return hash_.value(); }

 private:
  friend class DiskFiles;  // Its calls are these:

  [[nodiscard]] Result<Tree::Place> find(const std::string& path) const;
  // A call that changes nothing.
  Result<void> glance(Call call, const std::string& path);
  Result<std::size_t> read(const std::string& path, const Inode& inode, std::uint64_t offset,
                           std::span<std::byte> into);
  Result<void> write(const std::string& path, Inode& inode, std::uint64_t offset,
                     std::span<const std::string_view> parts);
  Result<void> sync(const std::string& path, Inode& inode);
  Result<void> resize(const std::string& path, Inode& inode, std::uint64_t size);
  Result<void> change_names(Call call, const std::string& path, std::vector<Tree::Change> changes);
  Result<void> sync_names(const std::string& path, const InodePtr& directory);
  [[nodiscard]] std::uint64_t free_bytes() const;

  // The start of each call: fails where the disk is off or a fault strikes.
  Result<void> begin(Call call, const std::string& path);
  // The start of an operation; gives its number.
  Result<std::uint64_t> begin_operation(Call call, const std::string& path);
  // What it does is done.
  void finish(std::uint64_t operation);
  // Keeps the caller for as long as the call takes.
  void wait(Call call, std::uint64_t bytes = 0);
  void note(Call call, const std::string& path, std::uint64_t detail);

  void set_crash_point(std::uint64_t operation, bool before) {
    crash_point_ = operation;
    crash_before_ = before;
  }
  void cut(bool before);
  void restart();
  [[nodiscard]] std::optional<ErrorCode> struck(Call call, const std::string& path);
  [[nodiscard]] bool fits(const Content& content, std::uint64_t size) const;

  // Where a write goes that was meant for here.
  struct Target {
    Inode* inode = nullptr;
    std::uint64_t offset = 0;
  };
  Target direct(const std::string& path, Inode& inode, std::uint64_t offset);
  struct Misdirection {
    std::string path;
    std::string to;
    std::int64_t by = 0;
  };

  DiskHost* host_;
  DiskClimate climate_;
  Random latencies_;
  Random failures_;
  Random fates_;
  Random rotting_;
  Tree tree_;
  std::unique_ptr<DiskFiles> files_;
  bool on_ = true;
  std::uint64_t boot_ = 1;
  std::uint64_t operations_ = 0;
  std::uint64_t crash_point_ = 0;
  std::uint64_t cuts_ = 0;
  bool crash_before_ = true;
  Call last_call_ = Call::kOpen;
  std::string last_path_;
  std::vector<DiskFault> faults_;
  std::vector<Misdirection> misdirections_;
  std::uint64_t quota_ = 0;
  Fingerprint hash_;
};

}  // namespace quorate::simenv
