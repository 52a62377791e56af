// A small log that holds every kind of record in several segments, and damage to it: what an input
// of the target wal_recovery is made into.
//
//     input = edit...
//     edit  = how where offset (2 bytes, low byte first) size byte...
//
//     how % 4   0  the bytes come to stand at `offset` of segment `where`
//               1  that sector of segment `where` is zeros
//               2  the bytes come to stand in both control sections of batch `where`, and every
//                  checksum and chain is made right: what a writer with a bug would leave
//               3  segment `where` ends at `offset`, or is gone where `size` is 255
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/env/disk.h"
#include "wal/wal.h"

namespace quorate::fuzz {

inline const wal::Identity kIdentity{ClusterId{7}, NodeId{3}, Incarnation{11}};
inline const std::string kDirectory = "/data";
inline constexpr std::uint32_t kSegmentBytes = 16U << 10U;

class DamagedLog {
 public:
  // The log as it was written, made once.
  DamagedLog();

  // Makes `disk` hold the log after these edits. False where one of them, with the checksum of a
  // writer, tells another number, place or size of a batch: then no reader can know what was there.
  bool make(std::string_view edits, simenv::SimulatedDisk& disk) const;

 private:
  using Image = std::map<std::uint32_t, std::string>;  // segments by number
  struct Place {
    std::uint32_t segment = 0;
    std::uint32_t offset = 0;
    std::uint32_t second = 0;  // where the second control section is
    std::uint32_t control = 0;
  };
  struct Edit {
    std::uint8_t how = 0;
    std::uint8_t where = 0;
    std::uint16_t offset = 0;
    std::uint8_t size = 0;
    std::string_view bytes;
  };

  static void write_all(wal::Wal& wal);
  void find_batches();
  static bool next(std::string_view& input, Edit& edit);
  bool apply(const Edit& edit, Image& image) const;
  bool write_into_batch(const Edit& edit, Image& image) const;
  void seal(Image& image) const;

  simenv::SimulatedDisk disk_{1};
  Image image_;
  std::vector<Place> batches_;
};

}  // namespace quorate::fuzz
