// The bounds, and what the explorer makes of one: numbers that a naive walk agrees with, and a
// counterexample that is as short as can be and replays.
#include "sim/bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/explorer_check.h"
#include "sim/explorer_world.h"
#include "sim/transcript.h"

namespace quorate::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr NodeId kOne{1};

// Three nodes that have heard nothing yet, one of whose timers may fire once.
Bound tiny() {
  Bound bound = *find_bound("election");
  bound.setup.instant_disk = true;
  bound.small = {{Charge::kTimeout, 1}};
  return bound;
}

BoundedStage world_of(const Bound& bound) {
  return {bound, prepare(bound).value().stage, bound.small};
}

std::optional<std::string> nobody_leads(const Stage& stage) {
  for (const NodeId id : stage.nodes()) {
    if (stage.up(id) && stage.at(id).role == Role::kLeader) {
      return "somebody leads";
    }
  }
  return std::nullopt;
}

// Every state that can be reached, by recursion and with nothing clever.
void walk(const BoundedStage& world, std::set<std::uint64_t>& seen, std::uint64_t& transitions) {
  std::vector<BoundedStage::Move> moves;
  world.moves(moves);
  for (const auto& move : moves) {
    BoundedStage next = world;
    if (next.make(move)) {
      ++transitions;
      if (seen.insert(next.fingerprint()).second) {
        walk(next, seen, transitions);
      }
    }
  }
}

TEST(BoundsTest, EachHasItsOwnNameAndAPreludeThatWorks) {
  std::set<std::string_view> names;
  for (const Bound& bound : bounds()) {
    EXPECT_TRUE(names.insert(bound.name).second) << bound.name;
    EXPECT_EQ(find_bound(bound.name), &bound);
    const auto prepared = prepare(bound);
    EXPECT_TRUE(prepared.ok()) << prepared.error().message;
  }
  EXPECT_EQ(find_bound("no-such-bound"), nullptr);
}

// tests/mutants/<name>.mutant; `./dev mutants --also` shows that each is found.
TEST(BoundsTest, EachNamesPlantedBugsThatItFinds) {
  for (const Bound& bound : bounds()) {
    EXPECT_THAT(bound.kills, Not(IsEmpty())) << bound.name;
  }
}

TEST(BoundsTest, APreludeThatMeansNothingIsAnErrorThatNamesTheLine) {
  Bound bound = tiny();
  bound.prelude = {"tick 1", "deliver 2->3 append"};
  EXPECT_THAT(prepare(bound).error().message, HasSubstr("deliver 2->3 append"));
}

TEST(BoundsTest, ABudgetThatIsSpentIsGoneAndAnUnlimitedOneIsNot) {
  Budget budget{{Charge::kCrash, 2}, {Charge::kLoss, Budget::kUnlimited}};
  EXPECT_EQ(budget.describe(), "crashes 2, losses any");
  budget.spend(Charge::kCrash);
  budget.spend(Charge::kLoss, 7);
  EXPECT_TRUE(budget.allows(Charge::kCrash));
  EXPECT_FALSE(budget.allows(Charge::kCrash, 2));
  budget.spend(Charge::kCrash);
  EXPECT_FALSE(budget.allows(Charge::kCrash));
  EXPECT_TRUE(budget.allows(Charge::kLoss, 1000));
  EXPECT_TRUE(budget.allows(Charge::kFree));
}

TEST(BoundsTest, TheSearchVisitsWhatANaiveWalkVisits) {
  Bound bound = tiny();
  bound.small = {{Charge::kTimeout, 1}, {Charge::kBeat, 1}, {Charge::kDuplicate, 1}};
  const auto verdict = check_bound(bound, Size::kSmall);
  std::set<std::uint64_t> seen{world_of(bound).fingerprint()};
  std::uint64_t transitions = 0;
  walk(world_of(bound), seen, transitions);
  EXPECT_TRUE(verdict.value().exhausted);
  EXPECT_EQ(verdict.value().states, seen.size());
  EXPECT_EQ(verdict.value().transitions, transitions);
}

TEST(BoundsTest, TheFirstMoveIsTheFirstMovers) {
  std::vector<BoundedStage::Move> moves;
  world_of(tiny()).moves(moves);
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_EQ(to_text(moves[0].step), "tick 1");
}

TEST(BoundsTest, ACounterexampleIsTheShortestAndLeadsThereAgain) {
  Bound bound = tiny();
  bound.demand = nobody_leads;
  const Verdict verdict = check_bound(bound, Size::kSmall).value();
  EXPECT_EQ(verdict.violation, "somebody leads");
  ASSERT_THAT(verdict.steps, SizeIs(3));  // a timeout, a request, an answer
  Stage stage{bound.setup};
  for (const Step& step : verdict.steps) {
    EXPECT_EQ(nobody_leads(stage), std::nullopt);
    EXPECT_TRUE(stage.apply(step));
  }
  EXPECT_EQ(nobody_leads(stage), "somebody leads");
  EXPECT_EQ(stage.at(kOne).role, Role::kLeader);
}

TEST(BoundsTest, ACounterexampleOfAPreparedBoundReplaysFromTheVeryFirstStep) {
  Bound bound = *find_bound("replication");
  bound.demand = [](const Stage& stage) {
    return stage.machine(NodeId{2}).last_command.empty() ? std::nullopt
                                                         : std::optional<std::string>{"applied"};
  };
  const Verdict verdict = check_bound(bound, Size::kSmall).value();
  ASSERT_EQ(verdict.violation, "applied");
  Stage stage{bound.setup};
  for (const Step& step : verdict.steps) {
    EXPECT_TRUE(stage.apply(step)) << to_text(step);
  }
  EXPECT_EQ(bound.demand(stage), "applied");
}

// The disk is told to lose votes: the bound that is about votes finds two of them, and the
// transcript that it prints shows the same to whoever replays it.
TEST(BoundsTest, AVoteThatTheDiskForgetsIsFoundAndItsTranscriptReplays) {
  Bound bound = *find_bound("election");
  bound.setup.forgets_votes = true;
  const Verdict verdict = check_bound(bound, Size::kSmall).value();
  ASSERT_TRUE(verdict.violation.has_value());
  EXPECT_FALSE(verdict.exhausted);
  const auto replayed = run_transcript(verdict.transcript);
  ASSERT_TRUE(replayed.ok()) << replayed.error().message;
  EXPECT_THAT(replayed.value().failures, ElementsAre(HasSubstr(*verdict.violation)));
}

TEST(BoundsTest, ACutSearchIsNotCalledExhausted) {
  const Verdict verdict =
      check_bound(*find_bound("election"), Size::kSmall, {.states = 100}).value();
  EXPECT_FALSE(verdict.exhausted);
  EXPECT_FALSE(verdict.violation.has_value());
}

}  // namespace
}  // namespace quorate::sim
