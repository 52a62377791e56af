#include "sim/env/disk.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "sim/env/disk_files.h"

namespace quorate::simenv {

namespace {

constexpr std::uint64_t kBlock = 4096;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 36U;
constexpr std::uint64_t kHashed = 512;  // bytes at each end of a write

// Each purpose draws from a generator of its own, so that one more fault does not change when calls
// return.
Random split(std::uint64_t seed, std::uint64_t purpose) {
  return Random{seed * 0x9e3779b97f4a7c15U + purpose};
}

Error failure(ErrorCode code, const std::string& path) {
  return Error{code, path + (code == ErrorCode::kExhausted ? ": no space left on the device"
                                                           : ": input/output error")};
}

Error off(const std::string& path) { return Error{ErrorCode::kIo, path + ": the machine is off"}; }

std::uint64_t blocks(std::uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

}  // namespace

std::string_view name_of(Call call) {
  switch (call) {
    case Call::kOpen:
      return "open";
    case Call::kRead:
      return "read";
    case Call::kWrite:
      return "write";
    case Call::kSync:
      return "sync";
    case Call::kResize:
      return "resize";
    case Call::kList:
      return "list";
    case Call::kMakeDirectory:
      return "make_directory";
    case Call::kRename:
      return "rename";
    case Call::kRemove:
      return "remove";
    case Call::kLink:
      return "link";
    case Call::kSyncDirectory:
      return "sync_directory";
    case Call::kLock:
      return "lock";
  }
  return "?";
}

SimulatedDisk::SimulatedDisk(std::uint64_t seed, DiskHost* host)
    : host_(host),
      latencies_(split(seed, 1)),
      failures_(split(seed, 2)),
      fates_(split(seed, 3)),
      rotting_(split(seed, 4)),
      files_(std::make_unique<DiskFiles>(*this)) {}

SimulatedDisk::~SimulatedDisk() = default;

env::Files& SimulatedDisk::files() { return *files_; }

// ---- Crashes

void SimulatedDisk::crash(Survival survival) {
  const std::uint64_t end = operations_ + 1;
  Fate fate{survival, Random{fates_.next() + operations_}, tree_.oldest().value_or(end), end};
  tree_.crash(fate);
  hash_.add(static_cast<std::uint64_t>(survival));
  restart();
}

void SimulatedDisk::kill() { restart(); }

void SimulatedDisk::restart() {
  ++boot_;
  tree_.unlock_all();
  on_ = true;
}

std::string SimulatedDisk::last_operation() const {
  return std::string{name_of(last_call_)} + " " + last_path_;
}

void SimulatedDisk::cut(bool before) {
  crash_point_ = 0;
  ++cuts_;
  on_ = false;
  PowerCut cut{operations_, std::string{before ? "before" : "after"} + " operation " +
                                std::to_string(operations_) + ": " + last_operation()};
  const bool may_throw = host_ == nullptr || host_->power_cut(cut);
  if (may_throw && std::uncaught_exceptions() == 0) {
    throw cut;
  }
}

// ---- What every call goes through

void SimulatedDisk::note(Call call, const std::string& path, std::uint64_t detail) {
  hash_.add(static_cast<std::uint64_t>(call));
  hash_.add(std::string_view{path});
  hash_.add(detail);
}

std::optional<ErrorCode> SimulatedDisk::struck(Call call, const std::string& path) {
  std::optional<ErrorCode> code;
  for (DiskFault& fault : faults_) {
    if (fault.call != call || path.find(fault.path) == std::string::npos || fault.times == 0) {
      continue;
    }
    if (fault.skip > 0) {
      --fault.skip;
    } else if (!code) {
      --fault.times;
      code = fault.code;
    }
  }
  const std::uint32_t odds = call == Call::kRead    ? climate_.read_errors
                             : call == Call::kWrite ? climate_.write_errors
                             : call == Call::kSync || call == Call::kSyncDirectory
                                 ? climate_.sync_errors
                                 : 0;
  if (!code && odds > 0 && failures_.below(1'000'000) < odds) {
    code = ErrorCode::kIo;
  }
  return code;
}

Result<void> SimulatedDisk::begin(Call call, const std::string& path) {
  if (!on_) {
    return off(path);
  }
  if (const auto code = struck(call, path)) {
    note(call, path, static_cast<std::uint64_t>(*code));
    wait(call);
    return failure(*code, path);
  }
  return {};
}

Result<std::uint64_t> SimulatedDisk::begin_operation(Call call, const std::string& path) {
  if (on_) {
    ++operations_;
    last_call_ = call;
    last_path_ = path;
    if (crash_before_ && operations_ == crash_point_) {
      cut(true);
    }
  }
  const std::uint64_t operation = operations_;
  if (auto begun = begin(call, path); !begun) {
    return begun.error();
  }
  return operation;
}

void SimulatedDisk::finish(std::uint64_t operation) {
  if (!crash_before_ && operation == crash_point_) {
    cut(false);
  }
}

void SimulatedDisk::wait(Call call, std::uint64_t bytes) {
  const bool syncs = call == Call::kSync || call == Call::kSyncDirectory;
  const Latency& latency = call == Call::kRead    ? climate_.read
                           : call == Call::kWrite ? climate_.write
                           : syncs                ? climate_.sync
                                                  : climate_.name;
  const auto moved = call == Call::kWrite || climate_.bytes_per_us == 0
                         ? Duration{0}
                         : Duration{static_cast<Duration::rep>(bytes / climate_.bytes_per_us)};
  const Duration drawn = (latency.draw(latencies_) + moved) * climate_.slowness;
  if (host_ != nullptr) {
    host_->busy(drawn);
  }
}

Result<Tree::Place> SimulatedDisk::find(const std::string& path) const {
  if (!on_) {
    return off(path);
  }
  return tree_.find(path);
}

Result<void> SimulatedDisk::glance(Call call, const std::string& path) {
  if (auto begun = begin(call, path); !begun) {
    return begun;
  }
  note(call, path, 0);
  wait(call);
  return {};
}

// ---- Room

std::uint64_t SimulatedDisk::free_bytes() const {
  if (quota_ == 0) {
    return std::uint64_t{1} << 40U;
  }
  const std::uint64_t used = tree_.used_bytes();
  return used < quota_ ? quota_ - used : 0;
}

bool SimulatedDisk::fits(const Content& content, std::uint64_t size) const {
  const std::uint64_t now = blocks(content.size());
  const std::uint64_t then = blocks(size);
  return quota_ == 0 || then <= now || then - now <= free_bytes();
}

// ---- Contents

Result<std::size_t> SimulatedDisk::read(const std::string& path, const Inode& inode,
                                        std::uint64_t offset, std::span<std::byte> into) {
  if (auto begun = begin(Call::kRead, path); !begun) {
    return begun.error();
  }
  wait(Call::kRead, into.size());
  if (!on_) {
    return off(path);
  }
  const std::size_t count = inode.content.read(offset, into);
  note(Call::kRead, path, offset + count);
  return count;
}

SimulatedDisk::Target SimulatedDisk::direct(const std::string& path, Inode& inode,
                                            std::uint64_t offset) {
  const auto found = std::find_if(
      misdirections_.begin(), misdirections_.end(),
      [&](const Misdirection& one) { return path.find(one.path) != std::string::npos; });
  if (found == misdirections_.end()) {
    return {&inode, offset};
  }
  const auto place = tree_.find(found->to);
  Inode* to = place && place.value().inode ? place.value().inode.get() : &inode;
  const Target target{to, offset + static_cast<std::uint64_t>(found->by)};
  misdirections_.erase(found);
  return target;
}

Result<void> SimulatedDisk::write(const std::string& path, Inode& inode, std::uint64_t offset,
                                  std::span<const std::string_view> parts) {
  std::string joined;
  if (parts.size() > 1) {
    for (const std::string_view part : parts) {
      joined += part;
    }
  }
  std::string_view bytes = parts.size() == 1 ? parts.front() : std::string_view{joined};
  const std::uint64_t number = operations_ + 1;
  const auto begun = begin_operation(Call::kWrite, path);
  Result<void> outcome = begun ? Result<void>{} : begun.error();
  if (!begun && !on_) {
    return outcome;
  }
  const Target target = direct(path, inode, offset);
  if (outcome && bytes.size() > 0 && target.offset > kLargestFile - bytes.size()) {
    return Error{ErrorCode::kIo, path + ": the file would be too large"};
  }
  if (outcome && !fits(target.inode->content, target.offset + bytes.size())) {
    outcome = failure(ErrorCode::kExhausted, path);
  }
  if (!outcome) {
    // What fails half way has been done half way; what finds no room has done nothing.
    const std::uint64_t sectors = bytes.size() / Content::kSector;
    const bool any = outcome.error().code != ErrorCode::kExhausted && sectors > 0;
    bytes = bytes.substr(0, any ? failures_.below(sectors + 1) * Content::kSector : 0);
  }
  target.inode->content.write(number, target.offset, bytes);
  note(Call::kWrite, path, target.offset);
  hash_.add(bytes.size());
  hash_.add(bytes.substr(0, kHashed));
  hash_.add(bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), kHashed)));
  finish(number);
  if (begun) {
    wait(Call::kWrite, bytes.size());
  }
  return outcome;
}

Result<void> SimulatedDisk::sync(const std::string& path, Inode& inode) {
  const std::uint64_t number = operations_ + 1;
  const std::uint64_t bytes = inode.content.unsynced_bytes();
  if (const auto begun = begin_operation(Call::kSync, path); !begun) {
    if (on_) {
      inode.content.forget(number);
      finish(number);
    }
    return begun.error();
  }
  // Durable at the end: a crash in between may still lose any of it.
  wait(Call::kSync, bytes);
  if (!on_) {
    return off(path);
  }
  inode.content.sync(number);
  note(Call::kSync, path, bytes);
  finish(number);
  return {};
}

Result<void> SimulatedDisk::resize(const std::string& path, Inode& inode, std::uint64_t size) {
  const auto begun = begin_operation(Call::kResize, path);
  if (!begun) {
    return begun.error();
  }
  if (size > kLargestFile) {
    return Error{ErrorCode::kIo, path + ": the file would be too large"};
  }
  if (!fits(inode.content, size)) {
    wait(Call::kResize);
    return failure(ErrorCode::kExhausted, path);
  }
  inode.content.resize(begun.value(), size);
  note(Call::kResize, path, size);
  finish(begun.value());
  wait(Call::kResize);
  return {};
}

// ---- Names

Result<void> SimulatedDisk::change_names(Call call, const std::string& path,
                                         std::vector<Tree::Change> changes) {
  const auto begun = begin_operation(call, path);
  if (!begun) {
    return begun.error();
  }
  tree_.change(begun.value(), std::move(changes));
  note(call, path, 0);
  finish(begun.value());
  wait(call);
  return {};
}

Result<void> SimulatedDisk::sync_names(const std::string& path, const InodePtr& directory) {
  const std::uint64_t number = operations_ + 1;
  if (const auto begun = begin_operation(Call::kSyncDirectory, path); !begun) {
    if (on_) {
      tree_.forget(directory, number);
      finish(number);
    }
    return begun.error();
  }
  wait(Call::kSyncDirectory);
  if (!on_) {
    return off(path);
  }
  tree_.sync(directory, number);
  note(Call::kSyncDirectory, path, 0);
  finish(number);
  return {};
}

}  // namespace quorate::simenv
