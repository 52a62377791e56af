// What happens to a disk behind its user's back.
#include <algorithm>

#include "sim/env/disk.h"
#include "sim/env/disk_files.h"

namespace quorate::simenv {

void SimulatedDisk::misdirect(std::string path, std::string to, std::int64_t by) {
  misdirections_.push_back(Misdirection{std::move(path), std::move(to), by});
}

bool SimulatedDisk::rot(const std::string& path, std::uint64_t offset, Rot rot) {
  const auto place = tree_.find(path);
  if (!place || place.value().inode == nullptr || place.value().inode->directory) {
    return false;
  }
  Content& content = place.value().inode->content;
  if (offset >= content.size()) {
    return false;
  }
  if (rot == Rot::kBit) {
    char byte = content.durable(offset);
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << rotting_.below(8)));
    content.damage(offset, {&byte, 1});
  } else {
    const std::uint64_t unit = rot == Rot::kSector ? Content::kSector : Pages::kPage;
    const std::uint64_t begin = offset / unit * unit;
    const std::string zeros(std::min(unit, content.size() - begin), '\0');
    content.damage(begin, zeros);
  }
  hash_.add(std::string_view{path});
  hash_.add(offset);
  return true;
}

std::optional<SimulatedDisk::Rotten> SimulatedDisk::rot_somewhere(const std::string& path) {
  std::vector<std::pair<std::string, std::uint64_t>> sizes;
  std::uint64_t total = 0;
  for (const std::string& one : tree_.files()) {
    if (one.find(path) != std::string::npos) {
      sizes.emplace_back(one, tree_.find(one).value().inode->content.size());
      total += sizes.back().second;
    }
  }
  if (total == 0) {
    return std::nullopt;
  }
  std::uint64_t at = rotting_.below(total);
  auto file = sizes.begin();
  while (at >= file->second) {
    at -= file->second;
    ++file;
  }
  const Rotten rotten{file->first, at, static_cast<Rot>(rotting_.below(3))};
  rot(rotten.path, rotten.offset, rotten.rot);
  return rotten;
}

bool SimulatedDisk::lose(const std::string& path) {
  const auto place = tree_.find(path);
  if (!place || place.value().inode == nullptr || place.value().directory == nullptr) {
    return false;
  }
  tree_.lose(place.value());
  hash_.add(std::string_view{path});
  return true;
}

void SimulatedDisk::wipe() {
  tree_.copy_from(Tree{});
  hash_.add(std::uint64_t{0});
}

void SimulatedDisk::copy_from(const SimulatedDisk& other) {
  tree_.copy_from(other.tree_);
  hash_.add(other.hash());
}

}  // namespace quorate::simenv
