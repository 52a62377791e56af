#include "sim/env/disk_files.h"

#include <utility>

namespace quorate::simenv {

namespace {

Error not_found(const std::string& path) {
  return Error{ErrorCode::kNotFound, path + ": no such file or directory"};
}

Error dead(const std::string& path) {
  return Error{ErrorCode::kIo, path + ": was open when the machine went down"};
}

bool inside(const Inode& directory, const InodePtr& inode) {
  if (inode.get() == &directory) {
    return true;
  }
  for (const auto& [name, below] : directory.names) {
    if (below == inode || (below->directory && inside(*below, inode))) {
      return true;
    }
  }
  return false;
}

}  // namespace

class DiskFiles::OpenFile final : public env::File {
 public:
  OpenFile(SimulatedDisk& disk, InodePtr inode, std::string path, bool writable)
      : disk_(disk),
        inode_(std::move(inode)),
        path_(std::move(path)),
        boot_(disk.boot_),
        writable_(writable) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    if (boot_ != disk_.boot_) {
      return dead(path_);
    }
    return disk_.read(path_, *inode_, offset, into);
  }
  Result<void> write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    if (auto may = check_write(); !may) {
      return may;
    }
    return disk_.write(path_, *inode_, offset, parts);
  }
  Result<void> sync() override {
    if (boot_ != disk_.boot_) {
      return dead(path_);
    }
    return disk_.sync(path_, *inode_);
  }
  Result<std::uint64_t> size() override {
    if (boot_ != disk_.boot_) {
      return dead(path_);
    }
    return inode_->content.size();
  }
  Result<void> resize(std::uint64_t size) override {
    if (auto may = check_write(); !may) {
      return may;
    }
    return disk_.resize(path_, *inode_, size);
  }

 private:
  Result<void> check_write() const {
    if (boot_ != disk_.boot_) {
      return dead(path_);
    }
    if (!writable_) {
      return invalid(path_ + ": was opened for reading only");
    }
    return {};
  }

  SimulatedDisk& disk_;
  InodePtr inode_;
  std::string path_;
  std::uint64_t boot_;
  bool writable_;
};

class DiskFiles::HeldLock final : public env::Lock {
 public:
  HeldLock(SimulatedDisk& disk, InodePtr inode)
      : disk_(disk), inode_(std::move(inode)), boot_(disk.boot_) {
    inode_->locked = true;
  }
  ~HeldLock() override {
    if (boot_ == disk_.boot_) {
      inode_->locked = false;
    }
  }

 private:
  SimulatedDisk& disk_;
  InodePtr inode_;
  std::uint64_t boot_;
};

Result<Tree::Place> DiskFiles::existing(const std::string& path) {
  auto place = disk_.find(path);
  if (place && place.value().inode == nullptr) {
    return not_found(path);
  }
  return place;
}

Result<Tree::Place> DiskFiles::parent(const std::string& path) {
  auto place = disk_.find(path);
  if (place && place.value().directory == nullptr) {
    return invalid(path + ": is the root");
  }
  return place;
}

Result<InodePtr> DiskFiles::create(Call call, const std::string& path, const Tree::Place& place) {
  InodePtr inode = disk_.tree_.make(false);
  if (auto made = disk_.change_names(call, path, {{place, inode}}); !made) {
    return made.error();
  }
  return inode;
}

Result<std::unique_ptr<env::File>> DiskFiles::open(const std::string& path, env::Open how) {
  auto found = parent(path);
  if (!found) {
    return found.error();
  }
  InodePtr inode = found.value().inode;
  const bool makes = how == env::Open::kCreate || how == env::Open::kOverwrite;
  if (inode == nullptr && !makes) {
    return not_found(path);
  }
  if (inode != nullptr && (how == env::Open::kCreate || inode->directory)) {
    return invalid(path + (inode->directory ? ": is a directory" : ": exists already"));
  }
  if (inode == nullptr) {
    auto made = create(Call::kOpen, path, found.value());
    if (!made) {
      return made.error();
    }
    inode = made.value();
  } else if (how == env::Open::kOverwrite) {
    if (auto emptied = disk_.resize(path, *inode, 0); !emptied) {
      return emptied.error();
    }
  } else if (auto opened = disk_.glance(Call::kOpen, path); !opened) {
    return opened.error();
  }
  return std::unique_ptr<env::File>{
      std::make_unique<OpenFile>(disk_, std::move(inode), path, how != env::Open::kRead)};
}

Result<std::vector<env::Entry>> DiskFiles::list(const std::string& directory) {
  auto place = existing(directory);
  if (!place) {
    return place.error();
  }
  if (auto begun = disk_.glance(Call::kList, directory); !begun) {
    return begun.error();
  }
  const InodePtr inode = place.value().inode;
  if (!inode->directory) {
    return invalid(directory + ": is not a directory");
  }
  std::vector<env::Entry> entries;
  for (const auto& [name, below] : inode->names) {
    entries.push_back(env::Entry{name, below->directory});
  }
  return entries;
}

bool DiskFiles::exists(const std::string& path) { return existing(path).ok(); }

Result<void> DiskFiles::make_directory(const std::string& path) {
  auto place = disk_.find(path);
  if (!place) {
    return place.error();
  }
  if (const InodePtr& there = place.value().inode; there != nullptr) {
    return there->directory ? disk_.glance(Call::kMakeDirectory, path)
                            : Result<void>{invalid(path + ": is a file")};
  }
  return disk_.change_names(Call::kMakeDirectory, path, {{place.value(), disk_.tree_.make(true)}});
}

Result<void> DiskFiles::rename(const std::string& from, const std::string& to) {
  auto source = existing(from);
  if (!source) {
    return source.error();
  }
  auto target = parent(to);
  if (!target) {
    return target.error();
  }
  const InodePtr moved = source.value().inode;
  const InodePtr there = target.value().inode;
  if (source.value().directory == nullptr || there == moved) {
    return source.value().directory == nullptr ? Result<void>{invalid(from + ": is the root")}
                                               : Result<void>{};
  }
  if (there != nullptr && (there->directory || moved->directory)) {
    return invalid(to + ": exists already, and one of the two is a directory");
  }
  if (moved->directory && inside(*moved, target.value().directory)) {
    return invalid(to + ": lies inside " + from);
  }
  return disk_.change_names(Call::kRename, from,
                            {{source.value(), nullptr}, {target.value(), moved}});
}

Result<void> DiskFiles::remove(const std::string& path) {
  auto place = existing(path);
  if (!place) {
    return place.error();
  }
  if (place.value().directory == nullptr || !place.value().inode->names.empty()) {
    return invalid(path + ": the directory is not empty");
  }
  return disk_.change_names(Call::kRemove, path, {{place.value(), nullptr}});
}

Result<void> DiskFiles::link(const std::string& from, const std::string& to) {
  auto source = existing(from);
  if (!source) {
    return source.error();
  }
  auto target = parent(to);
  if (!target) {
    return target.error();
  }
  if (source.value().inode->directory) {
    return invalid(from + ": is a directory");
  }
  if (target.value().inode != nullptr) {
    return invalid(to + ": exists already");
  }
  return disk_.change_names(Call::kLink, to, {{target.value(), source.value().inode}});
}

Result<void> DiskFiles::sync_directory(const std::string& path) {
  auto place = existing(path);
  if (!place) {
    return place.error();
  }
  if (!place.value().inode->directory) {
    return invalid(path + ": is not a directory");
  }
  return disk_.sync_names(path, place.value().inode);
}

Result<std::unique_ptr<env::Lock>> DiskFiles::lock(const std::string& path) {
  auto place = parent(path);
  if (!place) {
    return place.error();
  }
  InodePtr inode = place.value().inode;
  if (inode == nullptr) {
    auto made = create(Call::kLock, path, place.value());
    if (!made) {
      return made.error();
    }
    inode = made.value();
  } else if (auto begun = disk_.glance(Call::kLock, path); !begun) {
    return begun.error();
  }
  if (inode->directory || inode->locked) {
    return invalid(path + (inode->directory ? ": is a directory" : ": is held by another owner"));
  }
  return std::unique_ptr<env::Lock>{std::make_unique<HeldLock>(disk_, std::move(inode))};
}

Result<std::uint64_t> DiskFiles::free_bytes(const std::string& path) {
  if (auto place = existing(path); !place) {
    return place.error();
  }
  return disk_.free_bytes();
}

}  // namespace quorate::simenv
