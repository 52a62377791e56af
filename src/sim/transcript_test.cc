#include "sim/transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quorate::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TranscriptRun run(const std::string& text) { return run_transcript(text).value(); }

TEST(Transcript, WritesWhatHappensUnderEachCommandAndIsThenStable) {
  const TranscriptRun first = run("# one node\nnodes 1 pre_vote=off\n\ncampaign 1\n  nonsense\n");
  EXPECT_THAT(first.failures, IsEmpty());
  EXPECT_THAT(first.text, HasSubstr("# one node\nnodes 1 pre_vote=off\n\ncampaign 1\n  [n1 "));
  EXPECT_THAT(first.text, Not(HasSubstr("nonsense")));
  EXPECT_EQ(run(first.text).text, first.text);
}

TEST(Transcript, AConditionThatDoesNotHoldIsAFailureAndIsNotRewritten) {
  const TranscriptRun result = run("nodes 3\nexpect leader 1\n");
  EXPECT_EQ(result.text, "nodes 3\nexpect leader 1\n");
  EXPECT_THAT(result.failures, ElementsAre("line 2: expect leader 1: it is a follower"));
}

TEST(Transcript, AStepThatMeansNothingIsAFailure) {
  EXPECT_THAT(run("nodes 3\npersist 1\n").failures, ElementsAre(HasSubstr("means nothing here")));
}

TEST(Transcript, AnExpectedViolationThatDoesNotComeIsAFailure) {
  const std::string text = "nodes 2 pre_vote=off\nelect 1\nexpect violation Commit\n";
  EXPECT_THAT(run(text).failures, ElementsAre(HasSubstr("there is none")));
}

TEST(Transcript, WhatCannotBeUnderstoodIsAnError) {
  const auto error = [](const std::string& text) {
    const auto result = run_transcript(text);
    return result.ok() ? "none" : result.error().message;
  };
  EXPECT_THAT(error(""), HasSubstr("begins with `nodes N`"));
  EXPECT_THAT(error("elect 1\n"), HasSubstr("begins with `nodes N`"));
  EXPECT_THAT(error("nodes 3 colour=red\n"), HasSubstr("'colour=red'"));
  EXPECT_THAT(error("nodes 3\nelect 9\n"), HasSubstr("line 2: elect 9: '9'"));
  EXPECT_THAT(error("nodes 3\nexpect happiness 1\n"), HasSubstr("'happiness' is no condition"));
  EXPECT_THAT(error("nodes 3\nrun soon\n"), HasSubstr("a duration"));
  EXPECT_THAT(error("nodes 3\nshow me\n"), HasSubstr("all, changes or nothing"));
}

TEST(Transcript, AHeaderReadsBackAsTheSameSetup) {
  const std::string header =
      "nodes 4 members={1,2}+{3} disk=slow machine=durable heartbeat_interval=10ms pre_vote=off "
      "max_append_bytes=100 seed=7";
  const auto setup = parse_header(header);
  ASSERT_TRUE(setup.ok()) << setup.error().message;
  EXPECT_EQ(header_of(setup.value()), header);
  EXPECT_EQ(setup.value().options.max_append_bytes, 100U);
  EXPECT_FALSE(setup.value().instant_disk);
}

TEST(Transcript, StepsBecomeATranscriptThatReplaysThem) {
  const Stage::Setup setup = parse_header("nodes 3 pre_vote=off").value();
  const std::vector<Step> steps = {parse_step("campaign 1").value(),
                                   parse_step("deliver 1->2 request-vote").value()};
  const std::string text = transcript_of(setup, steps, "found by\nthe explorer");
  EXPECT_EQ(text,
            "# found by\n# the explorer\nnodes 3 pre_vote=off\ncampaign 1\ndeliver 1->2 "
            "request-vote\n");
  EXPECT_THAT(run(text).failures, IsEmpty());
}

}  // namespace
}  // namespace quorate::sim
