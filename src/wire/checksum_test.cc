#include "wire/checksum.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace quorate::wire {
namespace {

TEST(Checksum, OfPiecesIsThatOfTheWhole) {
  const std::string text(1000, 'x');
  const std::string_view whole{text};
  for (std::size_t at = 0; at <= text.size(); at += 37) {
    const std::array pieces{whole.substr(0, at), std::string_view{}, whole.substr(at)};
    EXPECT_EQ(checksum_of(pieces), checksum_of(whole)) << at;
  }
}

}  // namespace
}  // namespace quorate::wire
