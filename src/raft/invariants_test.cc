// Each rule is shown to be able to fail.
#include "raft/invariants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr NodeId k1{1};
constexpr NodeId k2{2};
constexpr NodeId k3{3};

Position follower() {
  Position at;
  at.id = k1;
  at.term = Term{4};
  at.vote = k2;
  at.leader = k2;
  at.base = at.snapshot = Index{3};
  at.applied = Index{5};
  at.committed = Index{7};
  at.stable = Index{6};
  at.last = {Index{9}, Term{4}};
  at.durable = {Term{4}, k2};
  return at;
}

Position leader() {
  Position at = follower();
  at.role = Role::kLeader;
  at.vote = at.leader = k1;
  at.durable.vote = k1;
  return at;
}

Message from_1(MessageBody body, Term term = Term{4}) { return {k1, k2, term, std::move(body)}; }

TEST(Invariants, HoldOfAnOrdinaryNode) {
  EXPECT_EQ(check_invariants(follower(), follower()), std::nullopt);
  EXPECT_EQ(check_invariants(leader(), leader()), std::nullopt);
}

TEST(Invariants, WatermarksStandInOrder) {
  const auto broken = [](auto change) {
    Position at = follower();
    change(at);
    return check_invariants(follower(), at).value_or("holds");
  };
  EXPECT_THAT(broken([](Position& p) { p.stable = Index{10}; }), HasSubstr("stable <= last"));
  EXPECT_THAT(broken([](Position& p) { p.committed = Index{10}; }), HasSubstr("committed <= last"));
  EXPECT_THAT(broken([](Position& p) {
                p.stable = Index{9};
                p.applied = Index{8};
              }),
              HasSubstr("applied <= committed"));
  EXPECT_THAT(broken([](Position& p) { p.applied = Index{7}; }), HasSubstr("applied <= stable"));
  EXPECT_THAT(broken([](Position& p) { p.snapshot = Index{6}; }), HasSubstr("snapshot <= applied"));
  EXPECT_THAT(broken([](Position& p) { p.base = Index{4}; }), HasSubstr("base <= snapshot"));
}

TEST(Invariants, ARestoreMayMoveTheBaseAheadOfTheMachine) {
  Position at = follower();
  at.restoring = true;
  at.base = at.committed = at.stable = Index{20};
  at.last = {Index{20}, Term{4}};
  EXPECT_EQ(check_invariants(follower(), at), std::nullopt);
}

TEST(Invariants, WhatOnlyGrowsNeverFalls) {
  const auto broken = [](auto change) {
    Position before = follower();
    change(before);
    return check_invariants(before, follower()).value_or("holds");
  };
  EXPECT_THAT(broken([](Position& p) { p.term = Term{5}; }), HasSubstr("terms never fall"));
  EXPECT_THAT(broken([](Position& p) { p.durable.term = Term{5}; }),
              HasSubstr("durable term never falls"));
  EXPECT_THAT(broken([](Position& p) { p.committed = Index{8}; }), HasSubstr("commit never"));
  EXPECT_THAT(broken([](Position& p) { p.applied = Index{6}; }), HasSubstr("applied never"));
  EXPECT_THAT(broken([](Position& p) { p.snapshot = Index{4}; }), HasSubstr("newer one"));
  EXPECT_THAT(broken([](Position& p) { p.base = Index{4}; }), HasSubstr("base never moves back"));
}

TEST(Invariants, OneVoteATerm) {
  Position after = follower();
  after.vote = k3;
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("never changed")));
  after = follower();
  after.durable = {Term{4}, k3};
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("vote on disk")));
  after.durable = {Term{5}, kNobody};
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("never ahead")));
}

TEST(Invariants, AFencedNodeNeitherVotesNorCampaigns) {
  Position before = follower();
  before.fenced = true;
  before.vote = kNobody;
  before.durable.vote = kNobody;
  Position after = before;
  after.vote = k3;
  EXPECT_THAT(check_invariants(before, after), Optional(HasSubstr("no vote while fenced")));
  after = before;
  after.role = Role::kPreCandidate;
  EXPECT_THAT(check_invariants(before, after), Optional(HasSubstr("no campaign while fenced")));
}

TEST(Invariants, RolesKeepTheirPromises) {
  Position after = leader();
  after.durable.vote = kNobody;
  EXPECT_THAT(check_invariants(leader(), after), Optional(HasSubstr("is durable")));
  after = leader();
  after.leader = k2;
  EXPECT_THAT(check_invariants(leader(), after), Optional(HasSubstr("knows itself")));
  after = follower();
  after.role = Role::kCandidate;
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("votes for itself")));
  after = follower();
  after.role = Role::kPreCandidate;
  after.asleep = true;
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("is awake")));
  after = follower();
  after.leader = k3;
  EXPECT_THAT(check_invariants(follower(), after), Optional(HasSubstr("one leader a term")));
  after = leader();
  after.last.index = Index{8};
  EXPECT_THAT(check_invariants(leader(), after), Optional(HasSubstr("only appends")));
}

TEST(MayLeave, NothingButAPreVoteCarriesATermThatIsNotDurable) {
  Position at = follower();
  at.durable = {Term{3}, kNobody};
  EXPECT_THAT(check_may_leave(at, from_1(HeartbeatAnswer{})),
              Optional(HasSubstr("before it is durable")));
  EXPECT_EQ(check_may_leave(at, from_1(PreVote{Term{5}, {}, 1})), std::nullopt);
}

TEST(MayLeave, AVoteIsDurable) {
  Position at = follower();
  at.durable.vote = kNobody;
  EXPECT_THAT(check_may_leave(at, from_1(VoteAnswer{true})), Optional(HasSubstr("a vote leaves")));
  EXPECT_EQ(check_may_leave(at, from_1(VoteAnswer{false})), std::nullopt);
  EXPECT_THAT(check_may_leave(at, from_1(RequestVote{})), Optional(HasSubstr("a vote leaves")));
  at.durable.vote = k2;
  EXPECT_EQ(check_may_leave(at, from_1(VoteAnswer{true})), std::nullopt);
  at.fenced = true;
  EXPECT_THAT(check_may_leave(at, from_1(VoteAnswer{true})), Optional(HasSubstr("fenced")));
  EXPECT_THAT(check_may_leave(at, from_1(PreVoteAnswer{Term{5}, 1, true})),
              Optional(HasSubstr("fenced")));
}

TEST(MayLeave, AnAcknowledgementIsDurable) {
  EXPECT_EQ(check_may_leave(follower(), from_1(AppendAccepted{Index{6}, {}})), std::nullopt);
  EXPECT_THAT(check_may_leave(follower(), from_1(AppendAccepted{Index{7}, {}})),
              Optional(HasSubstr("an acknowledgement")));
  EXPECT_THAT(check_may_leave(follower(), from_1(SnapshotAccepted{Index{7}, {}})),
              Optional(HasSubstr("an acknowledgement")));
  EXPECT_EQ(check_may_leave(follower(), from_1(AppendAccepted{Index{7}, {}}, Term{3})),
            std::nullopt)
      << "of an earlier term, the log may have been truncated since";
}

TEST(MayLeave, NobodyTellsOfACommitThatItDoesNotKnow) {
  EXPECT_EQ(check_may_leave(leader(), from_1(Heartbeat{Index{7}, {}})), std::nullopt);
  const auto at_8 = {from_1(Heartbeat{Index{8}, {}}), from_1(Append{{}, Index{8}, {}, {}}),
                     from_1(ReadIndexAnswer{{}, Index{8}}), from_1(Quiesce{{Index{8}, Term{4}}})};
  for (const Message& message : at_8) {
    EXPECT_THAT(check_may_leave(leader(), message), Optional(HasSubstr("nobody tells")));
  }
}

}  // namespace
}  // namespace quorate
