// Writes the first inputs of each target, real encodings and the worked examples of docs/formats:
//
//     build/fuzz/seeds fuzz/corpus
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "net/frame.h"
#include "net/handshake.h"
#include "node/bundle.h"
#include "node/members.h"
#include "node/position.h"
#include "wal/batch.h"
#include "wal/format.h"
#include "wal/snapshots.h"
#include "wire/codec.h"
#include "wire/example.h"
#include "wire/state.h"

using namespace quorate;

namespace {

const Configuration kMembers{{NodeId{1}, NodeId{2}, NodeId{3}}, {NodeId{1}}, {NodeId{4}}, {}};
const SnapshotMeta kMeta{{Index{300}, Term{4}}, kMembers, Index{2}};
const LogPosition kAt{Index{300}, Term{4}};

Entry entry(EntryKind kind, const Bytes& payload) { return {Term{4}, Index{301}, kind, payload}; }
std::vector<Entry> entries() {
  return {entry(EntryKind::kCommand, Bytes::copy_of("hi")),
          entry(EntryKind::kConfiguration, kMembers.encode())};
}

// Puts numbered files into the corpora.
class Corpus {
 public:
  explicit Corpus(std::filesystem::path top) : top_(std::move(top)) {}

  void add(const std::string& target, std::string_view bytes) {
    std::filesystem::create_directories(top_ / target);
    std::ofstream file{top_ / target / ("seed-" + std::to_string(++count_)), std::ios::binary};
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::filesystem::path top_;
  int count_ = 0;
};

template <std::size_t... Is>
std::vector<Message> one_of_each(std::index_sequence<Is...> /*all*/) {
  return {Message{NodeId{1}, NodeId{2}, Term{4}, std::variant_alternative_t<Is, MessageBody>{}}...};
}

std::vector<Message> messages() {
  auto all = one_of_each(std::make_index_sequence<std::variant_size_v<MessageBody>>{});
  for (Message& message : all) {
    if (auto* append = std::get_if<Append>(&message.body)) {
      append->prev = kAt;
      append->entries = entries();
    } else if (auto* rejected = std::get_if<AppendRejected>(&message.body)) {
      rejected->runs = {{Index{200}, Term{3}}, {Index{9}, Term{1}}};
    } else if (auto* install = std::get_if<InstallSnapshot>(&message.body)) {
      install->snapshot = kMeta;
    }
  }
  return all;
}

std::string manifest() {
  return wal::Manifest{GroupId{7}, kMeta, {{"a", 3, 0x1234}, {"b.sst", 70000, 0xffff}}}.encode();
}

void add_wire(Corpus& corpus) {
  corpus.add("message", wire::testing::worked_example("docs/formats/message.md").text());
  corpus.add("state", wire::testing::worked_example("docs/formats/state.md").text());
  for (const Message& message : messages()) {
    std::string out;
    wire::encode(message, out);
    corpus.add("message", out);
  }
  for (const Entry& one : entries()) {
    std::string out;
    wire::encode(one, out);
    corpus.add("entry", out);
  }
  wire::State state{{Term{4}, NodeId{1}}, kMeta, kAt, entries()};
  state.entries[1].index = state.entries[0].index.next();
  std::string out;
  wire::encode(state, out);
  corpus.add("state", out);
}

void add_net(Corpus& corpus) {
  const auto frame = wire::testing::worked_example("docs/formats/frame.md");
  corpus.add("frame", frame.text());
  corpus.add("frame", std::string{frame.text()} + std::string{frame.text()});
  corpus.add("handshake", wire::testing::worked_example("docs/formats/handshake.md").text());
  corpus.add("handshake", net::encode(net::Refusal{net::Reason::kNotAdmitted, "not you"}));
}

void add_node(Corpus& corpus) {
  Bundle bundle;
  std::uint64_t group = 0;
  for (const Message& message : messages()) {
    bundle.add(GroupId{++group}, message);
    if (std::holds_alternative<InstallSnapshot>(message.body)) {
      corpus.add("bundle", encode(Offer{GroupId{7}, message, Bytes::copy_of(manifest())}).text());
    }
  }
  corpus.add("bundle", bundle.take().text());
  const SnapshotName name{GroupId{7}, kAt};
  corpus.add("bundle", encode(Want{name, 1, 2, 3}).text());
  corpus.add("bundle", encode(Piece{name, 1, 2, Bytes::copy_of("piece")}).text());
  corpus.add("bundle", encode(Gone{name}).text());
  corpus.add("bundle", encode(AskEntry{GroupId{7}, kAt, 1234}).text());
  corpus.add("bundle", encode(EntryFound{GroupId{7}, entries()[0]}).text());
  corpus.add("bundle", encode(EntryMissing{GroupId{7}, kAt, EntryMissing::Why::kCompacted}).text());
  corpus.add("bundle", encode(AskOffer{GroupId{7}}).text());
  corpus.add("position", encode_position(kMeta));
  Members members;
  members.set({NodeId{1}, {"a", 2379}, false});
  members.set({NodeId{4}, {"10.0.0.4", 65535}, true});
  corpus.add("members", members.encode().text());
  corpus.add("peers", "quorate peers 1\n2 ab\n3 1234567890abcdef\n0\n");
}

void add_control(Corpus& corpus) {
  wal::Batch batch;
  const std::vector<Entry> run{entry(EntryKind::kCommand, Bytes::copy_of("hi"))};
  batch.add(wal::Kind::kHardState, GroupId{7}, Index{1}, Term{4});
  batch.add(wal::Kind::kInstall, GroupId{7}, kMeta);
  batch.add(wal::Kind::kEntries, GroupId{7}, Term{4}, run);
  wal::Head head;
  head.sequence = 9;
  head.offset = wal::kFirstBatch;
  batch.finish(head, 0x1235);
  corpus.add("wal_control", batch.control());
  const auto example = wire::testing::worked_example("docs/formats/wal.md");
  corpus.add("wal_control", example.text().substr(0, 112));
}

void add_wal(Corpus& corpus) {
  add_control(corpus);
  corpus.add("manifest", manifest());
  corpus.add("identity",
             "quorate directory, version 1\ncluster 7\nnode 3\nincarnation 99\nchecksum 0\n");
  const std::string pages = wal::encode(
      wal::SegmentHeader{{ClusterId{7}, NodeId{3}, Incarnation{11}}, 2, 9, 8, 7, 16384});
  corpus.add("wal_header", pages.substr(0, 80) + pages.substr(wal::kPage, 80));
  // Edits (damaged_log.h): nothing; a lost sector; a torn file; a lost file; rot; a record's kind,
  // index and count; two of them.
  using std::string_view_literals::operator""sv;
  for (const std::string_view edits :
       {""sv, "\1\0\0\x21\0"sv, "\3\1\0\x30\0"sv, "\3\2\0\0\xff"sv, "\0\0\x10\x21\4rot!"sv,
        "\2\2\x50\0\1\4"sv, "\2\2\x38\0\x4zzzz"sv, "\2\3\x5c\0\1\xff"sv,
        "\1\0\0\x22\0\2\4\x40\0\2\xff\xff"sv, "\3\0\x10\0\0"sv}) {
    corpus.add("wal_recovery", edits);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  if (arguments.size() != 2) {
    std::fputs("usage: seeds FOLDER\n", stderr);
    return 2;
  }
  Corpus corpus{arguments[1]};
  add_wire(corpus);
  add_net(corpus);
  add_node(corpus);
  add_wal(corpus);
  return 0;
}
