#include "node/reader_lane.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "node/acquaintances.h"

namespace quorate {
namespace {

// Of one piece of a snapshot: large enough to be cheap, small enough to share a line.
constexpr std::uint64_t kLargestPiece = 1U << 20U;
// Somebody who was offered a snapshot and asks for nothing for so long never heard of it, or is
// gone. (Who has all of it and is silent for that has answered by then.)
constexpr Duration kSilence = std::chrono::seconds{2};

}  // namespace

ReaderLane::ReaderLane(env::Env& env, wal::Wal& wal, wal::Snapshots& snapshots, Observer* observer)
    : env_(env), wal_(wal), snapshots_(snapshots), observer_(observer) {
  lane_ = env.start_lane("reader", [this] { work(); });
}

void ReaderLane::put(ReaderLetter letter) {
  if (mailbox_.put(std::move(letter))) {
    lane_->wake();
  }
}

void ReaderLane::put_all(std::vector<ReaderLetter>& letters) {
  if (mailbox_.put_all(letters)) {
    lane_->wake();
  }
}

void ReaderLane::work() {
  mailbox_.take(letters_);
  for (ReaderLetter& letter : letters_) {
    std::visit([&](auto& what) { handle(letter, what); }, letter.what);
  }
  letters_.clear();
  watch_offers();
}

void ReaderLane::watch_offers() {
  const Instant now = env_.now();
  Instant next = kNever;
  for (auto at = offering_.begin(); at != offering_.end();) {
    const auto& [to, offering] = *at;
    if (offering.heard + kSilence <= now) {
      offering.loop->post(Tell{to.first, SnapshotFailed{to.second}});
      at = offering_.erase(at);
    } else {
      next = std::min(next, offering.heard + kSilence);
      ++at;
    }
  }
  lane_->alarm(next);
}

void ReaderLane::handle(const ReaderLetter& letter, ReadForPeer& read) {
  const ReadEntries& wanted = read.read;
  auto found = wal_.read(letter.group, wanted.first, wanted.last, wanted.max_bytes);
  EntriesRead answer{wanted.reader, wanted.first, std::vector<Entry>{}};
  if (!found) {
    answer.entries = found.error();
  } else if (found.value().entries.empty()) {
    answer.entries = corrupt("entry " + std::to_string(wanted.first.value()) + " is rotten");
    letter.from->post(RotFound{*found.value().lost});
  } else {
    answer.entries = std::move(found.value().entries);
  }
  letter.from->post(Tell{letter.group, std::move(answer)});
}

// The files are offered first; the message that installs them goes along, and is handed to the
// other core when it holds them.
void ReaderLane::handle(const ReaderLetter& letter, MakeOffer& offer) {
  const NodeId to = offer.install.to;
  const auto& install = std::get<InstallSnapshot>(offer.install.body);
  const auto manifest = snapshots_.manifest(letter.group, install.snapshot.last);
  if (!manifest) {
    letter.from->post(Tell{letter.group, SnapshotFailed{to}});
    return;
  }
  offering_[{letter.group, to}] = {letter.from, env_.now()};
  letter.from->post(Post{to, Channel::kBulk,
                         encode(Offer{letter.group, std::move(offer.install),
                                      Bytes::copy_of(manifest.value().encode())})});
}

void ReaderLane::handle(const ReaderLetter& letter, ServePiece& piece) {
  const Want& want = piece.want;
  if (const auto offered = offering_.find({letter.group, piece.to}); offered != offering_.end()) {
    offered->second.heard = env_.now();
  }
  const auto bytes = piece_of(want);
  letter.from->post(Post{
      piece.to, Channel::kBulk,
      bytes ? encode(Piece{want.snapshot, want.file, want.offset, Bytes::copy_of(bytes.value())})
            : encode(Gone{want.snapshot})});
}

Result<std::string> ReaderLane::piece_of(const Want& want) {
  const GroupId group = want.snapshot.group;
  if (manifest_.group != group || manifest_.meta.last != want.snapshot.last) {
    auto manifest = snapshots_.manifest(group, want.snapshot.last);
    if (!manifest) {
      return manifest.error();
    }
    manifest_ = std::move(manifest.value());
  }
  if (want.file >= manifest_.files.size()) {
    return invalid("want.file: the snapshot has no such file");
  }
  return snapshots_.read(group, want.snapshot.last, manifest_.files[want.file].name, want.offset,
                         std::min(want.size, kLargestPiece));
}

void ReaderLane::handle(const ReaderLetter& letter, ServeEntry& entry) {
  const Index index = entry.ask.position.index;
  auto found = wal_.read(letter.group, index, index, 1);
  const bool here = found && !found.value().entries.empty() &&
                    found.value().entries.front().position() == entry.ask.position;
  if (here) {
    letter.from->post(
        Post{entry.to, Channel::kBulk,
             encode(EntryFound{letter.group, std::move(found.value().entries.front())})});
  } else {
    letter.from->post(
        Judge{entry.to, {letter.group, entry.ask.position, why_not(letter.group, entry.ask)}});
  }
}

// To a fenced group, which has no core to take it for a leader's: it is in no term.
void ReaderLane::handle(const ReaderLetter& letter, OfferNewest& offer) {
  const auto there = snapshots_.list(letter.group);
  if (!there || there.value().empty()) {
    return;
  }
  const auto manifest = snapshots_.manifest(letter.group, there.value().back());
  if (!manifest) {
    return;
  }
  Message install;
  install.from = wal_.directory().identity().node;
  install.to = offer.to;
  install.body.emplace<InstallSnapshot>().snapshot = manifest.value().meta;
  letter.from->post(Post{
      offer.to, Channel::kBulk,
      encode(Offer{letter.group, std::move(install), Bytes::copy_of(manifest.value().encode())})});
}

// As far as the log knows.
EntryMissing::Why ReaderLane::why_not(GroupId group, const AskEntry& ask) {
  const auto outline = wal_.outline(group);
  if (!outline) {
    return EntryMissing::Why::kNotNow;
  }
  if (ask.position.index <= outline.value().base.index) {
    return EntryMissing::Why::kCompacted;
  }
  return wal_.term_at(group, ask.position.index) == ask.position.term
             ? EntryMissing::Why::kNotNow  // lost here, too
             : EntryMissing::Why::kLacking;
}

void ReaderLane::handle(const ReaderLetter& letter, Revive& /*revive*/) { revive_(letter.group); }

void ReaderLane::handle(const ReaderLetter& /*letter*/, TendLog& /*tend*/) {
  // No room now: the writer will find out, and say so, if it goes on.
  if (const auto tended = wal_.tend(); !tended && tended.error().code != ErrorCode::kExhausted) {
    note(observer_, "tending the log: " + tended.error().message);
  }
}

void ReaderLane::handle(const ReaderLetter& /*letter*/, RememberPeers& peers) {
  const std::string path = env::join(wal_.directory().path(), kPeersFile);
  if (const auto saved = Acquaintances::save(env_.files(), path, peers.text); !saved) {
    note(observer_, "whom this node has met could not be kept: " + saved.error().message);
  }
}

}  // namespace quorate
