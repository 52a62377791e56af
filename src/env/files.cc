#include "env/files.h"

#include <utility>

namespace quorate::env {

std::string join(std::string_view directory, std::string_view name) {
  std::string path{directory};
  if (!path.empty() && path.back() != '/') {
    path += '/';
  }
  return path += name;
}

Result<void> remove_all(Files& files, const std::string& path) {
  const auto inside = files.list(path);
  if (!inside) {
    // Gone already, as it should be; or no directory, which the caller was mistaken about.
    return inside.error().code == ErrorCode::kNotFound ? Result<void>{} : inside.error();
  }
  for (const Entry& entry : inside.value()) {
    const std::string below = join(path, entry.name);
    auto removed = entry.directory ? remove_all(files, below) : files.remove(below);
    if (!removed && removed.error().code != ErrorCode::kNotFound) {
      return removed;
    }
  }
  return files.remove(path);
}

Result<std::string> read_all(Files& files, const std::string& path, std::uint64_t limit) {
  const auto file = files.open(path, Open::kRead);
  if (!file) {
    return file.error();
  }
  const auto size = file.value()->size();
  if (!size) {
    return size.error();
  }
  if (size.value() > limit) {
    return invalid(path + " has " + std::to_string(size.value()) + " bytes, more than the " +
                   std::to_string(limit) + " that it may have");
  }
  std::string text(size.value(), '\0');
  const auto read = file.value()->read(0, std::as_writable_bytes(std::span{text}));
  if (!read) {
    return read.error();
  }
  text.resize(read.value());
  return text;
}

Result<void> write_all(Files& files, const std::string& path, std::string_view bytes) {
  const auto file = files.open(path, Open::kOverwrite);
  if (!file) {
    return file.error();
  }
  auto written = file.value()->write(0, bytes);
  return written ? file.value()->sync() : written;
}

Result<void> replace(Files& files, const std::string& path, std::string_view bytes) {
  const std::string aside = path + ".new";
  auto done = write_all(files, aside, bytes);
  if (done) {
    done = files.rename(aside, path);
  }
  return done ? files.sync_directory(path.substr(0, path.rfind('/'))) : done;
}

}  // namespace quorate::env
