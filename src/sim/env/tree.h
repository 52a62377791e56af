// Tree: the names on a simulated disk, as lookups see them, and what it takes to undo each change
// of a name whose directory was not synced since.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sim/env/content.h"
#include "sim/env/survival.h"

namespace quorate::simenv {

// A file or a directory, whatever it is called.
struct Inode {
  std::uint64_t number = 0;
  bool directory = false;
  bool locked = false;
  Content content;                                      // of a file
  std::map<std::string, std::shared_ptr<Inode>> names;  // in a directory
};
using InodePtr = std::shared_ptr<Inode>;

class Tree {
 public:
  Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  // Where a path leads: the directory of its last name, that name, and what it names, if anything.
  // The root has no directory.
  struct Place {
    InodePtr directory;
    std::string name;
    InodePtr inode;
  };
  // kNotFound when a directory on the way is missing; kInvalid when one is a file, or is `..`.
  [[nodiscard]] Result<Place> find(const std::string& path) const;

  InodePtr make(bool directory);
  // Changes of names that a crash keeps or loses together: `to` becomes what `place` names, nothing
  // being its removal.
  struct Change {
    Place place;
    InodePtr to;
  };
  void change(std::uint64_t operation, std::vector<Change> changes);
  // All changes in this directory by operations before `end` are durable, with those that came
  // before them at the same names.
  void sync(const InodePtr& directory, std::uint64_t end);
  // A sync that failed: no crash keeps its changes, not even after another sync.
  void forget(const InodePtr& directory, std::uint64_t end);
  // The name is gone, durably.
  void lose(const Place& place);
  // Power loss, of names and contents. A change survives only if those before it at the same names
  // do.
  void crash(Fate& fate);

  // The first operation that is not synced, of names and contents.
  [[nodiscard]] std::optional<std::uint64_t> oldest() const;
  // What all files take up; each counts once however many names it has.
  [[nodiscard]] std::uint64_t used_bytes() const;
  // Paths of files, in order.
  [[nodiscard]] std::vector<std::string> files() const;

  void unlock_all();
  // A copy of all that is seen, which counts as durable.
  void copy_from(const Tree& other);

 private:
  struct Pending {
    std::uint64_t operation = 0;
    std::vector<Change> changes;  // `place.inode` is what was there before
    bool forgotten = false;
  };
  using Slot = std::pair<std::uint64_t, std::string>;  // a name in a directory
  using Slots = std::set<Slot>;

  static void add_slots(const Pending& pending, Slots& slots);
  static bool touches(const Pending& pending, const Slots& slots);
  static bool touches(const Pending& pending, const Inode& directory);
  [[nodiscard]] std::vector<bool> needed_for(const Inode& directory, std::uint64_t end) const;
  static void set(const Place& place, const InodePtr& to);

  InodePtr root_;
  std::uint64_t next_ = 0;
  std::vector<Pending> pending_;             // in order
  std::vector<std::weak_ptr<Inode>> files_;  // in the order in which they were made
};

}  // namespace quorate::simenv
