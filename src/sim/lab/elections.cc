// Part A: leaders, and nothing but leaders.
#include "sim/lab/scenario.h"

namespace quorate::lab {
namespace {

Task<> initial_election(Tester& t) {
  co_await t.one_leader();
  // Time for all to hear of the election.
  co_await t.pause(milliseconds{50});
  const Term term = t.expect_same_term();
  t.expect(term >= Term{1}, text(term) + " after an election; it must be 1 at least");
  co_await t.pause(2 * kElectionTimeout);
  // Without failures term and leader should stay; the suite only warns where the term moved.
  t.expect_same_term();
  co_await t.one_leader();
}

Task<> re_election(Tester& t) {
  const Peer leader1 = co_await t.one_leader();
  t.disconnect(leader1);
  co_await t.one_leader();

  // The old leader's return disturbs nobody.
  t.connect(leader1);
  const Peer leader2 = co_await t.one_leader();

  // Without a majority there is no leader.
  const Peer next = t.after(leader2, 1);
  t.disconnect(leader2);
  t.disconnect(next);
  co_await t.pause(2 * kElectionTimeout);
  t.expect_no_leader();

  t.connect(next);
  co_await t.one_leader();
  t.connect(leader2);
  co_await t.one_leader();
}

Task<> many_elections(Tester& t) {
  co_await t.one_leader();
  for (int round = 1; round < 10; ++round) {
    const Peer first = t.random_peer();
    const Peer second = t.random_peer();
    const Peer third = t.random_peer();
    t.disconnect(first);
    t.disconnect(second);
    t.disconnect(third);
    // Either the leader is among the four that remain, or they elect one.
    co_await t.one_leader();
    t.connect(first);
    t.connect(second);
    t.connect(third);
  }
  co_await t.one_leader();
}

}  // namespace

std::vector<Scenario> election_scenarios() {
  return {
      {"InitialElection2A", {.peers = 3}, initial_election},
      {"ReElection2A", {.peers = 3}, re_election},
      {"ManyElections2A", {.peers = 7}, many_elections},
  };
}

}  // namespace quorate::lab
