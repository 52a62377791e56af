#include "sim/lab/tester.h"

#include <map>

namespace quorate::lab {

std::string text(Peer peer) { return "peer " + std::to_string(peer); }
std::string text(Index index) { return "index " + std::to_string(index.value()); }
std::string text(Term term) { return "term " + std::to_string(term.value()); }

void Tester::connect_all() {
  for (Peer peer = 0; peer < size(); ++peer) {
    connect(peer);
  }
}

void Tester::restart_and_connect_all() {
  for (Peer peer = 0; peer < size(); ++peer) {
    restart_and_connect(peer);
  }
}

void Tester::start_many(Peer peer, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    start(peer, random_command());
  }
}

std::uint64_t Tester::rpcs_handled() const {
  std::uint64_t total = 0;
  for (Peer peer = 0; peer < size(); ++peer) {
    total += cluster_.rpc_count(peer);
  }
  return total;
}

Task<Peer> Tester::one_leader() {
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    co_await pause(milliseconds{450 + below(100)});
    std::map<Term, Peer> leaders;
    for (Peer peer = 0; peer < size(); ++peer) {
      if (!connected(peer) || !state(peer).leader) {
        continue;
      }
      const auto [other, first] = leaders.emplace(state(peer).term, peer);
      expect(first, text(other->first) + " has two leaders: " + text(other->second) + " and " +
                        text(peer));
    }
    if (!leaders.empty()) {
      co_return leaders.rbegin()->second;
    }
  }
  fail("no leader within 5 s");
}

Term Tester::expect_same_term() const {
  std::optional<Term> common;
  for (Peer peer = 0; peer < size(); ++peer) {
    if (!connected(peer)) {
      continue;
    }
    const Term term = state(peer).term;
    expect(!common || *common == term, "peers disagree on the term: " + text(term) + " at " +
                                           text(peer) + ", before it " +
                                           text(common.value_or(term)));
    common = term;
  }
  return common.value_or(Term{});
}

void Tester::expect_no_leader() const {
  for (Peer peer = 0; peer < size(); ++peer) {
    if (connected(peer)) {
      expect(!state(peer).leader, text(peer) + " claims to lead without a majority");
    }
  }
}

std::optional<Index> Tester::offer(Command command, Peer& last_asked) {
  for (std::size_t i = 0; i < size(); ++i) {
    last_asked = after(last_asked, 1);
    if (!connected(last_asked)) {
      continue;
    }
    if (const auto placed = start(last_asked, command)) {
      return placed->index;
    }
  }
  return std::nullopt;
}

Task<Index> Tester::one(Command command, std::size_t want, Retry retry) {
  const Instant give_up = now() + seconds{10};
  Peer last_asked = 0;
  while (now() < give_up) {
    const std::optional<Index> index = offer(command, last_asked);
    if (!index) {
      co_await pause(milliseconds{50});
      continue;
    }
    const Instant offer_again = now() + seconds{2};
    while (now() < offer_again) {
      const Agreement agreement = cluster_.applied_at(*index);
      if (agreement.peers > 0 && agreement.peers >= want && agreement.command == command) {
        co_return *index;
      }
      co_await pause(milliseconds{20});
    }
    if (retry == Retry::kNo) {
      break;
    }
  }
  fail("command " + describe(command) + " was not applied by " + std::to_string(want) +
       " peers within " + (retry == Retry::kYes ? "10 s" : "2 s"));
}

Task<Waited> Tester::wait_applied(Index index, std::size_t want, std::optional<Term> term) {
  constexpr int kRounds = 30;
  Duration delay = milliseconds{10};
  for (int round = 0; round < kRounds && cluster_.applied_at(index).peers < want; ++round) {
    co_await pause(delay);
    delay = delay < seconds{1} ? delay * 2 : delay;
    for (Peer peer = 0; term && peer < size(); ++peer) {
      if (alive(peer) && state(peer).term > *term) {
        co_return Waited{true, std::nullopt};
      }
    }
  }
  const Agreement agreement = cluster_.applied_at(index);
  expect(agreement.peers >= want, "only " + std::to_string(agreement.peers) + " peers applied " +
                                      text(index) + ", not " + std::to_string(want));
  co_return Waited{false, agreement.command};
}

void Tester::expect_not_applied(Index index) const {
  const Agreement agreement = cluster_.applied_at(index);
  expect(agreement.peers == 0, std::to_string(agreement.peers) + " peers applied " + text(index) +
                                   ", which nobody may have");
}

void Tester::expect_state_below(std::size_t bytes) const {
  for (Peer peer = 0; peer < size(); ++peer) {
    const std::size_t held = cluster_.state_size(peer);
    expect(held < bytes, text(peer) + " keeps a log of " + std::to_string(held) +
                             " bytes; with snapshots it must stay below " + std::to_string(bytes));
  }
}

}  // namespace quorate::lab
