#include "bench/trio.h"

#include <arpa/inet.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/statfs.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

namespace quorate::bench {
namespace {

constexpr Duration kPatience = std::chrono::seconds{60};
constexpr Duration kLoadPatience = std::chrono::minutes{60};

// Ports that are free now. Somebody else might take one before it is used: then the member says so.
Result<Members> choose_ports() {
  Members members;
  std::vector<env::Descriptor> held;
  for (std::uint64_t id = 1; id <= Trio::kSize; ++id) {
    env::Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.number(), generic, size) != 0 ||
        ::getsockname(socket.number(), generic, &size) != 0) {
      return env::refused("bind", "a port on 127.0.0.1", errno);
    }
    members.set({NodeId{id}, {"127.0.0.1", ntohs(address.sin_port)}});
    held.push_back(std::move(socket));
  }
  return members;
}

Error unreadable(const std::string& what, const std::string& answer) {
  return Error{ErrorCode::kIo, "a member answered '" + answer + "' to " + what};
}

}  // namespace

Result<std::unique_ptr<TemporaryDirectory>> TemporaryDirectory::make(const std::string& parent) {
  std::string path = parent + "/quorate-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return env::refused("make a directory in", parent, errno);
  }
  return std::unique_ptr<TemporaryDirectory>{new TemporaryDirectory{std::move(path)}};
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code nobody_to_tell;
  std::filesystem::remove_all(path_, nobody_to_tell);
}

bool is_in_memory(const std::string& directory) {
  struct statfs what{};
  return ::statfs(directory.c_str(), &what) == 0 &&
         (what.f_type == TMPFS_MAGIC || what.f_type == RAMFS_MAGIC);
}

Result<std::unique_ptr<Trio>> Trio::make(const TrioSetup& setup) {
  auto directory = TemporaryDirectory::make(setup.parent);
  if (!directory) {
    return directory.error();
  }
  auto members = choose_ports();
  if (!members) {
    return members.error();
  }
  return std::unique_ptr<Trio>{
      new Trio{setup, std::move(directory.value()), std::move(members.value())}};
}

Result<void> Trio::start(std::size_t which) {
  const std::string id = std::to_string(which + 1);
  auto child = Child::start(
      {"quorate", "bench-member", "--id", id, "--dir", directory() + "/n" + id, "--members",
       describe(members_), "--snapshot-bytes", std::to_string(setup_.snapshot_bytes),
       "--quiesce-us", std::to_string(setup_.quiesce_after.count())},
      *setup_.interrupted);
  if (!child) {
    return child.error();
  }
  children_[which] = std::move(child.value());
  return {};
}

Result<void> Trio::start_all() {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (auto started = start(i); !started) {
      return started;
    }
  }
  return {};
}

Result<Trio::Reached> Trio::reached(std::size_t which) {
  const auto answer = at(which).ask("status 1", kPatience);
  if (!answer) {
    return answer.error();
  }
  Reached reached;
  std::string role;
  std::uint64_t leader = 0;
  std::uint64_t term = 0;
  std::istringstream in{answer.value()};
  in >> role >> leader >> term >> reached.committed >> reached.applied;
  return in ? Result<Reached>{reached} : Result<Reached>{unreadable("status", answer.value())};
}

Result<Trio::Led> Trio::led_by(std::size_t which) {
  const auto answer = at(which).ask("leads", kPatience);
  if (!answer) {
    return answer.error();
  }
  Led led;
  std::istringstream in{answer.value()};
  in >> led.groups >> led.elections;
  return in ? Result<Led>{led} : Result<Led>{unreadable("leads", answer.value())};
}

Result<Trio::Led> Trio::led() {
  Led sum;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (!runs(i)) {
      continue;
    }
    const auto each = led_by(i);
    if (!each) {
      return each.error();
    }
    sum.groups += each.value().groups;
    sum.elections += each.value().elections;
  }
  return sum;
}

Result<void> Trio::create(std::uint64_t first, std::uint64_t count) {
  const std::string request = "create " + std::to_string(first) + " " + std::to_string(count);
  std::array<std::string, kSize> tags;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (runs(i)) {
      tags[i] = at(i).send(request);
    }
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    if (runs(i)) {
      if (const auto answer = at(i).await(tags[i], kPatience); !answer) {
        return answer.error();
      }
    }
  }
  return {};
}

Result<std::size_t> Trio::leader() {
  std::vector<Child*> running;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (runs(i)) {
      running.push_back(&at(i));
      places.push_back(i);
    }
  }
  const auto won = Race::run(running, "commit 1", kPatience);
  for (Child* child : running) {
    child->send("cease");
  }
  return won ? Result<std::size_t>{places[won.value().by]} : Result<std::size_t>{won.error()};
}

Result<double> Trio::cpu_of_others(std::size_t than) {
  double sum = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (!runs(i) || i == than) {
      continue;
    }
    const auto answer = at(i).ask("usage", kPatience);
    if (!answer) {
      return answer.error();
    }
    sum += std::strtod(answer.value().c_str(), nullptr);
  }
  return sum;
}

Result<Trio::LoadFigures> Trio::load(const std::string& arguments) {
  constexpr int kTries = 5;
  Result<LoadFigures> done{LoadFigures{}};
  for (int i = 0; i < kTries; ++i) {
    const auto leads = leader();
    if (!leads) {
      return leads.error();
    }
    done = load_once(leads.value(), arguments);
    if (done || setup_.interrupted->load()) {
      return done;
    }
  }
  return done;
}

Result<Trio::LoadFigures> Trio::load_once(std::size_t leader, const std::string& arguments) {
  const auto before = cpu_of_others(leader);
  if (!before) {
    return before.error();
  }
  const auto answer = at(leader).ask("load 1 " + arguments, kLoadPatience);
  if (!answer) {
    return answer.error();
  }
  const auto after = cpu_of_others(leader);
  if (!after) {
    return after.error();
  }
  LoadFigures done;
  double elapsed_us = 0;
  double cpu_us = 0;
  double syncs = 0;
  Figures& figures = done.figures;
  std::istringstream in{answer.value()};
  in >> done.operations >> elapsed_us >> cpu_us >> syncs >> figures.p50_us >> figures.p99_us >>
      figures.p999_us;
  if (!in || done.operations == 0 || elapsed_us <= 0) {
    return unreadable("load", answer.value());
  }
  const auto operations = static_cast<double>(done.operations);
  figures.rate = operations / elapsed_us * 1e6;
  figures.cpu_us_per_op = (cpu_us + after.value() - before.value()) / operations;
  figures.ops_per_fsync = operations / std::max(syncs, 1.0);
  return done;
}

}  // namespace quorate::bench
