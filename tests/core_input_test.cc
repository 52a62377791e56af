// Bad input: options out of range, a state that no disk can hold, messages and completions that
// cannot be right. Each is refused with the field that is wrong, and changes nothing.
#include <gmock/gmock.h>

#include <functional>

#include "member.h"

namespace quorate::rules {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kHuge = std::uint64_t{1} << 62U;
constexpr std::chrono::hours kTooLong{25};

// ---- Options

struct BadOption {
  const char* field;
  std::function<void(Options&)> spoil;
};

std::string refusal_of(const std::function<void(Options&)>& spoil) {
  Options options = plain();
  spoil(options);
  const auto valid = options.validate();
  return valid ? "" : valid.error().message;
}

TEST(Input, EveryOptionOutOfRangeIsNamed) {
  const std::vector<BadOption> bad = {
      {"id", [](Options& o) { o.id = kNobody; }},
      {"heartbeat_interval", [](Options& o) { o.heartbeat_interval = Duration{0}; }},
      {"election_timeout",
       [](Options& o) { o.election_timeout = 2 * o.heartbeat_interval - Duration{1}; }},
      {"election_timeout", [](Options& o) { o.election_timeout = kTooLong; }},
      {"election_jitter", [](Options& o) { o.election_jitter = Duration{-1}; }},
      {"election_jitter", [](Options& o) { o.election_jitter = kTooLong; }},
      {"resend_timeout", [](Options& o) { o.resend_timeout = Duration{0}; }},
      {"snapshot_timeout", [](Options& o) { o.snapshot_timeout = Duration{0}; }},
      {"persist_timeout", [](Options& o) { o.persist_timeout = Duration{0}; }},
      {"read_timeout", [](Options& o) { o.read_timeout = Duration{0}; }},
      {"transfer_timeout", [](Options& o) { o.transfer_timeout = Duration{0}; }},
      {"transfer_timeout", [](Options& o) { o.transfer_timeout = kTooLong; }},
      {"quiesce_after", [](Options& o) { o.quiesce_after = Duration{-1}; }},
      {"quiesce_after", [](Options& o) { o.pre_vote = true, o.quiesce_after = kTooLong; }},
      {"quiesce_after", [](Options& o) { o.pre_vote = false, o.quiesce_after = Duration{1}; }},
      {"quiesce_after",
       [](Options& o) {
         o.pre_vote = true, o.check_quorum = false, o.quiesce_after = Duration{1};
       }},
      {"max_append_bytes", [](Options& o) { o.max_append_bytes = 0; }},
      {"max_inflight_bytes", [](Options& o) { o.max_inflight_bytes = 0; }},
      {"max_inflight_messages", [](Options& o) { o.max_inflight_messages = 0; }},
      {"max_uncommitted_bytes", [](Options& o) { o.max_uncommitted_bytes = 0; }},
      {"max_apply_bytes", [](Options& o) { o.max_apply_bytes = 0; }},
      {"max_pending_reads", [](Options& o) { o.max_pending_reads = 0; }},
      {"lease_reads", [](Options& o) { o.check_quorum = false, o.lease_reads = true; }},
      {"lease_reads",
       [](Options& o) { o.pre_vote = o.lease_reads = true, o.quiesce_after = Duration{1}; }},
      {"lease_drift_permille", [](Options& o) { o.lease_drift_permille = 1000; }},
  };
  for (const BadOption& each : bad) {
    EXPECT_THAT(refusal_of(each.spoil), HasSubstr(each.field));
  }
}

TEST(Input, OptionsAtTheirLimitsAreTaken) {
  const std::vector<std::function<void(Options&)>> good = {
      [](Options& o) { o.heartbeat_interval = Duration{1}; },
      [](Options& o) { o.election_timeout = 2 * o.heartbeat_interval; },
      [](Options& o) { o.election_timeout = o.election_jitter = std::chrono::hours{24}; },
      [](Options& o) { o.election_jitter = Duration{0}; },
      [](Options& o) { o.resend_timeout = o.read_timeout = o.transfer_timeout = Duration{1}; },
      [](Options& o) { o.snapshot_timeout = o.persist_timeout = std::chrono::hours{24}; },
      [](Options& o) { o.pre_vote = true, o.quiesce_after = std::chrono::hours{24}; },
      [](Options& o) { o.pre_vote = true, o.quiesce_after = Duration{1}; },
      [](Options& o) { o.max_append_bytes = o.max_inflight_bytes = o.max_inflight_messages = 1; },
      [](Options& o) { o.max_uncommitted_bytes = o.max_apply_bytes = o.max_pending_reads = 1; },
      [](Options& o) { o.lease_reads = true, o.lease_drift_permille = 999; },
      [](Options& o) { o.pre_vote = o.check_quorum = false; },
  };
  for (const auto& spoil : good) {
    EXPECT_EQ(refusal_of(spoil), "");
  }
  Options bad = plain();
  bad.id = kNobody;
  EXPECT_FALSE(Raft::create(bad, fresh(), Instant{}).ok());
}

// ---- What a disk held

std::string refusal_of(const Restored& restored) {
  const auto valid = restored.validate();
  return valid ? "" : valid.error().message;
}

SnapshotMeta snapshot_at(LogPosition last) { return {last, voters({1, 2, 3}), Index{1}}; }

TEST(Input, RestoredStatesThatCannotBeAreRefused) {
  const auto restored = [](HardState state, LogPosition snapshot, LogPosition base,
                           std::vector<Entry> entries, std::uint64_t applied) {
    const auto result = Restored::from_entries(state, snapshot_at(snapshot), base,
                                               std::move(entries), Index{applied});
    return result ? std::string{} : result.error().message;
  };
  const HardState state{Term{3}, kNobody};
  EXPECT_EQ(restored(state, at(2, 1), at(2, 1), {entry(3, 2)}, 2), "");
  EXPECT_EQ(restored(state, at(3, 2), at(2, 1), {entry(3, 2)}, 3), "");
  EXPECT_THAT(restored(state, at(2, 1), at(3, 1), {}, 3), HasSubstr("after its snapshot"));
  EXPECT_THAT(restored(state, at(4, 2), at(2, 1), {entry(3, 2)}, 4),
              HasSubstr("before its snapshot"));
  EXPECT_THAT(restored(state, at(2, 1), at(2, 1), {entry(3, 2)}, 1), HasSubstr("has applied 1"));
  EXPECT_THAT(restored(state, at(2, 1), at(2, 1), {entry(3, 2)}, 4), HasSubstr("has applied 4"));
  EXPECT_THAT(restored(state, at(2, 1), at(2, 1), {entry(3, 4)}, 2), HasSubstr("hard state"));
  EXPECT_EQ(restored(state, at(2, 1), at(2, 1), {entry(3, 3)}, 3), "");
  EXPECT_THAT(restored(state, at(3, 1), at(2, 1), {entry(3, 2)}, 3),
              HasSubstr("not of the same term"));
  EXPECT_THAT(restored(state, at(2, 1), at(2, 1), {entry(4, 2)}, 2), HasSubstr("does not follow"));
  EXPECT_THAT(restored(state, at(2, 2), at(2, 2), {entry(3, 1)}, 2), HasSubstr("does not follow"));
  EXPECT_THAT(restored(state, {}, {}, {entry(1, 0)}, 0), HasSubstr("does not follow"));
}

TEST(Input, RestoredConfigurationsMustBeInTheLogAndInOrder) {
  Restored restored = with_terms({1, 1, 1});
  EXPECT_EQ(refusal_of(restored), "");
  restored.configurations = {{Index{2}, voters({1, 2})}, {Index{3}, voters({1, 2, 3})}};
  EXPECT_EQ(refusal_of(restored), "");
  restored.configurations.back().index = Index{2};
  EXPECT_THAT(refusal_of(restored), HasSubstr("order"));
  restored.configurations.back().index = Index{4};
  EXPECT_THAT(refusal_of(restored), HasSubstr("beyond"));
  restored.configurations = {{Index{2}, voters({2, 1})}};
  EXPECT_THAT(refusal_of(restored), HasSubstr("sorted"));
  restored.configurations.clear();
  restored.snapshot.configuration.voters.clear();
  EXPECT_EQ(refusal_of(restored), "");  // a node that waits to be added
  restored.snapshot.configuration.learners = {n(4)};
  EXPECT_NE(refusal_of(restored), "");
}

TEST(Input, RestoredEntriesMustBeTheNewestOfTheLog) {
  Restored restored = with_terms({1, 1, 2});
  restored.tail.erase(restored.tail.begin());
  EXPECT_EQ(refusal_of(restored), "");
  restored.tail.back().term = Term{1};
  EXPECT_THAT(refusal_of(restored), HasSubstr("not the entry"));
  restored.tail.pop_back();
  EXPECT_THAT(refusal_of(restored), HasSubstr("not the entry"));
  restored.tail.assign(4, entry(1, 1));
  EXPECT_THAT(refusal_of(restored), HasSubstr("more than the log holds"));
}

// ---- Messages and completions

// What a member says to an event that cannot be right; it stands as it stood.
std::string refusal_of(const Member& member, const Event& event) {
  Raft raft = member.raft();
  Output output;
  const Position before = raft.at();
  const auto taken = raft.step(member.now(), event, output);
  if (!taken) {
    EXPECT_EQ(raft.at(), before);
    EXPECT_TRUE(output.send_now.empty());
    return taken.error().message;
  }
  return "";
}

std::string refusal_of(const Member& member, std::uint64_t term, MessageBody body) {
  return refusal_of(member, Received{{n(2), n(1), Term{term}, std::move(body)}});
}

TEST(Input, AMessageHasASenderAnAddresseeAndATerm) {
  const Member member;
  const MessageBody body = StaleTerm{};
  EXPECT_EQ(refusal_of(member, Received{{n(2), n(1), Term{1}, body}}), "");
  EXPECT_THAT(refusal_of(member, Received{{n(2), n(3), Term{1}, body}}), HasSubstr("to: n3"));
  EXPECT_THAT(refusal_of(member, Received{{kNobody, n(1), Term{1}, body}}), HasSubstr("from:"));
  EXPECT_THAT(refusal_of(member, Received{{n(1), n(1), Term{1}, body}}), HasSubstr("from:"));
  EXPECT_THAT(refusal_of(member, 0, body), HasSubstr("term: 0"));
  EXPECT_THAT(refusal_of(member, kHuge, body), HasSubstr("term:"));
  EXPECT_EQ(refusal_of(member, kHuge - 1, body), "");
  EXPECT_EQ(refusal_of(member, 0, PreVote{Term{1}, {}, 1}), "");
  EXPECT_EQ(refusal_of(member, 0, PreVoteAnswer{Term{1}, 1, true}), "");
  EXPECT_EQ(refusal_of(member, 0, Removed{at(1, 1)}), "");
}

TEST(Input, PositionsAreWholeAndNotBeyondAllCounting) {
  const Member member;
  for (const LogPosition wrong : {at(0, 1), at(1, 0), at(kHuge, 1), at(1, kHuge)}) {
    EXPECT_THAT(refusal_of(member, 1, PreVote{Term{2}, wrong, 1}), HasSubstr("last"));
    EXPECT_THAT(refusal_of(member, 1, RequestVote{wrong, false}), HasSubstr("last"));
    EXPECT_THAT(refusal_of(member, 1, Quiesce{wrong}), HasSubstr("last"));
    EXPECT_THAT(refusal_of(member, 1, Removed{wrong}), HasSubstr("as_of"));
    EXPECT_THAT(refusal_of(member, 1, Append{wrong, {}, Round{1}, {}}), HasSubstr("prev"));
    const SnapshotMeta meta{wrong, voters({1}), Index{}};
    EXPECT_THAT(refusal_of(member, 1, InstallSnapshot{meta, Round{1}}), HasSubstr("snapshot.last"));
  }
  EXPECT_EQ(refusal_of(member, kHuge - 1, RequestVote{at(kHuge - 1, kHuge - 1), false}), "");
  EXPECT_THAT(refusal_of(member, 2, PreVote{Term{2}, {}, 1}), HasSubstr("candidate_term"));
}

TEST(Input, EntriesFollowEachOtherAndTheirSendersTerm) {
  const Member member;
  const auto refused = [&](LogPosition prev, std::vector<Entry> entries) {
    return refusal_of(member, 3, Append{prev, {}, Round{1}, std::move(entries)});
  };
  EXPECT_EQ(refused({}, {entry(1, 1), entry(2, 3)}), "");
  EXPECT_EQ(refused(at(4, 3), {entry(5, 3)}), "");
  EXPECT_THAT(refused(at(4, 4), {}), HasSubstr("prev: its term"));
  EXPECT_THAT(refused({}, {entry(2, 1)}), HasSubstr("does not follow"));
  EXPECT_THAT(refused({}, {entry(1, 1), entry(1, 1)}), HasSubstr("does not follow"));
  EXPECT_THAT(refused({}, {entry(1, 2), entry(2, 1)}), HasSubstr("term of"));
  EXPECT_THAT(refused({}, {entry(1, 4)}), HasSubstr("term of"));
  EXPECT_THAT(refused({}, {entry(1, 0)}), HasSubstr("term of"));
  Entry configuration = entry(1, 1, voters({1, 2}));
  EXPECT_EQ(refused({}, {configuration}), "");
  configuration.payload = Bytes::copy_of(std::string_view{"?"});
  EXPECT_THAT(refused({}, {configuration}), HasSubstr("configuration"));
}

TEST(Input, WhatIsCommittedHereIsInEveryLeadersLog) {
  const Member member{plain(), with_terms({1, 2, 2}, 2)};
  const auto append = [&](std::uint64_t term, LogPosition prev, std::vector<Entry> entries) {
    return refusal_of(member, term, Append{prev, {}, Round{1}, std::move(entries)});
  };
  EXPECT_EQ(append(3, at(2, 2), {}), "");
  EXPECT_EQ(append(3, at(1, 1), {entry(2, 2), entry(3, 3)}), "");
  EXPECT_THAT(append(3, at(2, 1), {}), HasSubstr("committed here"));
  EXPECT_THAT(append(3, at(1, 1), {entry(2, 1)}), HasSubstr("committed here"));
  EXPECT_THAT(append(3, at(1, 1), {entry(2, 3), entry(3, 3)}), HasSubstr("committed here"));
  EXPECT_EQ(append(1, at(1, 1), {entry(2, 1)}), "");  // an old leader's: answered with our term
  const auto snapshot = [&](std::uint64_t term, LogPosition last) {
    return refusal_of(member, term, InstallSnapshot{{last, voters({1}), Index{}}, Round{1}});
  };
  EXPECT_EQ(snapshot(3, at(5, 2)), "");
  EXPECT_EQ(snapshot(3, at(1, 1)), "");
  EXPECT_THAT(snapshot(3, at(5, 1)), HasSubstr("below what is committed here"));
  EXPECT_EQ(snapshot(1, at(5, 1)), "");
}

TEST(Input, SnapshotsAndHeartbeatsKeepToWhatCanBe) {
  const Member member{plain(), with_terms({1, 1})};
  SnapshotMeta meta{at(5, 2), voters({1, 2, 3}), Index{5}};
  EXPECT_EQ(refusal_of(member, 2, InstallSnapshot{meta, Round{1}}), "");
  EXPECT_THAT(refusal_of(member, 1, InstallSnapshot{meta, Round{1}}), HasSubstr("cannot be"));
  meta.configuration_index = Index{6};
  EXPECT_THAT(refusal_of(member, 2, InstallSnapshot{meta, Round{1}}),
              HasSubstr("beyond the snapshot"));
  meta = {at(5, 2), {}, Index{5}};
  EXPECT_NE(refusal_of(member, 2, InstallSnapshot{meta, Round{1}}), "");
  meta = {{}, voters({1}), Index{}};
  EXPECT_THAT(refusal_of(member, 2, InstallSnapshot{meta, Round{1}}), HasSubstr("cannot be"));
  EXPECT_EQ(refusal_of(member, 1, Heartbeat{Index{2}, Round{1}}), "");
  EXPECT_THAT(refusal_of(member, 1, Heartbeat{Index{3}, Round{1}}), HasSubstr("beyond the log"));
}

TEST(Input, AnswersToALeaderNameWhatItHasSaid) {
  const Member member = leading();  // one entry; round 1
  EXPECT_EQ(refusal_of(member, 1, AppendAccepted{Index{1}, Round{1}}), "");
  EXPECT_THAT(refusal_of(member, 1, AppendAccepted{Index{2}, Round{1}}), HasSubstr("match"));
  EXPECT_THAT(refusal_of(member, 1, SnapshotAccepted{Index{2}, Round{1}}), HasSubstr("match"));
  EXPECT_THAT(refusal_of(member, 1, AppendAccepted{Index{1}, Round{9}}), HasSubstr("round: 9"));
  EXPECT_THAT(refusal_of(member, 1, HeartbeatAnswer{Round{9}}), HasSubstr("round: 9"));
  EXPECT_THAT(refusal_of(member, 1, TryLater{Round{9}}), HasSubstr("round: 9"));
  EXPECT_EQ(refusal_of(member, 2, HeartbeatAnswer{Round{9}}), "");  // of a term that follows
  const auto rejected = [&](std::uint64_t last, std::vector<TermRun> runs, std::uint64_t round) {
    return refusal_of(member, 1,
                      AppendRejected{Index{4}, Index{last}, std::move(runs), Round{round}});
  };
  EXPECT_EQ(rejected(4, {{Index{4}, Term{1}}, {Index{0}, Term{0}}}, 1), "");
  EXPECT_THAT(rejected(5, {{Index{0}, Term{0}}}, 1), HasSubstr("beyond prev"));
  EXPECT_THAT(rejected(4, {}, 1), HasSubstr("runs: none"));
  EXPECT_THAT(rejected(4, {{Index{5}, Term{1}}}, 1), HasSubstr("runs"));
  EXPECT_THAT(rejected(4, {{Index{2}, Term{2}}, {Index{2}, Term{1}}}, 1), HasSubstr("runs"));
  EXPECT_THAT(rejected(4, {}, 9), HasSubstr("round: 9"));
}

TEST(Input, ReadsAreNumbered) {
  EXPECT_THAT(refusal_of(leading(), 1, ReadIndex{{1, 0}, false}), HasSubstr("batch"));
  Member member = following();
  member.read(1);  // batch 1 of boot 1
  EXPECT_EQ(refusal_of(member, 1, ReadIndexAnswer{{1, 1}, Index{}}), "");
  EXPECT_THAT(refusal_of(member, 1, ReadIndexAnswer{{1, 2}, Index{}}), HasSubstr("never asked"));
  EXPECT_THAT(refusal_of(member, 1, ReadIndexAnswer{{1, 0}, Index{}}), HasSubstr("never asked"));
  EXPECT_THAT(refusal_of(member, 1, ReadIndexRefused{{1, 2}}), HasSubstr("never asked"));
  EXPECT_EQ(refusal_of(member, 1, ReadIndexAnswer{{7, 2}, Index{}}), "");  // an earlier life's
}

TEST(Input, CompletionsAreOfWhatWasAskedFor) {
  Member member = leading();
  member.propose(1);
  EXPECT_THAT(refusal_of(member, Persisted{Ticket{99}}), HasSubstr("never issued"));
  EXPECT_THAT(refusal_of(member, Applied{Index{2}}), HasSubstr("never handed out"));
  EXPECT_THAT(refusal_of(member, Applied{Index{0}}), HasSubstr("behind"));
  EXPECT_EQ(refusal_of(member, Applied{Index{1}}), "");
  EXPECT_THAT(refusal_of(member, SnapshotTaken{Index{2}}), HasSubstr("not applied yet"));
  EXPECT_EQ(refusal_of(member, SnapshotTaken{Index{1}}), "");
  const auto read = [&](std::uint64_t reader, std::vector<Entry> entries) {
    return refusal_of(member, EntriesRead{n(reader), Index{1}, std::move(entries)});
  };
  const Entry first{Term{1}, Index{1}, EntryKind::kEmpty, {}};
  EXPECT_EQ(read(2, {first}), "");
  EXPECT_EQ(read(2, {first, entry(2, 1)}), "");
  EXPECT_THAT(read(2, {}), HasSubstr("no entry"));
  EXPECT_THAT(read(2, {entry(2, 1)}), HasSubstr("was asked for"));
  EXPECT_THAT(read(2, {entry(1, 2)}), HasSubstr("not the entry"));
  EXPECT_THAT(read(2, {first, entry(2, 1), entry(3, 1)}), HasSubstr("beyond"));
  EXPECT_THAT(read(1, {first, entry(2, 1)}), HasSubstr("beyond"));
  EXPECT_EQ(refusal_of(member, EntriesRead{n(2), Index{1}, corrupt("gone")}), "");
}

TEST(Input, ChangesNameVotersAndNotTheOldOnes) {
  const Member member = leading();
  Configuration target = voters({1, 2});
  EXPECT_EQ(refusal_of(member, ChangeMembership{RequestId{1}, target}), "");
  target.old_voters = {n(1)};
  EXPECT_THAT(refusal_of(member, ChangeMembership{RequestId{1}, target}), HasSubstr("old_voters"));
  EXPECT_NE(refusal_of(member, ChangeMembership{RequestId{1}, voters({})}), "");
  EXPECT_NE(refusal_of(member, ChangeMembership{RequestId{1}, voters({2, 1})}), "");
}

TEST(Input, TimeNeverGoesBack) {
  Member member;
  member.pass(milliseconds{5});
  Raft raft = member.raft();
  Output output;
  EXPECT_TRUE(raft.step(member.now(), Tick{}, output).ok());
  const auto back = raft.step(member.now() - Duration{1}, Tick{}, output);
  ASSERT_FALSE(back.ok());
  EXPECT_THAT(back.error().message, HasSubstr("now"));
}

}  // namespace
}  // namespace quorate::rules
