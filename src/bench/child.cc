#include "bench/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "env/posix/clock.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace quorate::bench {
namespace {

constexpr Duration kToStart = std::chrono::seconds{120};  // a long log may have to be read
constexpr Duration kSlice = std::chrono::milliseconds{100};
constexpr std::size_t kNews = 20;

struct Pipe {
  env::Descriptor read;
  env::Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return env::refused("make", "a pipe", errno);
  }
  return Pipe{env::Descriptor{ends[0]}, env::Descriptor{ends[1]}};
}

Result<pid_t> spawn(const std::vector<std::string>& arguments, int in, int out) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) {
    words.push_back(const_cast<char*>(argument.c_str()));
  }
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t process = 0;
  const int error =
      ::posix_spawn(&process, "/proc/self/exe", &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return env::refused("start", "a member's process", error);
  }
  return process;
}

}  // namespace

Child::Child(pid_t process, env::Descriptor in, env::Descriptor out,
             const std::atomic<bool>& interrupted)
    : process_(process), in_(std::move(in)), out_(std::move(out)), interrupted_(interrupted) {}

Child::~Child() { kill(); }

Result<std::unique_ptr<Child>> Child::start(const std::vector<std::string>& arguments,
                                            const std::atomic<bool>& interrupted) {
  auto requests = make_pipe();
  auto answers = make_pipe();
  if (!requests || !answers) {
    return requests ? answers.error() : requests.error();
  }
  const auto process =
      spawn(arguments, requests.value().read.number(), answers.value().write.number());
  if (!process) {
    return process.error();
  }
  std::unique_ptr<Child> child{new Child{process.value(), std::move(requests.value().write),
                                         std::move(answers.value().read), interrupted}};
  answers.value().write = env::Descriptor{};
  const Instant end = env::read_clock() + kToStart;
  while (std::ranges::find(child->news_, "ready") == child->news_.end()) {
    if (const auto read = child->read_some(end - env::read_clock()); !read) {
      return read.error();
    }
  }
  return child;
}

Result<std::string> Child::ask(const std::string& request, Duration patience) {
  return await(send(request), patience);
}

std::string Child::send(const std::string& request) {
  const std::string tag = std::to_string(++tags_);
  const std::string line = tag + " " + request + "\n";
  // A child that is gone is found out by whoever waits for the answer.
  maybe(::write(in_.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  return tag;
}

Result<std::string> Child::await(const std::string& tag, Duration patience) {
  const Instant end = env::read_clock() + patience;
  Result<std::string> answer{std::string{}};
  while (!answered(tag, answer)) {
    if (const auto read = read_some(end - env::read_clock()); !read) {
      return read.error();
    }
  }
  return answer;
}

bool Child::answered(const std::string& tag, Result<std::string>& answer) {
  const auto at = std::ranges::find(answers_, tag, &std::pair<std::string, std::string>::first);
  if (at == answers_.end()) {
    return false;
  }
  const std::string rest = std::move(at->second);
  answers_.erase(at);
  if (rest.starts_with("ok")) {
    answer = rest.size() > 3 ? rest.substr(3) : std::string{};
  } else {
    answer = Error{ErrorCode::kIo, "process " + std::to_string(process_) + ": " + rest};
  }
  return true;
}

// Some of what it says, or an error when that takes too long.
Result<void> Child::read_some(Duration patience) {
  const Instant end = env::read_clock() + patience;
  const std::string name = "process " + std::to_string(process_);
  while (true) {
    if (interrupted_.load()) {
      return Error{ErrorCode::kIo, "interrupted"};
    }
    const Duration left = end - env::read_clock();
    if (left <= Duration{0}) {
      return Error{ErrorCode::kIo, name + " does not answer"};
    }
    pollfd event{out_.number(), POLLIN, 0};
    const auto slice = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kSlice));
    if (::poll(&event, 1, static_cast<int>(slice.count())) > 0) {
      break;
    }
  }
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(out_.number(), buffer.data(), buffer.size());
  if (got <= 0) {
    return Error{ErrorCode::kIo,
                 name + " has ended" + (news_.empty() ? "" : "; it said last: " + news_.back())};
  }
  waiting_.append(buffer.data(), static_cast<std::size_t>(got));
  for (std::size_t at = waiting_.find('\n'); at != std::string::npos; at = waiting_.find('\n')) {
    take(waiting_.substr(0, at));
    waiting_.erase(0, at + 1);
  }
  return {};
}

void Child::take(const std::string& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string first = line.substr(0, space);
  const std::string rest = line.substr(std::min(space + 1, line.size()));
  if (first != "*") {
    answers_.emplace_back(first, rest);
    return;
  }
  if (news_.size() == kNews) {
    news_.erase(news_.begin());
  }
  news_.push_back(rest);
}

void Child::signal(int number) const {
  if (process_ > 0) {
    ::kill(process_, number);
  }
}

void Child::kill() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
  }
}

Result<Race::Won> Race::run(std::span<Child* const> children, const std::string& request,
                            Duration patience) {
  const Instant end = env::read_clock() + patience;
  std::vector<std::string> tags;
  std::vector<pollfd> events;
  for (Child* child : children) {
    tags.push_back(child->send(request));
    events.push_back({child->out_.number(), POLLIN, 0});
  }
  while (env::read_clock() < end) {
    ::poll(events.data(), events.size(), static_cast<int>(kSlice.count() / 1000));
    for (std::size_t i = 0; i < children.size(); ++i) {
      Child& child = *children[i];
      if (events[i].revents != 0) {
        if (const auto read = child.read_some(kSlice); !read) {
          return read.error();
        }
      }
      Result<std::string> answer{std::string{}};
      if (child.answered(tags[i], answer) && answer) {
        return Won{i, std::move(answer.value())};
      }
    }
    if (children.front()->interrupted_.load()) {
      return Error{ErrorCode::kIo, "interrupted"};
    }
  }
  return Error{ErrorCode::kIo, "nobody has answered '" + request + "' in time"};
}

}  // namespace quorate::bench
