// Wal: the log of a node, of all its groups in one.
//
// What a core asks its disk for (Persist) is a Write; writes that are handed over together are one
// batch, written with one call, and one sync() makes durable all that was written before it. Open
// it, ask for what each group holds (recover), and drive it:
//
//   - From one lane, the writer's: write, sync, close_window, repair, settle. They block.
//   - From any lane, also while the writer writes: read, recover, tend, wants_tending.
//
// A batch is whole or not there. After a crash the log holds everything that was synced, and
// perhaps some of what was written after that, in order and without a gap.
//
// Failures. No room (kExhausted) changes nothing: the same call may be tried again when there is
// some. Anything else that goes wrong while writing or syncing is final: what the disk holds is
// not known any more, and every later call of the writer's answers with that error. Open it anew
// (in a new process, best) to find out.
//
// Rot. What was durable and is broken is never taken for a torn tail, and never makes open() fail
// where a peer can help: it is told as Lost (repair() takes exactly those bytes from any peer) or
// Unknown (rule 12; settle() when it was dealt with). Lost hard state is an error: a wiped disk.
// The one window: a batch after which nothing was ever written may be taken for torn; an idle
// writer calls close_window() so that there is none.
//
// Disk space. Segments of a fixed size are recycled once nothing in them is needed. Each begins
// with the state of all groups, so that those before it can go. A group whose old entries keep the
// oldest segment alive has them written anew, when more than `max_segments` are kept by it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "env/files.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"
#include "wal/batch.h"
#include "wal/damage.h"
#include "wal/directory.h"
#include "wal/groups.h"
#include "wal/recovery.h"
#include "wal/segment.h"

namespace quorate::wal {

struct Options {
  // Of a new segment; one that must hold a larger batch is larger. A multiple of 4096.
  std::uint32_t segment_bytes = 64U << 20U;
  // Beyond so many, what is still needed of the oldest is written anew, as long as no more than
  // half of all that was ever written into them is.
  std::uint32_t max_segments = 16;
  // Written segments that are kept for their next use.
  std::uint32_t spare_segments = 2;
  // How much is written anew at a time, at most: at each sync().
  std::uint64_t rewrite_bytes = 1U << 20U;
};

// What one group wants durable, in this order, as one. Mirrors the core's Persist.
struct Write {
  GroupId group;
  std::optional<HardState> hard_state;
  std::optional<SnapshotMeta> install;   // the log is empty, and begins after it
  std::optional<SnapshotMeta> snapshot;  // the record only
  // Whatever the log held from the first of them on is replaced. They must live until write()
  // returns.
  std::span<const Entry> entries;
  std::optional<Index> compact;  // entries up to here are not needed any more
  bool forget = false;           // the group is gone, and with it all the log holds of it
};

struct ConfigurationFound {
  Index index;
  Configuration configuration;

  friend bool operator==(const ConfigurationFound&, const ConfigurationFound&) = default;
};

// What the log holds of a group.
struct Recovered {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;            // the newest record, installed or taken
  LogPosition base;                                // the log begins after it
  Index last;                                      // and ends here
  std::vector<TermRun> runs;                       // of what is in between, rising
  std::vector<ConfigurationFound> configurations;  // after the snapshot, rising; none that is lost
  std::vector<Entry> tail;  // the newest entries, up to `last`, none of them lost
};

struct Outline {
  HardState hard_state;
  std::optional<SnapshotMeta> snapshot;
  LogPosition base;
  Index last;
  std::vector<Configuration> configurations;  // that of the snapshot, and all that are not lost
};

struct Read {
  std::vector<Entry> entries;  // consecutive, from the first that was asked for
  std::optional<Lost> lost;    // the next one is rotten
};

class Wal;
struct Opened {
  std::unique_ptr<Wal> wal;
  std::vector<GroupId> groups;   // rising
  std::vector<Lost> lost;        // entries that are needed and rotten
  std::vector<Unknown> unknown;  // rule 12 applies to every group
  std::vector<Scar> scars;       // harmless, and mended
  std::optional<TornTail> torn;  // cut off
};

class Wal {
 public:
  // Everything that it holds is durable on return, and the directory is this log's until it is
  // destroyed; `files` must outlive it. Errors change nothing on disk: see Recovery::read.
  static Result<Opened> open(env::Files& files, Directory directory, const Options& options);
  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // ---- The writer's lane

  // One batch; not durable yet. That entries follow what the log holds is the caller's to see to
  // (an assertion). May begin a new segment, which waits for the disk.
  Result<void> write(std::span<const Write> writes);
  // What was written is durable. Nothing to do when it is already.
  Result<void> sync();
  // For a writer that has nothing to write for a moment: syncs, and writes down that it has, so
  // that rot in the last batch can be told from a torn tail. Nothing to do the second time.
  Result<void> close_window();
  [[nodiscard]] bool window_open() const { return window_open_; }
  [[nodiscard]] bool synced() const { return synced_ + 1 == tip_.sequence; }

  // Takes a peer's copy of a lost entry. kInvalid when it is not exactly what was lost, or nothing
  // is lost there. Durable after the next sync().
  Result<void> repair(GroupId group, const Entry& entry);
  // Entries from `first` on are gone, lost ones among them. Durable after the next sync().
  Result<void> cut(GroupId group, Index first);
  // The batches that are Unknown need not be told of again. Durable after the next sync().
  Result<void> settle();

  // ---- Any lane

  // Entries from `first` to `last`, as many as `max_bytes` hold (by Entry::cost) but at least one.
  // Of what was written, and was not replaced or compacted meanwhile: else kNotFound.
  Result<Read> read(GroupId group, Index first, Index last, std::uint64_t max_bytes);
  // kNotFound when the log knows nothing of the group. Fails where a configuration is lost (repair
  // it first) or a file cannot be read.
  Result<Recovered> recover(GroupId group, std::uint64_t tail_bytes);

  // What can be said of a group without its entries. kNotFound when the log knows nothing of it.
  Result<Outline> outline(GroupId group);
  // Of an entry whose place the log knows, lost or not, and of the position it begins after.
  [[nodiscard]] std::optional<Term> term_at(GroupId group, Index index) const;

  // There is work that the writer would otherwise have to wait for: a segment to be made ready, or
  // old ones to be put aside. tend() does it; one lane at a time.
  [[nodiscard]] bool wants_tending() const;
  Result<void> tend();

  [[nodiscard]] const Directory& directory() const { return directory_; }
  // How many segments are part of the log.
  [[nodiscard]] std::size_t segments() const;

 private:
  using SegmentPointer = std::shared_ptr<Segment>;
  // A part of an extent that is to be read, its segment held.
  struct Piece {
    GroupId group;
    Extent extent;
    SegmentPointer segment;
  };
  // Keeps the segments of its pieces from being recycled.
  class Pinned;

  Wal(env::Files& files, Directory directory, const Options& options)
      : files_(files), directory_(std::move(directory)), options_(options) {}

  // The newest record about a group in the batch that is gathered.
  struct Pending {
    std::uint64_t attempt = 0;
    std::size_t record = 0;
  };
  struct Spare {
    std::string path;
    std::uint32_t size = 0;
  };

  // wal.cc
  Result<void> find_spares();
  void add(const Write& write);
  void note_pending(GroupId id, std::size_t from);
  [[nodiscard]] std::optional<Term> term_before(GroupId id, Index first) const;
  Result<void> commit();
  [[nodiscard]] Head next_head() const;
  void advance(const Batch& batch);
  Result<void> fail(Error error);
  Result<void> sync_segment();

  // roll.cc: from one segment to the next
  Result<void> roll(std::uint64_t room);
  void add_checkpoint(Batch& batch) const;
  Result<Spare> take_spare(std::uint32_t size);
  Result<Spare> make_spare(std::uint32_t size);
  bool begin_tending();
  void end_tending();
  void retire();
  Result<void> put_aside();
  void rewrite_oldest();
  Result<bool> rewrite_some(const SegmentPointer& oldest, GroupId id, std::uint64_t& budget);

  // read.cc
  Result<void> read_piece(const Piece& piece, std::uint64_t& budget, Read& into);
  Result<void> read_with_care(const Piece& piece, std::uint64_t& budget, Read& into);
  Result<Configuration> configuration_at(GroupId id, Index index);
  Result<void> add_tail(GroupId id, const std::vector<Extent>& extents, std::uint64_t bytes,
                        std::vector<Entry>& tail);
  Result<std::vector<Entry>> read_after_loss(GroupId id, Index first, Index last, bool& gap);

  env::Files& files_;
  Directory directory_;
  Options options_;

  // The writer's own.
  std::optional<Error> failed_;
  Batch batch_;
  std::uint64_t attempt_ = 0;  // numbers what is gathered in batch_
  std::map<GroupId, Pending> pending_;
  Tip tip_;
  std::uint32_t boot_ = 1;
  std::uint64_t synced_ = 0;
  bool window_open_ = false;
  std::vector<GroupId> to_rewrite_;   // groups that may need something of the oldest segment
  std::uint32_t cannot_rewrite_ = 0;  // a segment with rotten entries that are still needed

  // Shared; the mutex is never held while a file is used.
  mutable std::mutex mutex_;
  Groups groups_;                                     // written by the writer alone
  std::map<std::uint32_t, SegmentPointer> segments_;  // written by the writer alone
  std::vector<SegmentPointer> retired_;               // not part of the log any more, in order
  std::vector<std::string> spares_;                   // of segment_bytes
  std::uint32_t next_spare_ = 1;                      // numbers names
  bool tending_ = false;
};

}  // namespace quorate::wal
