#include "sim/env/tree.h"

#include <algorithm>

namespace quorate::simenv {

namespace {

constexpr std::uint64_t kBlock = 4096;

// Each entry below a directory, with its path; the order is that of names.
template <class Visit>
void walk(const Inode& directory, const std::string& path, Visit& visit) {
  for (const auto& [name, inode] : directory.names) {
    std::string below = path;
    below += '/';
    below += name;
    visit(below, inode);
    if (inode->directory) {
      walk(*inode, below, visit);
    }
  }
}

}  // namespace

Tree::Tree() { root_ = make(true); }

InodePtr Tree::make(bool directory) {
  auto inode = std::make_shared<Inode>();
  inode->number = ++next_;
  inode->directory = directory;
  if (!directory) {
    if (files_.size() == files_.capacity()) {
      std::erase_if(files_, [](const auto& file) { return file.expired(); });
    }
    files_.push_back(inode);
  }
  return inode;
}

Result<Tree::Place> Tree::find(const std::string& path) const {
  Place place{nullptr, "", root_};
  std::string_view rest = path;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    if (rest.empty()) {
      return place;
    }
    const std::string name{rest.substr(0, rest.find('/'))};
    rest.remove_prefix(name.size());
    if (name == ".") {
      continue;
    }
    if (name == "..") {
      return invalid(path + ": the simulated disk does not follow `..`");
    }
    if (place.inode == nullptr) {
      return Error{ErrorCode::kNotFound, path + ": no such file or directory"};
    }
    if (!place.inode->directory) {
      return invalid(path + ": a part of it is not a directory");
    }
    const auto found = place.inode->names.find(name);
    const bool there = found != place.inode->names.end();
    place = Place{place.inode, name, there ? found->second : nullptr};
  }
}

void Tree::set(const Place& place, const InodePtr& to) {
  if (to == nullptr) {
    place.directory->names.erase(place.name);
  } else {
    place.directory->names[place.name] = to;
  }
}

void Tree::change(std::uint64_t operation, std::vector<Change> changes) {
  for (const Change& one : changes) {
    set(one.place, one.to);
  }
  pending_.push_back(Pending{operation, std::move(changes), false});
}

void Tree::add_slots(const Pending& pending, Slots& slots) {
  for (const Change& change : pending.changes) {
    slots.emplace(change.place.directory->number, change.place.name);
  }
}

bool Tree::touches(const Pending& pending, const Slots& slots) {
  return std::any_of(pending.changes.begin(), pending.changes.end(), [&](const Change& change) {
    return slots.contains(Slot{change.place.directory->number, change.place.name});
  });
}

bool Tree::touches(const Pending& pending, const Inode& directory) {
  return std::any_of(pending.changes.begin(), pending.changes.end(), [&](const Change& change) {
    return change.place.directory.get() == &directory;
  });
}

// Which of the pending changes a sync of the directory concerns: its own, and what they build on.
std::vector<bool> Tree::needed_for(const Inode& directory, std::uint64_t end) const {
  std::vector<bool> needed(pending_.size());
  Slots slots;
  for (std::size_t i = pending_.size(); i-- > 0;) {
    const bool own = pending_[i].operation < end && touches(pending_[i], directory);
    if (own || touches(pending_[i], slots)) {
      needed[i] = true;
      add_slots(pending_[i], slots);
    }
  }
  return needed;
}

void Tree::sync(const InodePtr& directory, std::uint64_t end) {
  const std::vector<bool> needed = needed_for(*directory, end);
  std::vector<Pending> rest;
  Slots lost;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    Pending& pending = pending_[i];
    pending.forgotten = pending.forgotten || (needed[i] && touches(pending, lost));
    if (pending.forgotten) {
      add_slots(pending, lost);
    }
    if (pending.forgotten || !needed[i]) {
      rest.push_back(std::move(pending));
    }
  }
  pending_ = std::move(rest);
}

void Tree::forget(const InodePtr& directory, std::uint64_t end) {
  const std::vector<bool> needed = needed_for(*directory, end);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    pending_[i].forgotten = pending_[i].forgotten || needed[i];
  }
}

void Tree::lose(const Place& place) {
  for (Pending& pending : pending_) {
    std::erase_if(pending.changes, [&](const Change& change) {
      return change.place.directory == place.directory && change.place.name == place.name;
    });
  }
  set(place, nullptr);
}

void Tree::crash(Fate& fate) {
  std::vector<const Pending*> lost;
  Slots lost_slots;
  for (const Pending& pending : pending_) {
    if (pending.forgotten || touches(pending, lost_slots) || !fate.keeps(pending.operation)) {
      lost.push_back(&pending);
      add_slots(pending, lost_slots);
    }
  }
  for (auto pending = lost.rbegin(); pending != lost.rend(); ++pending) {
    for (const Change& change : (*pending)->changes) {
      set(change.place, change.place.inode);
    }
  }
  pending_.clear();
  for (const auto& weak : files_) {
    if (const InodePtr file = weak.lock()) {
      file->content.crash(fate);
    }
  }
}

std::optional<std::uint64_t> Tree::oldest() const {
  std::optional<std::uint64_t> oldest;
  if (!pending_.empty()) {
    oldest = pending_.front().operation;
  }
  for (const auto& weak : files_) {
    const InodePtr file = weak.lock();
    const auto first = file ? file->content.oldest() : std::nullopt;
    if (first && (!oldest || *first < *oldest)) {
      oldest = first;
    }
  }
  return oldest;
}

std::uint64_t Tree::used_bytes() const {
  std::set<std::uint64_t> seen;
  std::uint64_t used = 0;
  auto visit = [&](const std::string&, const InodePtr& inode) {
    if (!inode->directory && seen.insert(inode->number).second) {
      used += (inode->content.size() + kBlock - 1) / kBlock * kBlock;
    }
  };
  walk(*root_, "", visit);
  return used;
}

std::vector<std::string> Tree::files() const {
  std::vector<std::string> paths;
  auto visit = [&](const std::string& path, const InodePtr& inode) {
    if (!inode->directory) {
      paths.push_back(path);
    }
  };
  walk(*root_, "", visit);
  return paths;
}

void Tree::unlock_all() {
  for (const auto& weak : files_) {
    if (const InodePtr file = weak.lock()) {
      file->locked = false;
    }
  }
}

void Tree::copy_from(const Tree& other) {
  pending_.clear();
  files_.clear();
  root_ = make(true);
  std::map<std::uint64_t, InodePtr> copies{{other.root_->number, root_}};
  auto visit = [&](const std::string& path, const InodePtr& inode) {
    InodePtr& copy = copies[inode->number];
    if (copy == nullptr) {
      copy = make(inode->directory);
      copy->content = inode->content;
      copy->content.sync(~std::uint64_t{0});
    }
    set(find(path).value(), copy);
  };
  walk(*other.root_, "", visit);
}

}  // namespace quorate::simenv
