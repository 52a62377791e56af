// Under which incarnation the others are known.
#include "node/acquaintances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quorate {
namespace {

using ::testing::HasSubstr;

TEST(AcquaintancesTest, WhoIsMetForTheFirstTimeIsKept) {
  Acquaintances known;
  EXPECT_TRUE(known.meet(NodeId{2}, Incarnation{5}).value());
  EXPECT_FALSE(known.meet(NodeId{2}, Incarnation{5}).value()) << "nothing new to be saved";
  EXPECT_THAT(known.text(), HasSubstr("\n2 5\n"));
}

// 13. The member's incarnation is kept, and another is refused.
TEST(AcquaintancesTest, Rule13ANodeThatComesWithAnotherDiskIsRefused) {
  Acquaintances known;
  ASSERT_TRUE(known.meet(NodeId{2}, Incarnation{5}).ok());
  const auto wiped = known.meet(NodeId{2}, Incarnation{6});
  ASSERT_FALSE(wiped.ok());
  EXPECT_THAT(wiped.error().message, HasSubstr("known under incarnation 5, and this is 6"));
  EXPECT_FALSE(known.meet(NodeId{2}, Incarnation{6}).ok()) << "not the second time either";
  EXPECT_TRUE(known.meet(NodeId{2}, Incarnation{5}).ok()) << "the old disk may come back";
}

}  // namespace
}  // namespace quorate
