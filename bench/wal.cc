// The log on the working directory's file system: entries of 256 bytes in batches, a write and a
// sync each; beside it the same number of bytes with pwrite and fdatasync over a file that was
// written before, which is the floor.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/posix/files.h"
#include "wal/wal.h"

namespace quorate::wal {
namespace {

constexpr std::size_t kPayload = 256;

std::vector<Entry> batch_of(std::uint64_t first, std::size_t count, const Bytes& payload) {
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    entries.push_back({Term{3}, Index{first + i}, EntryKind::kCommand, payload});
  }
  return entries;
}

// Bytes of such a batch on disk.
std::uint64_t bytes_of(std::size_t count) {
  Batch batch;
  const auto entries = batch_of(1'000'000, count, Bytes::copy_of(std::string(kPayload, 'x')));
  batch.add(Kind::kEntries, GroupId{1}, Term{3}, entries);
  Head head;
  head.offset = kFirstBatch;
  batch.finish(head, 1);
  return batch.head().size;
}

class Folder {
 public:
  Folder() {
    std::string pattern = "bench-wal-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The floor: a file whose blocks were written before, of the size of a segment.
class Raw {
 public:
  Raw(const std::string& folder, std::size_t bytes)
      : file_(::open((folder + "/raw").c_str(), O_RDWR | O_CREAT, 0600)), bytes_(bytes, 'x') {
    const std::string zeros(kSize, '\0');
    good_ = ::pwrite(file_, zeros.data(), kSize, 0) > 0 && ::fdatasync(file_) == 0;
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() { ::close(file_); }
  bool write_and_sync() {
    good_ =
        good_ && ::pwrite(file_, bytes_.data(), bytes_.size(), at_) > 0 && ::fdatasync(file_) == 0;
    at_ += static_cast<off_t>(bytes_.size());
    at_ = at_ + static_cast<off_t>(bytes_.size()) > kSize ? 0 : at_;
    return good_;
  }

 private:
  static constexpr off_t kSize = 64U << 20U;

  int file_;
  std::string bytes_;
  off_t at_ = 0;
  bool good_ = false;
};

class Log {
 public:
  Log(const std::string& folder, std::size_t count)
      : entries_(batch_of(1, count, Bytes::copy_of(std::string(kPayload, 'x')))) {
    const Options options;
    auto directory = Directory::create(
        files_, folder + "/node", {ClusterId{1}, NodeId{1}, Incarnation{1}}, options.segment_bytes);
    auto opened = Wal::open(files_, std::move(directory.value()), options);
    wal_ = std::move(opened.value().wal);
  }
  bool write_and_sync() {
    Write write;
    write.group = GroupId{1};
    write.entries = entries_;
    const bool good = wal_->write(std::span{&write, 1}).ok() && wal_->sync().ok();
    for (Entry& entry : entries_) {
      entry.index = entry.index + entries_.size();
    }
    return good;
  }
  // What another lane would do.
  void tend() {
    if (wal_->wants_tending()) {
      static_cast<void>(wal_->tend());
    }
  }

 private:
  env::PosixFiles files_;
  std::vector<Entry> entries_;
  std::unique_ptr<Wal> wal_;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
double median_us(std::vector<double>& seconds) {
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::ranges::nth_element(seconds, middle);
  return *middle * 1e6;
}

// By turns, because a disk that others use changes its mind from one second to the next. The time
// of an iteration is the log's; the medians stand beside it.
void log_beside_floor(benchmark::State& state) {
  const Folder folder;
  const auto count = static_cast<std::size_t>(state.range(0));
  Log log{folder.path(), count};
  Raw raw{folder.path(), bytes_of(count)};
  std::vector<double> of_log;
  std::vector<double> of_raw;
  bool good = true;
  for ([[maybe_unused]] auto _ : state) {
    of_log.push_back(seconds_of([&] { good = good && log.write_and_sync(); }));
    of_raw.push_back(seconds_of([&] { good = good && raw.write_and_sync(); }));
    log.tend();
    state.SetIterationTime(of_log.back());
  }
  if (!good) {
    state.SkipWithError("a write failed");
  }
  state.counters["log_us"] = median_us(of_log);
  state.counters["floor_us"] = median_us(of_raw);
  state.counters["ratio"] = state.counters["log_us"] / state.counters["floor_us"];
  state.counters["bytes"] = static_cast<double>(bytes_of(count));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(log_beside_floor)->Arg(1)->Arg(16)->Arg(256)->UseManualTime()->Iterations(1500);

// Without a disk: what the log itself costs.
void log_write_alone(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto entries = batch_of(1, count, Bytes::copy_of(std::string(kPayload, 'x')));
  Batch batch;
  for ([[maybe_unused]] auto _ : state) {
    batch.clear();
    batch.add(Kind::kEntries, GroupId{1}, Term{3}, entries);
    Head head;
    head.offset = kFirstBatch;
    benchmark::DoNotOptimize(batch.finish(head, 1));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(log_write_alone)->Arg(1)->Arg(16)->Arg(256);

}  // namespace
}  // namespace quorate::wal
