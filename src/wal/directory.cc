#include "wal/directory.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "wal/batch.h"
#include "wal/segment.h"
#include "wire/checksum.h"

namespace quorate::wal {
namespace {

constexpr std::uint64_t kMostIdentity = 4096;
constexpr std::string_view kFirstLine = "quorate directory, version 1\n";

std::string identity_text(const Identity& identity) {
  std::string text{kFirstLine};
  text += "cluster " + std::to_string(identity.cluster.value()) + "\n";
  text += "node " + std::to_string(identity.node.value()) + "\n";
  text += "incarnation " + std::to_string(identity.incarnation.value()) + "\n";
  return text + "checksum " + std::to_string(wire::checksum_of(text)) + "\n";
}

// The number on the line that begins with this word.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view word) {
  const std::size_t at = text.find("\n" + std::string{word} + " ");
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = text.substr(at + word.size() + 2);
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return parsed.ec == std::errc{} ? std::optional{number} : std::nullopt;
}

Result<Identity> identity_in(std::string_view text, const std::string& path) {
  const auto cluster = number_of(text, "cluster");
  const auto node = number_of(text, "node");
  const auto incarnation = number_of(text, "incarnation");
  const bool other_version =
      text.starts_with("quorate directory, version ") && !text.starts_with(kFirstLine);
  if (other_version) {
    return invalid(path +
                   " was written by another version of Quorate, in a format that this one "
                   "does not know; use that version");
  }
  if (cluster && node && incarnation) {
    const Identity identity{ClusterId{*cluster}, NodeId{*node}, Incarnation{*incarnation}};
    if (identity_text(identity) == text) {
      return identity;
    }
  }
  return corrupt(path +
                 " is damaged: who this directory belongs to is not known. Every segment of "
                 "its log says it too (`quorate log verify` shows it); or remove the node "
                 "from its groups and add it as a new one with an empty directory");
}

constexpr std::string_view kUnfinished = "identity.new";

Result<void> write_unfinished_identity(env::Files& files, const std::string& path,
                                       const Identity& identity) {
  auto done = write_all(files, env::join(path, kUnfinished), identity_text(identity));
  return done ? files.sync_directory(path) : done;
}

// The parent of a path, for making its new name durable.
std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/', path.size() < 2 ? 0 : path.size() - 2);
  if (slash == std::string::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A creation that was broken off has left its mark, and nothing in it was ever used. A log without
// that mark is somebody's, whatever became of the identity.
Result<void> clear_leftovers(env::Files& files, const std::string& path) {
  const auto there = files.list(path);
  if (!there) {
    return there.error();
  }
  const bool broken_off = files.exists(env::join(path, kUnfinished));
  for (const env::Entry& entry : there.value()) {
    if (entry.name == "identity") {
      return invalid(path + " belongs to a node already; open it, or choose an empty directory");
    }
    const bool ours = entry.name == "log" || entry.name == "snapshots" || entry.name == kUnfinished;
    if (entry.name != "lock" && !(broken_off && ours)) {
      return invalid(path + " is not empty (there is " + entry.name +
                     "); choose an empty directory");
    }
  }
  for (const std::string& folder : {Directory::log_of(path), Directory::snapshots_of(path)}) {
    if (auto removed = remove_all(files, folder); !removed) {
      return removed;
    }
  }
  return {};
}

Result<void> make_first_segment(env::Files& files, const std::string& log, const Identity& identity,
                                std::uint32_t size) {
  const std::string spare = env::join(log, spare_name(1));
  if (auto made = make_zeros(files, spare, size); !made) {
    return made;
  }
  Batch checkpoint;
  checkpoint.add(Kind::kCheckpoint, GroupId{}, Index{}, Term{});
  Head head;
  head.sequence = 1;
  head.offset = kFirstBatch;
  const auto parts = checkpoint.finish(head, key_of(identity, 1));
  const auto started = start_segment(files, log, spare, {identity, 1, 0, 0, 0, size}, parts);
  return started ? Result<void>{} : started.error();
}

Result<void> make_content(env::Files& files, const std::string& path, const Identity& identity,
                          std::uint32_t segment_bytes) {
  for (const std::string& folder : {Directory::log_of(path), Directory::snapshots_of(path)}) {
    if (auto made = files.make_directory(folder); !made) {
      return made;
    }
  }
  return make_first_segment(files, Directory::log_of(path), identity, segment_bytes);
}

}  // namespace

Result<Identity> Directory::read_identity(env::Files& files, const std::string& path) {
  const std::string name = env::join(path, "identity");
  const auto text = read_all(files, name, kMostIdentity);
  if (text) {
    return identity_in(text.value(), name);
  }
  if (text.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound,
                 path +
                     " is no node's directory (it has no identity); a new node is made by "
                     "an explicit call, and a node whose disk was lost is added as a new one"};
  }
  return text.error();
}

Result<Directory> Directory::create(env::Files& files, const std::string& path,
                                    const Identity& identity, std::uint32_t segment_bytes) {
  if (identity.cluster == ClusterId{} || identity.node == kNobody) {
    return invalid("a directory belongs to a cluster and a node: neither may be 0");
  }
  if (segment_bytes < 4 * kPage || segment_bytes % kPage != 0) {
    return invalid("segment_bytes is " + std::to_string(segment_bytes) +
                   "; it is at least 16384 and a multiple of 4096");
  }
  if (auto made = files.make_directory(path); !made) {
    return made.error();
  }
  auto lock = files.lock(env::join(path, "lock"));
  if (!lock) {
    return lock.error();
  }
  Result<void> done = clear_leftovers(files, path);
  if (done) {
    done = write_unfinished_identity(files, path, identity);
  }
  if (done) {
    done = make_content(files, path, identity, segment_bytes);
  }
  // With the identity the directory is a node's, and everything in it is there.
  if (done) {
    done = files.rename(env::join(path, kUnfinished), env::join(path, "identity"));
  }
  if (done) {
    done = files.sync_directory(path);
  }
  if (done) {
    done = files.sync_directory(parent_of(path));
  }
  if (!done) {
    return done.error();
  }
  return Directory{path, identity, std::move(lock.value())};
}

Result<Directory> Directory::open(env::Files& files, const std::string& path, ClusterId cluster,
                                  NodeId node) {
  // Before the lock, which would be made where there is none.
  if (const auto identity = read_identity(files, path); !identity) {
    return identity.error();
  }
  auto lock = files.lock(env::join(path, "lock"));
  if (!lock) {
    return lock.error();
  }
  const auto identity = read_identity(files, path);
  if (!identity) {
    return identity.error();
  }
  const Identity& found = identity.value();
  if (found.cluster != cluster || found.node != node) {
    return invalid(path + " belongs to " + describe(found) + ", not to node " +
                   std::to_string(node.value()) + " of cluster " + std::to_string(cluster.value()) +
                   "; use the directory of that node");
  }
  return Directory{path, found, std::move(lock.value())};
}

}  // namespace quorate::wal
