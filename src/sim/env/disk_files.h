// The calls of env::Files upon a simulated disk: what they accept, and what they refuse.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/env/disk.h"

namespace quorate::simenv {

class DiskFiles final : public env::Files {
 public:
  explicit DiskFiles(SimulatedDisk& disk) : disk_(disk) {}

  Result<std::unique_ptr<env::File>> open(const std::string& path, env::Open how) override;
  Result<std::vector<env::Entry>> list(const std::string& directory) override;
  bool exists(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<env::Lock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;

 private:
  class OpenFile;
  class HeldLock;

  Result<Tree::Place> existing(const std::string& path);
  // A place in a directory, for a name that is made or replaced.
  Result<Tree::Place> parent(const std::string& path);
  Result<InodePtr> create(Call call, const std::string& path, const Tree::Place& place);

  SimulatedDisk& disk_;
};

}  // namespace quorate::simenv
