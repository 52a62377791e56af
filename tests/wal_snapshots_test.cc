// Snapshots on a simulated disk: taken, sent, received, broken.
#include "wal/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal_fixture.h"

namespace quorate::wal::testing {
namespace {

using simenv::PowerCut;
using simenv::Survival;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr GroupId kGroup{7};
const LogPosition kAt{Index{300}, Term{4}};

struct Place {
  explicit Place(std::uint64_t seed = 1) : disk(seed) {
    EXPECT_TRUE(disk.files().make_directory("/s").ok());
    EXPECT_TRUE(disk.files().sync_directory("/").ok());
  }
  void put(const std::string& path, std::string_view bytes) {
    auto file = disk.files().open(path, env::Open::kOverwrite);
    ASSERT_TRUE(file.ok()) << error_of(file);
    ASSERT_TRUE(file.value()->write(0, bytes).ok());
  }
  Result<Manifest> take(const LogPosition& at = kAt) {
    const auto folder = snapshots.begin(kGroup, at);
    if (!folder) {
      return folder.error();
    }
    put(folder.value() + "/data", std::string(5000, 'd'));
    put(folder.value() + "/index", "i");
    put(folder.value() + "/nothing", "");
    return snapshots.seal(kGroup, meta(at.index.value(), at.term.value()));
  }
  // Sends what another place has, in pieces.
  Result<void> fetch(Place& from, std::size_t piece, std::size_t most = ~std::size_t{0}) {
    const auto manifest = from.snapshots.manifest(kGroup, kAt);
    auto incoming = snapshots.receive(manifest.value());
    if (!incoming) {
      return incoming.error();
    }
    Incoming& into = incoming.value();
    for (std::size_t f = 0; f < manifest.value().files.size(); ++f) {
      const SnapshotFile& file = manifest.value().files[f];
      while (into.received(f) < file.size) {
        if (most-- == 0) {
          return {};
        }
        const auto bytes = from.snapshots.read(kGroup, kAt, file.name, into.received(f), piece);
        sent += bytes.value().size();
        if (auto written = into.write(f, into.received(f), bytes.value()); !written) {
          return written;
        }
      }
    }
    return snapshots.seal(std::move(into));
  }

  simenv::SimulatedDisk disk;
  Snapshots snapshots{disk.files(), "/s"};
  std::size_t sent = 0;
};

TEST(Snapshots, OneThatWasSealedSurvivesAPowerLoss) {
  Place place;
  const auto taken = place.take();
  ASSERT_TRUE(taken.ok()) << error_of(taken);
  place.disk.crash(Survival::kNone);
  const auto verified = place.snapshots.verify(kGroup, kAt);
  ASSERT_TRUE(verified.ok()) << error_of(verified);
  EXPECT_EQ(verified.value(), taken.value());
  EXPECT_EQ(verified.value().bytes(), 5001U);
  EXPECT_THAT(place.snapshots.list(kGroup).value(), ElementsAre(kAt));
}

TEST(Snapshots, ACrashAtAnyOperationLeavesAWholeOneOrNone) {
  for (std::uint64_t operation = 3;; ++operation) {
    for (const Survival survival : {Survival::kAll, Survival::kAny}) {
      Place place{operation};
      place.disk.crash_after(operation);
      bool done = true;
      try {
        ASSERT_TRUE(place.take().ok());
      } catch (const PowerCut&) {
        done = false;
      }
      place.disk.crash(survival);
      place.disk.crash_before(0);
      const auto list = place.snapshots.list(kGroup);
      for (const LogPosition& at : list.value()) {
        EXPECT_TRUE(place.snapshots.verify(kGroup, at).ok()) << operation;
      }
      const auto swept = place.snapshots.sweep({});
      EXPECT_TRUE(swept.ok()) << error_of(swept);
      EXPECT_THAT(place.disk.paths(), IsEmpty());
      EXPECT_TRUE(place.take().ok());
      if (done) {
        EXPECT_GT(operation, 15U);
        return;
      }
    }
  }
}

TEST(Snapshots, OneByteThatRotsIsFoundWithItsFile) {
  Place place;
  ASSERT_TRUE(place.take().ok());
  for (const std::string name : {"manifest", "files/data", "files/index"}) {
    Place other;
    other.disk.copy_from(place.disk);
    ASSERT_TRUE(other.disk.rot("/s/7/300-4/" + name, 0, simenv::Rot::kBit));
    const auto verified = other.snapshots.verify(kGroup, kAt);
    ASSERT_FALSE(verified.ok()) << name;
    EXPECT_EQ(verified.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(error_of(verified), HasSubstr(name));
  }
  place.disk.lose("/s/7/300-4/files/index");
  EXPECT_THAT(error_of(place.snapshots.verify(kGroup, kAt)), HasSubstr("is missing"));
}

TEST(Snapshots, OneIsReceivedInPiecesAndGoesOnAfterABreak) {
  Place from;
  Place to;
  const auto taken = from.take();
  ASSERT_TRUE(to.fetch(from, 700, 3).ok());
  EXPECT_THAT(to.snapshots.list(kGroup).value(), IsEmpty());
  ASSERT_TRUE(to.fetch(from, 700).ok());
  EXPECT_EQ(to.sent, 5001U) << "nothing was sent twice";
  to.disk.crash(Survival::kNone);
  EXPECT_EQ(to.snapshots.verify(kGroup, kAt).value(), taken.value());
}

TEST(Snapshots, OneThatRotsOnItsWayIsRefusedAndNothingElseChanged) {
  Place from;
  Place to;
  ASSERT_TRUE(from.take().ok());
  ASSERT_TRUE(from.disk.rot("/s/7/300-4/files/data", 4000, simenv::Rot::kBit));
  const auto fetched = to.fetch(from, 1000);
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(to.disk.paths(), IsEmpty());
}

TEST(Snapshots, APieceThatDoesNotFitIsRefused) {
  Place from;
  Place to;
  const auto taken = from.take();
  auto incoming = to.snapshots.receive(taken.value());
  ASSERT_TRUE(incoming.ok());
  EXPECT_FALSE(incoming.value().write(0, 1, "x").ok());
  EXPECT_FALSE(incoming.value().write(9, 0, "x").ok());
  EXPECT_FALSE(incoming.value().write(1, 0, "too long").ok());
  EXPECT_THAT(error_of(to.snapshots.seal(std::move(incoming.value()))),
              HasSubstr("is not all here"));
}

TEST(Snapshots, AManifestThatLeadsElsewhereIsRefused) {
  for (const std::string name : {"..", "a/b", "/etc/passwd", ""}) {
    const Manifest manifest{kGroup, meta(300, 4), {{name, 1, 1}}};
    EXPECT_FALSE(Manifest::decode(manifest.encode()).ok()) << name;
  }
  const Manifest twice{kGroup, meta(300, 4), {{"a", 1, 1}, {"a", 1, 1}}};
  EXPECT_THAT(error_of(Manifest::decode(twice.encode())), HasSubstr("twice"));
  const Manifest good{kGroup, meta(300, 4), {{"a", 1, 1}, {"b c", 2, 3}}};
  EXPECT_EQ(Manifest::decode(good.encode()).value(), good);
}

TEST(Snapshots, TheSamePositionAgainKeepsWhatIsWholeAndReplacesWhatRotted) {
  Place place;
  ASSERT_TRUE(place.take().ok());
  ASSERT_TRUE(place.take().ok());
  EXPECT_TRUE(place.snapshots.verify(kGroup, kAt).ok());
  ASSERT_TRUE(place.disk.rot("/s/7/300-4/files/data", 0, simenv::Rot::kBit));
  ASSERT_TRUE(place.take().ok());
  EXPECT_TRUE(place.snapshots.verify(kGroup, kAt).ok());
  EXPECT_THAT(place.disk.paths().size(), 4U);
}

TEST(Snapshots, OrphansAreSweptAndTheRecordedOneIsKept) {
  Place place;
  const LogPosition older{Index{200}, Term{3}};
  ASSERT_TRUE(place.take().ok());
  ASSERT_TRUE(place.take(older).ok());
  ASSERT_TRUE(place.snapshots.begin(GroupId{9}, kAt).ok());
  const auto swept = place.snapshots.sweep({{kGroup, kAt}});
  ASSERT_TRUE(swept.ok()) << error_of(swept);
  EXPECT_THAT(swept.value(), ElementsAre("/s/7/200-3", "/s/9/staging-300-4"));
  EXPECT_TRUE(place.snapshots.verify(kGroup, kAt).ok());
  ASSERT_TRUE(place.snapshots.remove(kGroup, kAt).ok());
  EXPECT_TRUE(place.snapshots.remove(kGroup, kAt).ok());
  EXPECT_THAT(place.disk.paths(), IsEmpty());
}

}  // namespace
}  // namespace quorate::wal::testing
