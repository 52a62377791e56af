#include "node/snapshot_lane.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace quorate {
namespace {

// Pieces that are asked for and have not come.
constexpr std::uint64_t kPieceBytes = 256U << 10U;
// Without a piece for so long, what is missing is asked for again; without one for much longer the
// transfer is given up, and the sender's core tries another.
constexpr Duration kAskAgain = std::chrono::seconds{1};
constexpr Duration kGiveUp = std::chrono::seconds{60};

}  // namespace

SnapshotLane::SnapshotLane(env::Env& env, wal::Snapshots& snapshots, Observer* observer)
    : env_(env), snapshots_(snapshots), observer_(observer) {
  lane_ = env_.start_lane("snapshot", [this] { work(); });
}

void SnapshotLane::put(SnapshotLetter letter) {
  if (mailbox_.put(std::move(letter))) {
    lane_->wake();
  }
}

void SnapshotLane::put_all(std::vector<SnapshotLetter>& letters) {
  if (mailbox_.put_all(letters)) {
    lane_->wake();
  }
}

void SnapshotLane::work() {
  mailbox_.take(letters_);
  for (SnapshotLetter& letter : letters_) {
    std::visit([&](auto& what) { handle(letter, what); }, letter.what);
  }
  letters_.clear();
  ask_again();
}

// ---- Made here

void SnapshotLane::handle(const SnapshotLetter& letter, FinishMaking& making) {
  Result<void> made = making.finish();
  if (made) {
    const auto sealed = snapshots_.seal(letter.group, making.snapshot);
    made = sealed ? Result<void>{} : Result<void>{sealed.error()};
  }
  if (!made) {
    note(observer_, letter.group,
         "no snapshot at " + describe(making.snapshot.last) + ": " + made.error().message);
  }
  SnapshotEnded ended;
  if (made) {
    ended.made = std::move(making.snapshot);
  }
  tell_machine_({letter.group, std::move(ended)});
}

void SnapshotLane::handle(const SnapshotLetter& letter, KeepOnly& keep) {
  auto there = snapshots_.list(letter.group);
  Result<void> done = there ? Result<void>{} : Result<void>{there.error()};
  for (std::size_t i = 0; done && i < there.value().size(); ++i) {
    if (there.value()[i].index < keep.last.index) {
      done = snapshots_.remove(letter.group, there.value()[i]);
    }
  }
  if (!done) {
    note(observer_, letter.group, "older snapshots stay: " + done.error().message);
  }
}

// ---- Received

void SnapshotLane::handle(const SnapshotLetter& letter, Offered& offered) {
  const auto& install = std::get<InstallSnapshot>(offered.offer.install.body);
  const LogPosition last = install.snapshot.last;
  if (snapshots_.manifest(letter.group, last)) {  // it is here already
    letter.from->post(Tell{letter.group, Received{std::move(offered.offer.install)}});
    return;
  }
  auto files = open(letter.group, install.snapshot, offered.offer.manifest);
  if (!files) {
    return note(observer_, letter.group,
                "the snapshot " + describe(last) + " that n" +
                    std::to_string(offered.from.value()) +
                    " offers is refused: " + files.error().message);
  }
  const Instant now = env_.now();
  arriving_.erase(letter.group);
  Arriving arriving{
      offered.from, letter.from, std::move(offered.offer.install), std::move(files.value()),
      now,          now};
  want_more(letter.group, arriving_.emplace(letter.group, std::move(arriving)).first->second);
}

// The manifest is a peer's: it must be of the snapshot that the message installs.
Result<wal::Incoming> SnapshotLane::open(GroupId group, const SnapshotMeta& wanted,
                                         const Bytes& text) {
  const auto manifest = wal::Manifest::decode(text.text());
  if (!manifest) {
    return manifest.error();
  }
  if (manifest.value().group != group || manifest.value().meta != wanted) {
    return invalid("its files are those of another snapshot");
  }
  return snapshots_.receive(manifest.value());
}

void SnapshotLane::handle(const SnapshotLetter& letter, PieceCame& came) {
  const auto at = arriving_.find(letter.group);
  if (at == arriving_.end()) {
    return;
  }
  Arriving& arriving = at->second;
  const auto& install = std::get<InstallSnapshot>(arriving.install.body);
  if (came.from != arriving.from || came.piece.snapshot.last != install.snapshot.last) {
    return;
  }
  if (came.piece.file >= arriving.files.manifest().files.size() ||
      came.piece.offset != arriving.files.received(came.piece.file)) {
    return;  // asked for twice, because it was slow to come
  }
  const auto written =
      arriving.files.write(came.piece.file, came.piece.offset, came.piece.bytes.text());
  if (!written) {
    note(observer_, letter.group,
         "receiving the snapshot " + describe(install.snapshot.last) + ": " +
             written.error().message);
    arriving_.erase(at);
    return;
  }
  arriving.heard = env_.now();
  want_more(letter.group, arriving);
}

void SnapshotLane::handle(const SnapshotLetter& letter, SnapshotIsGone& gone) {
  const auto at = arriving_.find(letter.group);
  if (at != arriving_.end() && at->second.from == gone.from) {
    arriving_.erase(at);  // a newer one will be offered
  }
}

void SnapshotLane::want_more(GroupId group, Arriving& arriving) {
  if (arriving.files.complete()) {
    return arrived(group, arriving);
  }
  const auto& install = std::get<InstallSnapshot>(arriving.install.body);
  const auto& files = arriving.files.manifest().files;
  for (std::size_t file = 0; file < files.size(); ++file) {
    const std::uint64_t received = arriving.files.received(file);
    if (received < files[file].size) {
      const Want want{{group, install.snapshot.last},
                      file,
                      received,
                      std::min(kPieceBytes, files[file].size - received)};
      return arriving.loop->post(Post{arriving.from, Channel::kBulk, encode(want)});
    }
  }
}

void SnapshotLane::arrived(GroupId group, Arriving& arriving) {
  const auto& install = std::get<InstallSnapshot>(arriving.install.body);
  if (const auto sealed = snapshots_.seal(std::move(arriving.files)); sealed) {
    arriving.loop->post(Tell{group, Received{std::move(arriving.install)}});
  } else {
    note(observer_, group,
         "the snapshot " + describe(install.snapshot.last) + " from n" +
             std::to_string(arriving.from.value()) + " is refused: " + sealed.error().message);
  }
  arriving_.erase(group);
}

void SnapshotLane::ask_again() {
  const Instant now = env_.now();
  Instant next = kNever;
  for (auto at = arriving_.begin(); at != arriving_.end();) {
    const auto here = at++;  // which may be over after this
    auto& [group, arriving] = *here;
    if (arriving.heard + kGiveUp <= now) {
      note(observer_, group,
           "a snapshot from n" + std::to_string(arriving.from.value()) + " has stopped to arrive");
      arriving_.erase(here);
      continue;
    }
    const bool late = std::max(arriving.heard, arriving.asked) + kAskAgain <= now;
    arriving.asked = late ? now : arriving.asked;
    next = std::min(next, std::max(arriving.heard, arriving.asked) + kAskAgain);
    if (late) {
      want_more(group, arriving);
    }
  }
  lane_->alarm(next);
}

}  // namespace quorate
