#include "sim/step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace quorate::sim {
namespace {

using testing::HasSubstr;

NodeId any_node() { return NodeId{*rc::gen::inRange<std::uint64_t>(1, 9)}; }
RequestId any_request() { return RequestId{*rc::gen::inRange<std::uint64_t>(0, 99)}; }
std::string any_text() { return *rc::gen::string<std::string>(); }

Pick any_pick() {
  static const std::vector<std::string> kKinds = {"", "append", "pre-vote", "install-snapshot"};
  return {NodeId{*rc::gen::inRange<std::uint64_t>(0, 5)},
          NodeId{*rc::gen::inRange<std::uint64_t>(0, 5)}, *rc::gen::elementOf(kKinds),
          *rc::gen::arbitrary<std::uint64_t>()};
}

Configuration any_configuration() {
  Configuration configuration;
  configuration.voters = {NodeId{1}, any_node()};
  if (*rc::gen::arbitrary<bool>()) {
    configuration.learners = {any_node()};
  }
  configuration.context = Bytes::copy_of(std::string_view{any_text()});
  return configuration;
}

Action any_action() {
  const std::vector<Action> actions = {
      Deliver{any_pick()},
      Duplicate{any_pick()},
      Drop{any_pick()},
      TickNode{any_node()},
      Advance{NodeId{*rc::gen::inRange<std::uint64_t>(0, 5)},
              Duration{*rc::gen::inRange<std::int64_t>(0, 10'000'000)}},
      FinishWrite{any_node()},
      FinishApply{any_node()},
      FinishRead{any_node(), *rc::gen::arbitrary<bool>()},
      Crash{any_node(), *rc::gen::inRange<std::uint32_t>(0, 5)},
      Restart{any_node(), *rc::gen::arbitrary<bool>()},
      ProposeAt{any_node(), any_request(), any_text()},
      ReadAt{any_node(), any_request(), *rc::gen::arbitrary<bool>()},
      ChangeAt{any_node(), any_request(), any_configuration()},
      TransferAt{any_node(), any_request(), any_node()},
      SnapshotAt{any_node()},
      CampaignAt{any_node()},
      UnreachableAt{any_node(), any_node()},
      WakeAt{any_node()},
      StopAt{any_node()},
      SnapshotFailedAt{any_node(), any_node()},
      UnfenceAt{any_node()},
  };
  return *rc::gen::elementOf(actions);
}

RC_GTEST_PROP(Step, WhatItPrintsReadsBackAsTheSameValue, ()) {
  Step step{{}, any_action()};
  if (*rc::gen::arbitrary<bool>()) {
    step.at = instant(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000));
  }
  const std::string text = to_text(step);
  const auto parsed = parse_step(text);
  RC_ASSERT(parsed.ok());
  RC_ASSERT(parsed.value() == step);
  RC_ASSERT(text.find('\n') == std::string::npos);
}

TEST(Step, PrintsAsOneWouldSayIt) {
  EXPECT_EQ(to_text({instant(12345), Deliver{{NodeId{1}, NodeId{2}, "append", 0}}}),
            "@12345 deliver 1->2 append");
  EXPECT_EQ(to_text({{}, Drop{{kNobody, NodeId{2}, "", 0x9f3a}}}), "drop *->2 x9f3a");
  EXPECT_EQ(to_text({{}, Advance{kNobody, std::chrono::milliseconds{300}}}), "advance all 300ms");
  EXPECT_EQ(to_text({{}, ProposeAt{NodeId{1}, RequestId{7}, "a b"}}), "propose 1 \"a b\" id=7");
}

TEST(Step, APayloadIsFilledUpWithDots) {
  const auto step = parse_step("propose 1 x bytes=4 id=9");
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step.value(), (Step{{}, ProposeAt{NodeId{1}, RequestId{9}, "x..."}}));
}

TEST(Step, AnErrorNamesTheWordThatIsWrong) {
  const auto error = [](const char* line) {
    const auto step = parse_step(line);
    return step.ok() ? "none" : step.error().message;
  };
  EXPECT_THAT(error("dance 1"), HasSubstr("'dance' is not a step"));
  EXPECT_THAT(error("tick one"), HasSubstr("'one'"));
  EXPECT_THAT(error("tick 1 2"), HasSubstr("'2': expected the end of the line"));
  EXPECT_THAT(error("deliver 1-2"), HasSubstr("a link such as 1->2"));
  EXPECT_THAT(error("advance 1 300"), HasSubstr("a duration"));
  EXPECT_THAT(error("change 1 {1,x}"), HasSubstr("a configuration"));
  EXPECT_THAT(error("propose 1 \"x"), HasSubstr("a closing quote"));
  EXPECT_THAT(error(""), HasSubstr("is not a step"));
}

}  // namespace
}  // namespace quorate::sim
