#include "bench/member.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "bench/load.h"
#include "bench/slots.h"
#include "bench/usage.h"

namespace quorate::bench {
namespace {

// Between two tries of a commit: short against what is measured, long against what a try costs.
constexpr auto kBetweenTries = std::chrono::milliseconds{1};

bool is_tcp(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

// Connecting a TCP socket to nowhere ends its connection with a reset.
std::size_t reset_connections() {
  std::size_t count = 0;
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", gone)) {
    const int descriptor = std::atoi(entry.path().filename().c_str());
    if (is_tcp(descriptor) && ::connect(descriptor, &nowhere, sizeof nowhere) == 0) {
      ++count;
    }
  }
  return count;
}

// Waits for one outcome.
class Outcomes {
 public:
  Done taker() {
    return [this](Outcome outcome) {
      const std::lock_guard hold{mutex_};
      outcome_ = std::move(outcome);
      came_.notify_one();
    };
  }
  Outcome wait() {
    std::unique_lock hold{mutex_};
    came_.wait(hold, [this] { return outcome_.has_value(); });
    return *std::exchange(outcome_, std::nullopt);
  }
  void pause(Duration length) {
    std::unique_lock hold{mutex_};
    came_.wait_for(hold, length);
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<Outcome> outcome_;
};

}  // namespace

Result<Members> parse_members(const std::string& text) {
  Members members;
  std::istringstream in{text};
  for (std::string each; std::getline(in, each, ',');) {
    std::uint64_t id = 0;
    const std::size_t equals = std::min(each.find('='), each.size());
    const auto parsed = std::from_chars(each.data(), each.data() + equals, id);
    if (parsed.ec != std::errc{} || parsed.ptr != each.data() + equals || id == 0 ||
        equals == each.size()) {
      return invalid("members: '" + each + "' is no member; write ID=HOST:PORT");
    }
    auto address = env::Address::parse(each.substr(equals + 1));
    if (!address) {
      return address.error();
    }
    members.set({NodeId{id}, std::move(address.value())});
  }
  return members;
}

std::string describe(const Members& members) {
  std::string text;
  for (const Member& member : members.all()) {
    text += (text.empty() ? "" : ",") + std::to_string(member.id.value()) + "=" +
            env::describe(member.address);
  }
  return text;
}

// ---- Beginning and end

Result<std::unique_ptr<MemberProcess>> MemberProcess::open(const MemberSetup& setup) {
  const Member* self = setup.members.find(setup.id);
  if (self == nullptr) {
    return invalid("members: n" + std::to_string(setup.id.value()) + " is not among them");
  }
  std::unique_ptr<MemberProcess> process{new MemberProcess{setup}};
  NodeOptions options;
  options.cluster = setup.cluster;
  options.id = setup.id;
  options.directory = setup.directory;
  options.create = true;
  options.listen = setup.listen.port != 0 ? setup.listen : self->address;
  options.log.segment_bytes = setup.segment_bytes;
  options.core.quiesce_after = setup.quiesce_after;
  options.snapshots.after_bytes = setup.snapshot_bytes;
  for (const Member& member : setup.members.all()) {
    options.contacts[member.id] = member.address;
  }
  env::Files& files = process->env_.files();
  auto node = Node::open(
      process->env_, options,
      [&files](GroupId /*group*/) { return std::make_unique<Slots>(files); }, process.get());
  if (!node) {
    return node.error();
  }
  process->node_ = std::move(node.value());
  return process;
}

MemberProcess::~MemberProcess() {
  ++ceased_;
  for (std::thread& task : tasks_) {
    task.join();
  }
  node_.reset();
}

void MemberProcess::run(int in, int out) {
  out_ = out;
  say("* ready");
  std::string waiting;
  std::array<char, 4096> buffer{};
  while (!ended_) {
    const ssize_t got = ::read(in, buffer.data(), buffer.size());
    if (got <= 0) {
      return;
    }
    waiting.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = waiting.find('\n'); end != std::string::npos; end = waiting.find('\n')) {
      handle(waiting.substr(0, end));
      waiting.erase(0, end + 1);
    }
  }
}

// A line is one write, so that those of different lanes do not mix. Who does not listen any more is
// about to end this process.
void MemberProcess::say(const std::string& line) {
  if (out_ >= 0) {
    const std::string whole = line + "\n";
    const std::lock_guard hold{speaking_};
    maybe(::write(out_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()));
  }
}

void MemberProcess::happened(GroupId group, const Position& at, Happened what) {
  const std::lock_guard hold{leading_};
  elections_ += what == Happened::kBecameLeader ? 1 : 0;
  if (at.role == Role::kLeader) {
    led_.insert(group);
  } else {
    led_.erase(group);
  }
}

void MemberProcess::later(std::function<void()> task) { tasks_.emplace_back(std::move(task)); }

// ---- Requests

// Whom to answer; says so once.
class MemberProcess::Answer {
 public:
  Answer(MemberProcess& process, std::string tag) : process_(&process), tag_(std::move(tag)) {}
  void ok(const std::string& values = {}) const {
    process_->say(tag_ + " ok" + (values.empty() ? "" : " " + values));
  }
  void error(const std::string& why) const { process_->say(tag_ + " error " + why); }

 private:
  MemberProcess* process_;
  std::string tag_;
};

void MemberProcess::handle(const std::string& line) {
  std::istringstream in{line};
  std::string tag;
  std::string verb;
  in >> tag >> verb;
  const Answer answer{*this, tag};
  std::uint64_t group = 0;
  std::uint64_t number = 0;
  std::string value;
  if (verb == "create" && in >> group >> number) {
    create(answer, group, number);
  } else if (verb == "status" && in >> group) {
    status(answer, GroupId{group});
  } else if (verb == "put" && in >> group >> number >> value) {
    put(answer, GroupId{group}, static_cast<std::uint32_t>(number), value);
  } else if ((verb == "get" || verb == "peek") && in >> group >> number) {
    read(answer, GroupId{group}, verb == "get" ? ReadKind::kLinearizable : ReadKind::kLocal,
         static_cast<std::uint32_t>(number));
  } else if (verb == "hash" && in >> group) {
    hash(answer, GroupId{group});
  } else if (verb == "commit" && in >> group) {
    later([this, answer, group] { commit(answer, GroupId{group}); });
  } else if (verb == "cease") {
    ++ceased_;
    answer.ok();
  } else if (verb == "load") {
    std::getline(in, value);
    later([this, answer, value] { load(answer, value); });
  } else if (verb == "usage") {
    const Usage usage = usage_now();
    answer.ok(std::to_string(usage.cpu_us) + " " + std::to_string(usage.resident_bytes) + " " +
              std::to_string(node_->syncs()));
  } else if (verb == "leads") {
    const std::lock_guard hold{leading_};
    answer.ok(std::to_string(led_.size()) + " " + std::to_string(elections_));
  } else if (verb == "reset") {
    answer.ok(std::to_string(reset_connections()));
  } else if (verb == "quit") {
    quit(answer);
  } else {
    answer.error("'" + line + "' is no request; src/bench/member.h has them");
  }
}

void MemberProcess::create(Answer answer, std::uint64_t first, std::uint64_t count) {
  const auto left = std::make_shared<std::atomic<std::uint64_t>>(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    node_->create(GroupId{first + i}, setup_.members, [answer, left](const Outcome& outcome) {
      if (outcome.fate != Fate::kDone) {
        answer.error(describe(outcome));
      } else if (left->fetch_sub(1) == 1) {
        answer.ok();
      }
    });
  }
}

void MemberProcess::status(Answer answer, GroupId group) {
  node_->status(group, [answer](const Result<Status>& status) {
    if (!status) {
      return answer.error(status.error().message);
    }
    const Position& at = status.value().at;
    std::ostringstream text;
    text << describe(at.role) << ' ' << at.leader.value() << ' ' << at.term.value() << ' '
         << at.committed.value() << ' ' << at.applied.value() << ' ' << at.last.index.value();
    answer.ok(text.str());
  });
}

void MemberProcess::put(Answer answer, GroupId group, std::uint32_t key, const std::string& value) {
  node_->propose(group, Slots::command(key, value), [answer](const Outcome& outcome) {
    if (outcome.fate == Fate::kDone) {
      return answer.ok(std::to_string(outcome.position.index.value()));
    }
    answer.error(describe(outcome));
  });
}

void MemberProcess::read(Answer answer, GroupId group, ReadKind kind, std::uint32_t key) {
  node_->read(group, kind, [answer, key](const Outcome& outcome, StateMachine* machine) {
    if (machine == nullptr) {
      return answer.error(describe(outcome));
    }
    answer.ok(std::string{static_cast<Slots*>(machine)->get(key)});
  });
}

void MemberProcess::hash(Answer answer, GroupId group) {
  node_->read(group, ReadKind::kLocal, [answer](const Outcome& outcome, StateMachine* machine) {
    if (machine == nullptr) {
      return answer.error(describe(outcome));
    }
    answer.ok(std::to_string(machine->hash()));
  });
}

// ---- What takes its time

void MemberProcess::commit(const Answer& answer, GroupId group) {
  const std::uint64_t ceased = ceased_;
  Outcomes outcomes;
  for (std::uint64_t tries = 1; ceased_ == ceased; ++tries) {
    node_->propose(group, Slots::command(0, "again"), outcomes.taker());
    if (outcomes.wait().fate == Fate::kDone) {
      return answer.ok(std::to_string(tries));
    }
    outcomes.pause(kBetweenTries);
  }
  answer.error("unknown: told to cease");
}

void MemberProcess::load(const Answer& answer, const std::string& arguments) {
  LoadWork work;
  std::uint64_t group = 0;
  std::int64_t length = 0;
  std::istringstream in{arguments};
  in >> group >> work.payload >> work.outstanding >> work.total >> length >> work.keys;
  if (!in || work.outstanding == 0 || work.keys == 0 || work.keys > Slots::kKeys) {
    return answer.error("load: write GROUP PAYLOAD OUTSTANDING TOTAL LENGTH_US KEYS");
  }
  work.groups = {GroupId{group}};
  if (group == 0) {
    const std::lock_guard hold{leading_};
    work.groups.assign(led_.begin(), led_.end());
  }
  if (work.groups.empty()) {
    return answer.error("load: no group is led here");
  }
  work.length = Duration{length};
  Load load{*node_, work};
  auto done = load.run();
  if (!done) {
    return answer.error(done.error().message);
  }
  LoadDone& figures = done.value();
  std::ostringstream text;
  text << figures.operations << ' ' << figures.elapsed_us << ' ' << figures.cpu_us << ' '
       << figures.syncs << ' ' << figures.latencies.permille(500) << ' '
       << figures.latencies.permille(990) << ' ' << figures.latencies.permille(999);
  answer.ok(text.str());
}

void MemberProcess::quit(Answer answer) {
  Outcomes stopped;
  node_->stop([done = stopped.taker()] { done({}); });
  stopped.wait();
  answer.ok();
  ended_ = true;
}

}  // namespace quorate::bench
