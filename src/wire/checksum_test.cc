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
    EXPECT_EQ(checksum_of(pieces, 7), checksum_of(whole, 7)) << at;
  }
}

TEST(Checksum, ASeedIsAsGoodAsMoreBytes) {
  for (const std::size_t size : {0U, 1U, 8U, 16U, 200U, 1000U}) {
    const std::string text(size, 'x');
    for (unsigned bit = 0; bit < 64; ++bit) {
      EXPECT_NE(checksum_of(text, std::uint64_t{1} << bit), checksum_of(text, 0)) << size;
    }
  }
}

}  // namespace
}  // namespace quorate::wire
