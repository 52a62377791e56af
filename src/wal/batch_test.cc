#include "wal/batch.h"

#include <gtest/gtest.h>

#include <string>

#include "wal/bytes.h"
#include "wire/example.h"

namespace quorate::wal {
namespace {

const Identity kIdentity{ClusterId{1}, NodeId{2}, Incarnation{3}};

Entry entry(std::uint64_t index, std::uint64_t term, std::string_view text) {
  return {Term{term}, Index{index}, EntryKind::kCommand, Bytes::copy_of(text)};
}

std::string bytes_of(Batch& batch, const Head& head, std::uint64_t key) {
  std::string bytes;
  for (const std::string_view part : batch.finish(head, key)) {
    bytes += part;
  }
  return bytes;
}

TEST(Batch, TheWorkedExampleIsWhatTheDocumentSays) {
  Batch batch;
  const Entry hi = entry(300, 4, "hi");
  batch.add(Kind::kEntries, GroupId{7}, Term{3}, std::span{&hi, 1});
  const std::uint64_t key = key_of(kIdentity, 1);
  std::string bytes = bytes_of(batch, {9, 0x1122334455667788U, 8, 1, 2, 0, 0, 8448}, key);
  ASSERT_EQ(bytes.size(), 256U);
  const std::string second = bytes.substr(128, 112);
  EXPECT_EQ(get64(second, 0), ~key);
  EXPECT_EQ(second.substr(8), bytes.substr(8, 104))
      << "the second copy is the first but for the key";
  EXPECT_EQ(bytes.substr(240), std::string(16, '\0'));
  bytes.resize(128);
  const Bytes document = wire::testing::worked_example("docs/formats/wal.md");
  std::string hex;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x%c", static_cast<unsigned char>(bytes[i]),
                  i % 8 == 7 ? '\n' : ' ');
    hex += digits;
  }
  EXPECT_EQ(document.text(), bytes) << "it is now\n" << hex;
}

TEST(Batch, EveryRecordComesBackFromItsBytes) {
  Batch batch;
  const std::vector<Entry> entries{entry(5, 2, "five"), entry(6, 2, std::string(5000, 'x')),
                                   entry(7, 3, "seven")};
  const SnapshotMeta meta{{Index{4}, Term{2}}, {{NodeId{1}}, {}, {}, {}}, Index{1}};
  batch.add(Kind::kHardState, GroupId{7}, Index{1}, Term{3});
  batch.add(Kind::kSnapshot, GroupId{7}, meta);
  batch.add(Kind::kEntries, GroupId{7}, Term{1}, entries);
  const std::uint64_t key = key_of(kIdentity, 1);
  Head head;
  head.sequence = 1;
  head.offset = kFirstBatch;
  const std::string bytes = bytes_of(batch, head, key);
  ASSERT_EQ(bytes.size(), batch.head().size);
  EXPECT_LE(bytes.size(), batch.most());
  Control control;
  const std::size_t size = control_size(bytes, key, Copy::kFirst);
  ASSERT_TRUE(decode_control(std::string_view{bytes}.substr(0, size), key, Copy::kFirst, control));
  ASSERT_EQ(control.records.size(), 4U);
  EXPECT_EQ(control.head, batch.head());
  EXPECT_EQ(control.checksum, batch.checksum());
  EXPECT_EQ(
      meta_of(std::string_view{bytes}.substr(control.records[1].body, control.records[1].count)),
      meta);
  const Record& run = control.records[2];
  EXPECT_EQ(run.count, 2U);
  EXPECT_EQ(run.before, Term{1});
  EXPECT_EQ(control.records[3].before, Term{2});
  std::uint32_t at = run.data;
  for (std::uint32_t i = 0; i < run.count; ++i) {
    const Line line = line_at(bytes, run.body + i * kTableBytes);
    EXPECT_TRUE(whole(std::string_view{bytes}.substr(at, line.size), line));
    at += line.size;
  }
  EXPECT_EQ(at, control.records[3].data);
}

TEST(Batch, StateHasItsCopiesOnDifferentPages) {
  for (std::uint32_t offset = kFirstBatch; offset < kFirstBatch + 2 * kPage; offset += kAlignment) {
    Batch batch;
    batch.add(Kind::kHardState, GroupId{7}, Index{1}, Term{3});
    Head head;
    head.offset = offset;
    batch.finish(head, 1);
    const std::size_t first_end = offset + batch.head().control - 1;
    const std::size_t second =
        offset + batch.head().size - round_up(batch.head().control, kAlignment);
    EXPECT_LT(first_end / kPage, second / kPage);
  }
}

TEST(Batch, AnyByteOfAControlSectionThatChangesIsFound) {
  Batch batch;
  const Entry hi = entry(300, 4, "hi");
  batch.add(Kind::kEntries, GroupId{7}, Term{3}, std::span{&hi, 1});
  const std::uint64_t key = key_of(kIdentity, 1);
  std::string control = bytes_of(batch, {9, 1, 8, 1, 2, 0, 0, 8448}, key).substr(0, 112);
  Control into;
  ASSERT_TRUE(decode_control(control, key, Copy::kFirst, into));
  for (char& byte : control) {
    byte = static_cast<char>(byte ^ 1);
    EXPECT_FALSE(decode_control(control, key, Copy::kFirst, into));
    byte = static_cast<char>(byte ^ 1);
  }
  EXPECT_FALSE(decode_control(control, key_of(kIdentity, 2), Copy::kFirst, into))
      << "of a segment's earlier life";
}

TEST(SegmentHeader, EitherCopyWillDo) {
  const SegmentHeader header{kIdentity, 5, 10, 11, 12, 1U << 20U};
  std::string pages = encode(header);
  ASSERT_EQ(pages.size(), kFirstBatch);
  EXPECT_EQ(decode_header(pages)->header, header);
  pages[20] = 'x';
  EXPECT_EQ(decode_header(pages)->header, header);
  EXPECT_TRUE(decode_header(pages)->first_broken);
  pages[kPage + 20] = 'x';
  EXPECT_FALSE(decode_header(pages).has_value());
}

}  // namespace
}  // namespace quorate::wal
