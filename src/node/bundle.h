// What two nodes say to each other beside the handshake: the bodies of frames.
//
//     frame body = type rest
//
//     1 messages   (group size message)...       messages of any number of groups, in order
//     2 offer      group snapshot manifest       a snapshot is here to be fetched; the message that
//                                                installs it comes along
//     3 want       group index term file offset size    a piece of it is wanted
//     4 piece      group index term file offset bytes   here it is
//     5 gone       group index term              that snapshot is not here any more
//     6 ask        group index term checksum     has somebody this entry? (repair)
//     7 entry      group entry                   here it is
//     8 no-entry   group index term why          not here
//     9 ask-offer  group                         whatever snapshot is there is wanted (repair)
//
// Type is one byte, numbers are varints; messages and entries are as wire/codec.h has them. A type
// that is not known is skipped, so that a newer node may say more.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/entry.h"
#include "model/message.h"
#include "quorate/types.h"

namespace quorate {

// Names a snapshot of a group: where it ends.
struct SnapshotName {
  GroupId group;
  LogPosition last;
  friend bool operator==(const SnapshotName&, const SnapshotName&) = default;
};

struct Offer {
  GroupId group;
  Message install;  // an InstallSnapshot
  Bytes manifest;   // of the files
};
struct Want {
  SnapshotName snapshot;
  std::uint64_t file = 0;  // its place in the manifest
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
struct Piece {
  SnapshotName snapshot;
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  Bytes bytes;
};
struct Gone {
  SnapshotName snapshot;
};
struct AskEntry {
  GroupId group;
  LogPosition position;
  std::uint64_t checksum = 0;
};
struct EntryFound {
  GroupId group;
  Entry entry;
};
struct EntryMissing {
  enum class Why : std::uint8_t {
    kNotNow,     // this node cannot say, or cannot give it, for now
    kLacking,    // neither its log nor what it has yet to write holds this entry
    kCompacted,  // a snapshot took its place
  };
  GroupId group;
  LogPosition position;
  Why why = Why::kNotNow;
};
struct AskOffer {
  GroupId group;
};
struct GroupMessage {
  GroupId group;
  Message message;
};
using Said = std::variant<GroupMessage, Offer, Want, Piece, Gone, AskEntry, EntryFound,
                          EntryMissing, AskOffer>;

// A body under way that gathers messages of many groups.
class Bundle {
 public:
  void add(GroupId group, const Message& message);
  [[nodiscard]] bool empty() const { return body_.empty(); }
  [[nodiscard]] std::size_t size() const { return body_.size(); }
  // The body, and an empty bundle again.
  Bytes take();

 private:
  std::string body_;
};

Bytes encode(const Offer& offer);
Bytes encode(const Want& want);
Bytes encode(const Piece& piece);
Bytes encode(const Gone& gone);
Bytes encode(const AskEntry& ask);
Bytes encode(const EntryFound& found);
Bytes encode(const EntryMissing& missing);
Bytes encode(const AskOffer& ask);

// Adds all that a body says to `said`, or which field cannot be right and why (then nothing of it
// may be used). Payloads share the memory of `body`.
Result<void> decode(const Bytes& body, std::vector<Said>& said);

}  // namespace quorate
