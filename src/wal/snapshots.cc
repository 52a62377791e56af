#include "wal/snapshots.h"

#include <algorithm>
#include <charconv>

#include "wire/checksum.h"

namespace quorate::wal {
namespace {

constexpr std::uint64_t kMostManifest = std::uint64_t{64} << 20U;
constexpr std::size_t kPiece = std::size_t{1} << 20U;
constexpr std::string_view kManifest = "manifest";
constexpr std::string_view kFiles = "files";
constexpr std::string_view kStaging = "staging-";    // taken here
constexpr std::string_view kArriving = "arriving-";  // on its way from a peer

std::string name_of(const LogPosition& last) {
  return std::to_string(last.index.value()) + "-" + std::to_string(last.term.value());
}

std::optional<LogPosition> position_of(std::string_view name) {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  const char* end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, index);
  if (first.ec != std::errc{} || first.ptr == end) {
    return std::nullopt;
  }
  std::from_chars(first.ptr + 1, end, term);
  const LogPosition position{Index{index}, Term{term}};
  return name_of(position) == name ? std::optional{position} : std::nullopt;
}

// Size and checksum of a file, piece by piece.
Result<SnapshotFile> measure(env::Files& files, const std::string& folder, const std::string& name,
                             bool and_sync) {
  auto file = files.open(env::join(folder, name), and_sync ? env::Open::kWrite : env::Open::kRead);
  if (!file) {
    return file.error();
  }
  SnapshotFile measured{name, 0, 0};
  wire::RunningChecksum checksum;
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto read = file.value()->read(measured.size, std::as_writable_bytes(std::span{piece}));
    if (!read) {
      return read.error();
    }
    checksum.add(std::string_view{piece}.substr(0, read.value()));
    measured.size += read.value();
    if (read.value() < piece.size()) {
      break;
    }
  }
  measured.checksum = checksum.value();
  if (and_sync) {
    if (auto synced = file.value()->sync(); !synced) {
      return synced.error();
    }
  }
  return measured;
}

Result<void> write_manifest(env::Files& files, const std::string& folder,
                            const Manifest& manifest) {
  return write_all(files, env::join(folder, kManifest), manifest.encode());
}

Result<Manifest> read_manifest(env::Files& files, const std::string& folder) {
  const std::string path = env::join(folder, kManifest);
  const auto text = read_all(files, path, kMostManifest);
  if (!text) {
    return text.error();
  }
  auto manifest = Manifest::decode(text.value());
  return manifest ? std::move(manifest)
                  : Error{manifest.error().code, path + ": " + manifest.error().message};
}

}  // namespace

// ---- Names

std::string Snapshots::folder_of(GroupId group) const {
  return env::join(directory_, std::to_string(group.value()));
}
std::string Snapshots::path_of(GroupId group, const LogPosition& last) const {
  return env::join(folder_of(group), name_of(last));
}
std::string Snapshots::staging_of(GroupId group, const LogPosition& last) const {
  return env::join(folder_of(group), std::string{kStaging} + name_of(last));
}
std::string Snapshots::arriving_of(GroupId group, const LogPosition& last) const {
  return env::join(folder_of(group), std::string{kArriving} + name_of(last));
}
std::string Snapshots::files_of(GroupId group, const LogPosition& last) const {
  return env::join(path_of(group, last), kFiles);
}

// ---- Taking one

Result<std::string> Snapshots::begin(GroupId group, const LogPosition& last) {
  return empty_folder(group, staging_of(group, last));
}

Result<std::string> Snapshots::empty_folder(GroupId group, const std::string& path) {
  std::string inside = env::join(path, kFiles);
  auto done = remove_all(files_, path);
  for (const std::string& folder : {folder_of(group), path, inside}) {
    if (done) {
      done = files_.make_directory(folder);
    }
  }
  return done ? Result<std::string>{std::move(inside)} : done.error();
}

Result<Manifest> Snapshots::seal(GroupId group, const SnapshotMeta& meta) {
  const std::string inside = env::join(staging_of(group, meta.last), kFiles);
  const auto entries = files_.list(inside);
  if (!entries) {
    return entries.error();
  }
  Manifest manifest{group, meta, {}};
  for (const env::Entry& entry : entries.value()) {
    if (entry.directory) {
      return invalid(env::join(inside, entry.name) +
                     " is a folder; a snapshot is a folder of files");
    }
    auto measured = measure(files_, inside, entry.name, true);
    if (!measured) {
      return measured.error();
    }
    manifest.files.push_back(std::move(measured.value()));
  }
  const std::string staging = staging_of(group, meta.last);
  auto done = write_manifest(files_, staging, manifest);
  if (done) {
    done = finish(manifest, staging);
  }
  return done ? Result<Manifest>{std::move(manifest)} : done.error();
}

// Everything in the folder is written and synced: its names, then its own.
Result<void> Snapshots::finish(const Manifest& manifest, const std::string& staging) {
  const LogPosition& last = manifest.meta.last;
  const std::string path = path_of(manifest.group, last);
  auto done = files_.sync_directory(env::join(staging, kFiles));
  if (done) {
    done = files_.sync_directory(staging);
  }
  // The same position again is the same state: what is there is as good, unless it rotted.
  if (done && files_.exists(path)) {
    if (verify(manifest.group, last)) {
      return remove_all(files_, staging);
    }
    const std::string aside = env::join(folder_of(manifest.group), "rotten-" + name_of(last));
    done = remove_all(files_, aside);
    if (done) {
      done = files_.rename(path, aside);
    }
    if (done) {
      done = remove_all(files_, aside);
    }
  }
  if (done) {
    done = files_.rename(staging, path);
  }
  if (done) {
    done = files_.sync_directory(folder_of(manifest.group));
  }
  return done ? files_.sync_directory(directory_) : done;
}

// ---- Receiving one

Result<Incoming> Snapshots::receive(const Manifest& manifest) {
  const std::string folder = arriving_of(manifest.group, manifest.meta.last);
  Incoming incoming{files_, env::join(folder, kFiles), manifest};
  const auto earlier = read_manifest(files_, folder);
  if (!earlier || earlier.value() != manifest) {
    if (auto begun = empty_folder(manifest.group, folder); !begun) {
      return begun.error();
    }
    if (auto written = write_manifest(files_, folder, manifest); !written) {
      return written.error();
    }
  }
  for (const SnapshotFile& file : manifest.files) {
    const auto there = files_.open(env::join(incoming.folder_, file.name), env::Open::kRead);
    const auto size = there ? there.value()->size() : Result<std::uint64_t>{0};
    if (!size) {
      return size.error();
    }
    incoming.received_.push_back(size.value());
  }
  return incoming;
}

Result<void> Incoming::write(std::size_t file, std::uint64_t offset, std::string_view bytes) {
  if (file >= manifest_.files.size() || offset != received_[file] ||
      bytes.size() > manifest_.files[file].size - offset) {
    return invalid("a piece of a snapshot that does not fit: file " + std::to_string(file) + ", " +
                   std::to_string(bytes.size()) + " bytes at " + std::to_string(offset));
  }
  if (open_ == nullptr || open_number_ != file) {
    const std::string path = env::join(folder_, manifest_.files[file].name);
    auto opened =
        files_->open(path, received_[file] > 0 ? env::Open::kWrite : env::Open::kOverwrite);
    if (!opened) {
      return opened.error();
    }
    open_ = std::move(opened.value());
    open_number_ = file;
  }
  auto written = open_->write(offset, bytes);
  if (written) {
    received_[file] += bytes.size();
  }
  return written;
}

bool Incoming::complete() const {
  for (std::size_t i = 0; i < received_.size(); ++i) {
    if (received_[i] != manifest_.files[i].size) {
      return false;
    }
  }
  return true;
}

Result<void> Snapshots::seal(Incoming incoming) {
  const Manifest& manifest = incoming.manifest();
  if (!incoming.complete()) {
    return invalid("a snapshot of group " + std::to_string(manifest.group.value()) +
                   " is not all here");
  }
  incoming.open_.reset();
  const std::string folder = arriving_of(manifest.group, manifest.meta.last);
  for (const SnapshotFile& file : manifest.files) {
    const std::string path = env::join(incoming.folder_, file.name);
    if (file.size == 0) {  // of these no piece ever came
      if (auto made = files_.open(path, env::Open::kOverwrite); !made) {
        return made.error();
      }
    }
    const auto measured = measure(files_, incoming.folder_, file.name, true);
    if (!measured) {
      return measured.error();
    }
    if (measured.value() != file) {
      static_cast<void>(remove_all(files_, folder));
      return corrupt(path + " is not what was sent: it rotted on its way or at its source");
    }
  }
  return finish(manifest, folder);
}

// ---- Those that are there

Result<std::vector<LogPosition>> Snapshots::list(GroupId group) {
  std::vector<LogPosition> found;
  const auto entries = files_.list(folder_of(group));
  if (!entries) {
    return entries.error().code == ErrorCode::kNotFound
               ? Result<std::vector<LogPosition>>{std::move(found)}
               : entries.error();
  }
  for (const env::Entry& entry : entries.value()) {
    if (const auto position = position_of(entry.name); position && entry.directory) {
      found.push_back(*position);
    }
  }
  std::ranges::sort(found, {}, &LogPosition::index);
  return found;
}

Result<Manifest> Snapshots::manifest(GroupId group, const LogPosition& last) {
  auto found = read_manifest(files_, path_of(group, last));
  if (found && (found.value().group != group || found.value().meta.last != last)) {
    return corrupt(path_of(group, last) + " holds another snapshot by its own manifest");
  }
  return found;
}

Result<void> Snapshots::check_files(const Manifest& manifest, const std::string& folder) {
  for (const SnapshotFile& file : manifest.files) {
    const std::string path = env::join(folder, file.name);
    const auto measured = measure(files_, folder, file.name, false);
    if (!measured && measured.error().code != ErrorCode::kNotFound) {
      return measured.error();
    }
    if (!measured) {
      return corrupt(path + " is missing; fetch the snapshot anew from another member");
    }
    if (measured.value() != file) {
      return corrupt(path + " is rotten: it has " + std::to_string(measured.value().size) +
                     " bytes and should have " + std::to_string(file.size) +
                     ", or its checksum differs; fetch the snapshot anew from another member");
    }
  }
  return {};
}

Result<Manifest> Snapshots::verify(GroupId group, const LogPosition& last) {
  auto found = manifest(group, last);
  if (found) {
    if (auto checked = check_files(found.value(), files_of(group, last)); !checked) {
      return checked.error();
    }
  }
  return found;
}

Result<std::string> Snapshots::read(GroupId group, const LogPosition& last, const std::string& name,
                                    std::uint64_t offset, std::size_t size) {
  const auto file = files_.open(env::join(files_of(group, last), name), env::Open::kRead);
  if (!file) {
    return file.error();
  }
  std::string bytes(size, '\0');
  const auto read = file.value()->read(offset, std::as_writable_bytes(std::span{bytes}));
  if (!read) {
    return read.error();
  }
  bytes.resize(read.value());
  return bytes;
}

// First it loses its name, at once and for good: half a snapshot never has one.
Result<void> Snapshots::remove(GroupId group, const LogPosition& last) {
  const std::string path = path_of(group, last);
  if (!files_.exists(path)) {
    return {};
  }
  const std::string aside = staging_of(group, last);
  auto done = remove_all(files_, aside);
  if (done) {
    done = files_.rename(path, aside);
  }
  if (done) {
    done = files_.sync_directory(folder_of(group));
  }
  return done ? remove_all(files_, aside) : done;
}

Result<std::vector<std::string>> Snapshots::sweep(const std::map<GroupId, LogPosition>& recorded) {
  std::vector<std::string> removed;
  const auto groups = files_.list(directory_);
  if (!groups) {
    return groups.error();
  }
  for (const env::Entry& entry : groups.value()) {
    const std::string folder = env::join(directory_, entry.name);
    const auto known = std::ranges::find_if(
        recorded, [&](const auto& pair) { return folder_of(pair.first) == folder; });
    const auto inside = files_.list(folder);
    if (!inside) {
      return inside.error();
    }
    bool kept = false;
    for (const env::Entry& snapshot : inside.value()) {
      if (known != recorded.end() && snapshot.name == name_of(known->second)) {
        kept = true;
        continue;
      }
      removed.push_back(env::join(folder, snapshot.name));
      auto done =
          snapshot.directory ? remove_all(files_, removed.back()) : files_.remove(removed.back());
      if (!done) {
        return done.error();
      }
    }
    if (!kept) {
      if (auto done = files_.remove(folder); !done) {
        return done.error();
      }
    }
  }
  return removed;
}

}  // namespace quorate::wal
