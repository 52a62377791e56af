#include "sim/env/network.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sim/env/machine.h"
#include "sim/env/stream.h"

namespace quorate::simenv {

namespace {

constexpr Latency kLoopback{Duration{5}, Duration{30}};

bool means_here(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

bool means_any(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

class SimulatedListener final : public env::Listener {
 public:
  explicit SimulatedListener(std::shared_ptr<Port> port) : port_(std::move(port)) {}
  ~SimulatedListener() override { port_->close(); }
  [[nodiscard]] env::Address address() const override { return port_->address(); }

 private:
  std::shared_ptr<Port> port_;
};

}  // namespace

Network::Network(Engine& engine, std::uint64_t seed)
    : engine_(engine), random_(seed * 0x9e3779b97f4a7c15U + 31) {}

// ---- Links

Link& Network::link(const Machine& from, const Machine& to) {
  const auto [found, made] = links_.try_emplace({from.index(), to.index()}, usual_);
  if (made && &from == &to) {
    found->second.latency = kLoopback;
    found->second.bytes_per_us = 0;
  }
  return found->second;
}

void Network::cut(const Machine& from, const Machine& to) { ++link(from, to).cuts; }

void Network::mend(const Machine& from, const Machine& to) {
  Link& one = link(from, to);
  if (one.cuts > 0 && --one.cuts == 0) {
    mended();
  }
}

bool Network::open(const Machine& from, const Machine& to) { return link(from, to).cuts == 0; }

void Network::isolate(const Machine& machine) {
  for (const auto& [name, other] : names_) {
    if (other != &machine && other->name() == name) {
      cut(machine, *other);
      cut(*other, machine);
    }
  }
}

void Network::heal() {
  for (auto& [between, link] : links_) {
    link.cuts = 0;
  }
  mended();
}

void Network::set_all(const Latency& latency, std::uint64_t bytes_per_us) {
  usual_.latency = latency;
  usual_.bytes_per_us = bytes_per_us;
  for (auto& [between, link] : links_) {
    if (between.first != between.second) {
      link.latency = latency;
      link.bytes_per_us = bytes_per_us;
    }
  }
}

void Network::mended() {
  for (auto& end : std::exchange(stalled_, {})) {
    if (!end->try_again()) {
      stalled_.push_back(std::move(end));
    }
  }
  for (const auto& end : ends()) {
    end->ask_for_credit();
  }
}

Instant Network::arrival(const Machine& from, const Machine& to, std::size_t bytes) {
  Link& one = link(from, to);
  one.free_at = std::max(one.free_at, engine_.now());
  if (one.bytes_per_us > 0) {
    one.free_at += Duration{static_cast<Duration::rep>(bytes / one.bytes_per_us)};
  }
  return one.free_at + one.latency.draw(random_);
}

// ---- Streams

std::vector<std::shared_ptr<StreamEnd>> Network::ends() {
  std::vector<std::shared_ptr<StreamEnd>> found;
  std::erase_if(ends_, [&](const auto& weak) {
    auto end = weak.lock();
    if (end == nullptr || end->closed()) {
      return true;
    }
    found.push_back(std::move(end));
    return false;
  });
  return found;
}

void Network::add(const std::shared_ptr<StreamEnd>& end) {
  if (ends_.size() == ends_.capacity()) {
    ends();
  }
  ends_.push_back(end);
}

void Network::reset(const Machine& a, const Machine& b) {
  for (const auto& end : ends()) {
    if ((&end->machine() == &a && end->other() == &b) ||
        (&end->machine() == &b && end->other() == &a)) {
      end->fail_by_reset();
    }
  }
}

void Network::black_hole(const Machine& a, const Machine& b) {
  for (const auto& end : ends()) {
    if ((&end->machine() == &a && end->other() == &b) ||
        (&end->machine() == &b && end->other() == &a)) {
      end->fall_into_hole();
    }
  }
}

std::size_t Network::streams(const Machine& a, const Machine& b) {
  const auto all = ends();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& end) {
    return &end->machine() == &a && end->other() == &b;
  }));
}

void Network::lane_ended(const LaneStrand& lane) {
  for (const auto& end : ends()) {
    if (&end->lane() == &lane) {
      end->close();
    }
  }
}

void Network::vanish(const Machine& machine) {
  for (const auto& end : ends()) {
    if (&end->machine() == &machine) {
      end->vanish();
    }
  }
}

void Network::close_all(const Machine& machine) {
  for (const auto& end : ends()) {
    if (&end->machine() == &machine) {
      end->end_it(random_.one_in(2));
    }
  }
}

std::unique_ptr<env::Stream> Network::connect(const std::shared_ptr<LaneStrand>& lane,
                                              const env::Address& to) {
  auto end = std::make_shared<StreamEnd>(*this, lane, describe(to));
  add(end);
  end->connect(to);
  return own(std::move(end));
}

// ---- Ports

Machine* Network::find(const std::string& host, Machine& from) const {
  if (means_here(host)) {
    return &from;
  }
  const auto found = names_.find(host);
  return found == names_.end() ? nullptr : found->second;
}

std::shared_ptr<Port> Network::port(const Machine& machine, std::uint16_t number) const {
  const auto found = ports_.find({machine.index(), number});
  auto port = found == ports_.end() ? nullptr : found->second.lock();
  return port != nullptr && port->open() ? port : nullptr;
}

std::uint16_t Network::free_port(const Machine& machine) {
  do {
    next_port_ = static_cast<std::uint16_t>(next_port_ < 60'000 ? next_port_ + 1 : 40'000);
  } while (port(machine, next_port_) != nullptr);
  return next_port_;
}

Result<std::unique_ptr<env::Listener>> Network::listen(const std::shared_ptr<LaneStrand>& lane,
                                                       const env::Address& at,
                                                       env::Lane::Accept accept) {
  Machine& machine = lane->machine();
  if (!means_any(at.host) && find(at.host, machine) != &machine) {
    return Error{ErrorCode::kIo,
                 "cannot listen at " + describe(at) + ": it is no address of " + machine.name()};
  }
  env::Address address = at;
  if (address.port == 0) {
    address.port = free_port(machine);
  }
  if (port(machine, address.port) != nullptr) {
    return invalid("cannot listen at " + describe(at) + ": Address already in use");
  }
  auto made = std::make_shared<Port>(lane, address, std::move(accept));
  ports_[{machine.index(), address.port}] = made;
  return std::unique_ptr<env::Listener>{std::make_unique<SimulatedListener>(std::move(made))};
}

}  // namespace quorate::simenv
