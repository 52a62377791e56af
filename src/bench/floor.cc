#include "bench/floor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bench/usage.h"
#include "env/posix/clock.h"
#include "env/posix/descriptor.h"
#include "wire/checksum.h"

namespace quorate::bench {
namespace {

using env::Descriptor;

constexpr std::size_t kPerEntry = 32;
constexpr std::size_t kBatchesInFlight = 2;

struct Header {
  std::uint32_t size = 0;
  std::uint32_t reserved = 0;
  std::uint64_t checksum = 0;
  std::uint64_t last = 0;
};

using Batch = std::shared_ptr<const std::string>;  // a header, and the entries

Error system_error(const std::string& what) {
  return Error{ErrorCode::kIo, what + ": " + std::strerror(errno)};
}

// Reads or writes all of it; false when the other side is gone or the disk fails.
bool read_all(int from, char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(from, into, size);
    if (got <= 0) {
      return false;
    }
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}
bool write_all(int to, const char* from, std::size_t size) {
  while (size > 0) {
    const ssize_t put = ::write(to, from, size);
    if (put <= 0) {
      return false;
    }
    from += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

}  // namespace

// A log of blocks that were written before, written round and round.
class RoundLog {
 public:
  static Result<RoundLog> open(const std::string& path) {
    Descriptor file{::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
    if (!file.valid()) {
      return system_error(path);
    }
    ::unlink(path.c_str());
    const std::string zeros(1U << 20U, '\0');
    for (std::size_t at = 0; at < kLogBytes; at += zeros.size()) {
      if (::pwrite(file.number(), zeros.data(), zeros.size(), static_cast<off_t>(at)) < 0) {
        return system_error(path);
      }
    }
    if (::fsync(file.number()) != 0) {
      return system_error(path);
    }
    return RoundLog{std::move(file)};
  }

  bool write(const char* bytes, std::size_t size) {
    if (at_ + size > kLogBytes) {
      at_ = 0;
    }
    const bool done = ::pwrite(file_.number(), bytes, size, static_cast<off_t>(at_)) ==
                      static_cast<ssize_t>(size);
    at_ += size;
    return done;
  }
  bool sync() { return ::fdatasync(file_.number()) == 0; }

 private:
  static constexpr std::size_t kLogBytes = std::size_t{128} << 20U;

  explicit RoundLog(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
  std::size_t at_ = 0;
};

namespace {

Result<std::pair<Descriptor, Descriptor>> loopback_pair() {
  const Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.number(), generic, size) != 0 || ::listen(listener.number(), 1) != 0 ||
      ::getsockname(listener.number(), generic, &size) != 0) {
    return system_error("listening on loopback");
  }
  Descriptor near{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(near.number(), generic, size) != 0) {
    return system_error("connecting on loopback");
  }
  Descriptor far{::accept(listener.number(), nullptr, nullptr)};
  const int on = 1;
  ::setsockopt(near.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(far.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::pair{std::move(near), std::move(far)};
}

// Takes batches from the leader, writes and syncs each, and answers with its last number.
void follow(const Descriptor& leader, RoundLog& log) {
  Header header;
  std::string bytes;
  while (read_all(leader.number(), reinterpret_cast<char*>(&header), sizeof header)) {
    bytes.resize(header.size);
    if (!read_all(leader.number(), bytes.data(), bytes.size()) ||
        wire::checksum_of(bytes) != header.checksum || !log.write(bytes.data(), bytes.size()) ||
        !log.sync() ||
        !write_all(leader.number(), reinterpret_cast<const char*>(&header.last),
                   sizeof header.last)) {
      return;
    }
  }
}

// The leader's own disk, on a thread of its own: all that waits is written and synced at once.
class OwnDisk {
 public:
  explicit OwnDisk(RoundLog& log) : log_(log), thread_([this] { run(); }) {}
  ~OwnDisk() {
    {
      const std::lock_guard hold{mutex_};
      ended_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  OwnDisk(const OwnDisk&) = delete;
  OwnDisk& operator=(const OwnDisk&) = delete;

  void write(Batch batch, std::uint64_t last) {
    {
      const std::lock_guard hold{mutex_};
      waiting_.emplace_back(std::move(batch), last);
    }
    changed_.notify_one();
  }
  [[nodiscard]] int progress() const { return progress_.number(); }
  [[nodiscard]] std::uint64_t durable() const { return durable_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  using Waiting = std::vector<std::pair<Batch, std::uint64_t>>;

  void run() {
    Waiting taken;
    while (take(taken)) {
      bool good = true;
      for (const auto& [batch, last] : taken) {
        good = good && log_.write(batch->data() + sizeof(Header), batch->size() - sizeof(Header));
      }
      if (!good || !log_.sync()) {
        return;
      }
      syncs_.fetch_add(1, std::memory_order_relaxed);
      durable_.store(taken.back().second, std::memory_order_release);
      taken.clear();
      const std::uint64_t one = 1;
      write_all(progress_.number(), reinterpret_cast<const char*>(&one), sizeof one);
    }
  }
  bool take(Waiting& into) {
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [this] { return ended_ || !waiting_.empty(); });
    into.swap(waiting_);
    return !into.empty();
  }

  RoundLog& log_;
  Descriptor progress_{::eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex_;
  std::condition_variable changed_;
  Waiting waiting_;
  bool ended_ = false;
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<std::uint64_t> syncs_{0};
  std::thread thread_;
};

double now_us() { return static_cast<double>(micros(env::read_clock())); }

// The leader: keeps so many writes outstanding, sends what has gathered as one batch, and counts
// what two of three hold.
class Leader {
 public:
  Leader(const FloorWork& work, OwnDisk& disk, std::array<int, 2> followers)
      : work_(work),
        disk_(disk),
        followers_(followers),
        entry_(work.payload + kPerEntry, 'x'),
        begun_(work.outstanding) {}

  Result<void> run() {
    const double end = now_us() + static_cast<double>(work_.length.count());
    std::uint64_t last = work_.total;
    while (committed_ < last) {
      for (; next_ < last && next_ - committed_ < work_.outstanding; ++next_) {
        begun_[next_ % work_.outstanding] = now_us();
      }
      if (sent_ < next_ && in_flight_.size() < kBatchesInFlight) {
        if (!send()) {
          return system_error("sending to a follower");
        }
      } else if (!wait()) {
        return system_error("waiting for the followers");
      }
      if (now_us() >= end) {
        last = next_;
      }
    }
    return {};
  }
  [[nodiscard]] Latencies& latencies() { return latencies_; }

 private:
  bool send() {
    auto batch = std::make_shared<std::string>(sizeof(Header), '\0');
    batch->reserve(sizeof(Header) + (next_ - sent_) * entry_.size());
    for (std::uint64_t i = sent_; i < next_; ++i) {
      batch->append(entry_);
    }
    const std::string_view body = std::string_view{*batch}.substr(sizeof(Header));
    const Header header{static_cast<std::uint32_t>(body.size()), 0, wire::checksum_of(body), next_};
    std::memcpy(batch->data(), &header, sizeof header);
    for (const int follower : followers_) {
      if (!write_all(follower, batch->data(), batch->size())) {
        return false;
      }
    }
    disk_.write(std::move(batch), next_);
    sent_ = next_;
    in_flight_.push_back(next_);
    return true;
  }

  bool wait() {
    std::array<pollfd, 3> events{
        {{disk_.progress(), POLLIN, 0}, {followers_[0], POLLIN, 0}, {followers_[1], POLLIN, 0}}};
    if (::poll(events.data(), events.size(), -1) < 0) {
      return false;
    }
    if (events[0].revents != 0) {
      std::uint64_t count = 0;
      if (!read_all(disk_.progress(), reinterpret_cast<char*>(&count), sizeof count)) {
        return false;
      }
      durable_[0] = disk_.durable();
    }
    for (std::size_t i = 1; i < events.size(); ++i) {
      std::array<std::uint64_t, 64> answers{};
      if (events[i].revents != 0) {
        const ssize_t got = ::read(events[i].fd, answers.data(), sizeof answers);
        if (got <= 0 || got % 8 != 0) {
          return false;
        }
        durable_[i] = answers[static_cast<std::size_t>(got) / 8 - 1];
      }
    }
    count();
    return true;
  }

  void count() {
    auto sorted = durable_;
    std::ranges::sort(sorted);
    const double now = now_us();
    for (; committed_ < sorted[1]; ++committed_) {
      latencies_.add(now - begun_[committed_ % work_.outstanding]);
    }
    while (!in_flight_.empty() && in_flight_.front() <= committed_) {
      in_flight_.pop_front();
    }
  }

  const FloorWork& work_;
  OwnDisk& disk_;
  std::array<int, 2> followers_;
  std::string entry_;
  std::vector<double> begun_;  // of those outstanding, by number modulo how many may be
  Latencies latencies_;
  std::uint64_t next_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t committed_ = 0;
  std::array<std::uint64_t, 3> durable_{};
  std::deque<std::uint64_t> in_flight_;
};

}  // namespace

Floor::Floor(std::vector<RoundLog> logs) : logs_(std::move(logs)) {}
Floor::~Floor() = default;

Result<std::unique_ptr<Floor>> Floor::open(const std::string& directory) {
  std::vector<RoundLog> logs;
  for (const char* name : {"floor-0", "floor-1", "floor-2"}) {
    auto log = RoundLog::open(directory + "/" + name);
    if (!log) {
      return log.error();
    }
    logs.push_back(std::move(log.value()));
  }
  return std::unique_ptr<Floor>{new Floor{std::move(logs)}};
}

Result<Figures> Floor::measure(const FloorWork& work) {
  auto first = loopback_pair();
  auto second = loopback_pair();
  if (!first || !second) {
    return first ? second.error() : first.error();
  }
  const std::array<int, 2> near{first.value().first.number(), second.value().first.number()};
  std::thread one{follow, std::move(first.value().second), std::ref(logs_[1])};
  std::thread two{follow, std::move(second.value().second), std::ref(logs_[2])};
  Figures figures;
  Result<void> ran;
  {
    OwnDisk disk{logs_[0]};
    Leader leader{work, disk, near};
    const double cpu_before = usage_now().cpu_us;
    const double before = now_us();
    ran = leader.run();
    const double elapsed = now_us() - before;
    const double cpu = usage_now().cpu_us - cpu_before;
    figures = figures_of(leader.latencies(), elapsed, cpu, disk.syncs());
  }
  for (const int end : near) {
    ::shutdown(end, SHUT_RDWR);
  }
  one.join();
  two.join();
  return ran ? Result<Figures>{figures} : Result<Figures>{ran.error()};
}

}  // namespace quorate::bench
