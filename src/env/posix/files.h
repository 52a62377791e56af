// The files of the machine that this runs on.
//
// Calls that a signal interrupts, or that the system does in part, are taken up again until all is
// done. One is not: a sync that failed is never tried a second time, because the kernel may have
// thrown away what it could not write and would then say that all is well.
//
// Everything is made for its owner alone and closed when another program is executed. What is
// written never goes through a symbolic link in the last part of a path; what is only read may.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "env/files.h"

namespace quorate::env {

class PosixFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Open how) override;
  Result<std::vector<Entry>> list(const std::string& directory) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& path) override;
  // A lock of the open file (F_OFD_SETLK): a second one of this process is refused like that of
  // another, and the kernel lets go of it however the process ends.
  Result<std::unique_ptr<Lock>> lock(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
};

}  // namespace quorate::env
