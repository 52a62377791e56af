// The mutations of targets whose bytes carry checksums: those of libFuzzer, and in three of four
// the checksums are made right again, since no mutation would ever find them.
#include <algorithm>

#include "harness.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  const std::size_t mutated = LLVMFuzzerMutate(data, size, most);
  if (seed % 4 == 0) {
    return mutated;
  }
  std::string bytes{quorate::fuzz::text_of(data, mutated)};
  quorate::fuzz::seal(bytes);
  bytes.resize(std::min(bytes.size(), most));
  std::ranges::copy(bytes, data);
  return bytes.size();
}
