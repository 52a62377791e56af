#include "base/ring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "base/assert.h"

namespace quorate {
namespace {

TEST(Ring, ReusesItsMemoryInASteadyFlow) {
  Ring<int> ring;
  for (int i = 0; i < 3; ++i) {
    ring.push_back(i);
  }
  const std::size_t capacity = ring.capacity();
  for (int i = 3; i < 100; ++i) {
    ring.push_back(i);
    EXPECT_EQ(ring.front(), i - 3);
    ring.pop_front();
  }
  EXPECT_EQ(ring.capacity(), capacity);
}

TEST(Ring, LetsGoOfWhatIsRemoved) {
  Ring<std::shared_ptr<int>> ring;
  const auto shared = std::make_shared<int>(7);
  ring.push_back(shared);
  ring.push_back(shared);
  ring.push_back(shared);
  ring.pop_front();
  ring.pop_back();
  EXPECT_EQ(shared.use_count(), 2);
  ring.clear();
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(Ring, GivesItsMemoryBackOnceEmpty) {
  Ring<int> ring;
  ring.push_back(1);
  EXPECT_THROW(ring.release(), AssertionFailed);
  ring.clear();
  ring.release();
  EXPECT_EQ(ring.capacity(), 0U);
  ring.push_back(2);
  EXPECT_EQ(ring.back(), 2);
}

TEST(Ring, AskingForWhatIsNotThereIsABug) {
  Ring<int> ring;
  EXPECT_THROW(ring.pop_front(), AssertionFailed);
  EXPECT_THROW(ring.pop_back(), AssertionFailed);
  EXPECT_THROW((void)ring.front(), AssertionFailed);
  EXPECT_THROW((void)ring.back(), AssertionFailed);
  ring.push_back(1);
  EXPECT_THROW((void)ring[1], AssertionFailed);
}

enum class Step : std::uint8_t { kPushBack, kPushAgain, kPopFront, kPopBack, kRelease };

void run(Step step, int value, Ring<int>& ring, std::deque<int>& twin) {
  if (step == Step::kPushBack || step == Step::kPushAgain) {
    ring.push_back(value);
    twin.push_back(value);
  } else if (!twin.empty() && step == Step::kPopFront) {
    ring.pop_front();
    twin.pop_front();
  } else if (!twin.empty() && step == Step::kPopBack) {
    ring.pop_back();
    twin.pop_back();
  } else if (twin.empty()) {
    ring.release();
  }
}

RC_GTEST_PROP(RingTwin, AgreesWithADeque, (const std::vector<std::uint8_t>& steps)) {
  Ring<int> ring;
  std::deque<int> twin;
  int value = 0;
  for (const std::uint8_t step : steps) {
    run(Step{static_cast<std::uint8_t>(step % 5)}, ++value, ring, twin);
    RC_ASSERT(ring.size() == twin.size());
    RC_ASSERT(ring.empty() == twin.empty());
    for (std::size_t i = 0; i < twin.size(); ++i) {
      RC_ASSERT(ring[i] == twin[i]);
    }
    if (!twin.empty()) {
      RC_ASSERT(ring.front() == twin.front());
      RC_ASSERT(ring.back() == twin.back());
    }
  }
}

}  // namespace
}  // namespace quorate
