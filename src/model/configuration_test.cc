#include "model/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quorate {
namespace {

using ::testing::HasSubstr;

std::vector<NodeId> ids(std::initializer_list<std::uint64_t> values) {
  return {values.begin(), values.end()};
}

Configuration simple(std::initializer_list<std::uint64_t> voters) {
  return {ids(voters), {}, {}, {}};
}

std::string error_of(const Configuration& configuration) {
  const Result<void> result = configuration.validate();
  return result ? "" : result.error().message;
}

TEST(Configuration, KnowsItsMembers) {
  const Configuration joint{ids({3, 4}), ids({1, 2, 3}), ids({1, 7}), {}};
  EXPECT_TRUE(joint.joint());
  EXPECT_TRUE(joint.is_voter(NodeId{4}));
  EXPECT_TRUE(joint.is_voter(NodeId{2}));
  EXPECT_FALSE(joint.is_voter(NodeId{7}));
  EXPECT_TRUE(joint.contains(NodeId{7}));
  EXPECT_FALSE(joint.contains(NodeId{5}));
  EXPECT_EQ(joint.members(), ids({1, 2, 3, 4, 7}));
}

// Dissertation 4.3: C(old,new) is followed by C(new).
TEST(Configuration, TheFinalFormIsTheSameWithoutTheOldVoters) {
  const Configuration joint{ids({3, 4}), ids({1, 3}), ids({1}), Bytes::copy_of("addresses")};
  const Configuration expected{ids({3, 4}), {}, ids({1}), Bytes::copy_of("addresses")};
  EXPECT_EQ(joint.final_form(), expected);
  EXPECT_FALSE(joint.final_form().joint());
}

TEST(Configuration, AMemberBeingDemotedIsOldVoterAndLearner) {
  EXPECT_EQ(error_of({ids({2, 3}), ids({1, 2, 3}), ids({1}), {}}), "");
}

TEST(Configuration, RefusalsNameTheField) {
  EXPECT_THAT(error_of({}), HasSubstr("configuration.voters: empty"));
  EXPECT_THAT(error_of(simple({0, 1})), HasSubstr("configuration.voters: id 0"));
  EXPECT_THAT(error_of(simple({2, 1})), HasSubstr("configuration.voters: ids must be sorted"));
  EXPECT_THAT(error_of(simple({1, 1})), HasSubstr("configuration.voters: ids must be sorted"));
  EXPECT_THAT(error_of({ids({1}), ids({2, 2}), {}, {}}), HasSubstr("configuration.old_voters"));
  EXPECT_THAT(error_of({ids({1}), {}, ids({3, 2}), {}}), HasSubstr("configuration.learners"));
  EXPECT_THAT(error_of({ids({1, 2}), {}, ids({2}), {}}), HasSubstr("2 is a voter too"));
}

TEST(Configuration, PrintsItsSets) {
  EXPECT_EQ(describe(simple({1, 2, 3})), "{1,2,3}");
  EXPECT_EQ(describe(Configuration{ids({3, 4}), ids({1, 2}), {}, {}}), "{1,2}->{3,4}");
  EXPECT_EQ(describe(Configuration{ids({1}), {}, ids({7}), {}}), "{1}+{7}");
  const SnapshotMeta meta{{Index{9}, Term{2}}, simple({1}), Index{4}};
  EXPECT_EQ(describe(meta), "9/2 {1}@4");
  EXPECT_EQ(describe(HardState{Term{4}, NodeId{2}}), "term=4 vote=2");
}

TEST(Configuration, EncodesAsItsHeaderSays) {
  const Configuration joint{ids({1, 300}), ids({2}), {}, Bytes::copy_of("ab")};
  const std::string_view expected{
      "\x01\x02\x01\xac\x02\x01\x02\x00\x02"
      "ab",
      11};
  EXPECT_EQ(joint.encode().text(), expected);
}

TEST(Configuration, ForeignBytesAreRefused) {
  const auto decoded = [](std::string_view text) {
    return Configuration::decode(Bytes::copy_of(text)).ok();
  };
  using namespace std::string_view_literals;
  EXPECT_TRUE(decoded("\x01\x01\x05\x00\x00\x00"sv));
  EXPECT_FALSE(decoded("\x02\x01\x05\x00\x00\x00"sv)) << "another version";
  EXPECT_FALSE(decoded("\x01\x00\x00\x00\x00"sv)) << "nobody votes";
  EXPECT_FALSE(decoded("\x01\x02\x05\x05\x00\x00\x00"sv)) << "a voter twice";
  EXPECT_FALSE(decoded("\x01\x01\x05\x00\x00\x00\x00"sv)) << "one byte too many";
  EXPECT_FALSE(decoded("\x01\xff\xff\xff\xff\x0f\x05"sv)) << "a count past the end";
  EXPECT_FALSE(decoded("\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00"sv))
      << "a number of more than 64 bits";
  EXPECT_TRUE(decoded("\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00"sv))
      << "the largest number";
  EXPECT_FALSE(decoded("\x01\x01\x85\x00\x00\x00\x00"sv)) << "a number with needless digits";
}

// The twin: two sets and what is left, drawn at random.
rc::Gen<Configuration> configurations() {
  const auto sorted = rc::gen::container<std::set<std::uint64_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 20), rc::gen::nonZero<std::uint64_t>()));
  return rc::gen::map(
      rc::gen::tuple(rc::gen::nonEmpty(sorted), sorted, sorted, rc::gen::string<std::string>()),
      [](const auto& parts) {
        auto [voters, old_voters, learners, context] = parts;
        for (const std::uint64_t voter : voters) {
          learners.erase(voter);
        }
        return Configuration{{voters.begin(), voters.end()},
                             {old_voters.begin(), old_voters.end()},
                             {learners.begin(), learners.end()},
                             Bytes::copy_of(context)};
      });
}

RC_GTEST_PROP(ConfigurationTwin, ComesBackFromItsBytes, ()) {
  const Configuration configuration = *configurations();
  const Result<Configuration> decoded = Configuration::decode(configuration.encode());
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded.value() == configuration);
}

RC_GTEST_PROP(ConfigurationTwin, EveryTruncationIsRefused, ()) {
  const Bytes whole = (*configurations()).encode();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    RC_ASSERT(!Configuration::decode(whole.part(0, size)).ok());
  }
}

RC_GTEST_PROP(ConfigurationTwin, OneChangedByteLeavesAConfigurationOrAnError, ()) {
  std::string bytes{(*configurations()).encode().text()};
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = *rc::gen::arbitrary<char>();
  const Result<Configuration> decoded = Configuration::decode(Bytes::copy_of(bytes));
  RC_CLASSIFY(decoded.ok(), "still a configuration");
  if (decoded) {
    RC_ASSERT(decoded.value().validate().ok());
  }
}

RC_GTEST_PROP(ConfigurationTwin, MembersAreTheUnionOfAllThree, ()) {
  const Configuration configuration = *configurations();
  std::set<NodeId> all;
  for (const auto* list :
       {&configuration.voters, &configuration.old_voters, &configuration.learners}) {
    all.insert(list->begin(), list->end());
  }
  RC_ASSERT(configuration.members() == std::vector<NodeId>(all.begin(), all.end()));
}

}  // namespace
}  // namespace quorate
