// Trio: three members in three processes on this machine, in a directory of their own that goes
// with them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/child.h"
#include "bench/figures.h"
#include "bench/member.h"

namespace quorate::bench {

// A new directory with a name of its own; removed with all that is in it when this is destroyed.
class TemporaryDirectory {
 public:
  static Result<std::unique_ptr<TemporaryDirectory>> make(const std::string& parent);
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Whether what is written there is written to memory alone.
bool is_in_memory(const std::string& directory);

struct TrioSetup {
  std::string parent;                         // where its directory is made
  std::uint64_t snapshot_bytes = 64U << 20U;  // as in MemberSetup
  Duration quiesce_after{0};
  const std::atomic<bool>* interrupted = nullptr;
};

class Trio {
 public:
  static constexpr std::size_t kSize = 3;

  // Nobody is started yet.
  static Result<std::unique_ptr<Trio>> make(const TrioSetup& setup);

  Result<void> start(std::size_t which);
  void kill(std::size_t which) { children_[which].reset(); }
  [[nodiscard]] bool runs(std::size_t which) const { return children_[which] != nullptr; }
  // One that runs.
  [[nodiscard]] Child& at(std::size_t which) { return *children_[which]; }
  [[nodiscard]] const std::string& directory() const { return directory_->path(); }

  // All three.
  Result<void> start_all();
  // Begins the groups on all that run.
  Result<void> create(std::uint64_t first, std::uint64_t count);
  // Who leads group 1, once it can commit.
  Result<std::size_t> leader();

  // How far this member knows group 1 to be committed, and has applied it.
  struct Reached {
    std::uint64_t committed = 0;
    std::uint64_t applied = 0;
  };
  Result<Reached> reached(std::size_t which);
  // How many groups are led now, and how often somebody was elected so far: by one, and by all that
  // run.
  struct Led {
    std::uint64_t groups = 0;
    std::uint64_t elections = 0;
  };
  Result<Led> led_by(std::size_t which);
  Result<Led> led();

  struct LoadFigures {
    std::uint64_t operations = 0;
    Figures figures;
  };
  // Of group 1, at whoever leads it. CPU is that of all who run. `arguments` are those of the
  // request `load` behind the group. Where leadership is lost on the way, as when the machine
  // stalls, it is tried anew.
  Result<LoadFigures> load(const std::string& arguments);

 private:
  Trio(TrioSetup setup, std::unique_ptr<TemporaryDirectory> directory, Members members)
      : setup_(std::move(setup)), directory_(std::move(directory)), members_(std::move(members)) {}

  Result<LoadFigures> load_once(std::size_t leader, const std::string& arguments);
  Result<double> cpu_of_others(std::size_t than);

  TrioSetup setup_;
  std::unique_ptr<TemporaryDirectory> directory_;
  Members members_;
  std::array<std::unique_ptr<Child>, kSize> children_;
};

}  // namespace quorate::bench
