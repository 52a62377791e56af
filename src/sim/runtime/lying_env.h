// An env whose files say that they are synced, and are not: for showing that a judge notices.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/env.h"

namespace quorate::simenv {

class LyingFile final : public env::File {
 public:
  explicit LyingFile(std::unique_ptr<env::File> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    return file_->read(offset, into);
  }
  Result<void> write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    return file_->write(offset, parts);
  }
  Result<void> sync() override { return {}; }
  Result<std::uint64_t> size() override { return file_->size(); }
  Result<void> resize(std::uint64_t size) override { return file_->resize(size); }

 private:
  std::unique_ptr<env::File> file_;
};

class LyingFiles final : public env::Files {
 public:
  explicit LyingFiles(env::Files& files) : files_(files) {}
  Result<std::unique_ptr<env::File>> open(const std::string& path, env::Open how) override {
    auto file = files_.open(path, how);
    return file ? Result<std::unique_ptr<env::File>>{std::make_unique<LyingFile>(
                      std::move(file.value()))}
                : std::move(file);
  }
  Result<std::vector<env::Entry>> list(const std::string& directory) override {
    return files_.list(directory);
  }
  [[nodiscard]] bool exists(const std::string& path) override { return files_.exists(path); }
  Result<void> make_directory(const std::string& path) override {
    return files_.make_directory(path);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> link(const std::string& from, const std::string& to) override {
    return files_.link(from, to);
  }
  Result<void> sync_directory(const std::string& path) override {
    return files_.sync_directory(path);
  }
  Result<std::unique_ptr<env::Lock>> lock(const std::string& path) override {
    return files_.lock(path);
  }
  Result<std::uint64_t> free_bytes(const std::string& path) override {
    return files_.free_bytes(path);
  }

 private:
  env::Files& files_;
};

class LyingEnv final : public env::Env {
 public:
  explicit LyingEnv(env::Env& env) : env_(env), files_(env.files()) {}
  env::Files& files() override { return files_; }
  [[nodiscard]] Instant now() override { return env_.now(); }
  [[nodiscard]] std::uint64_t random() override { return env_.random(); }
  std::unique_ptr<env::Lane> start_lane(const std::string& name, env::Lane::Work work) override {
    return env_.start_lane(name, std::move(work));
  }

 private:
  env::Env& env_;
  LyingFiles files_;
};

}  // namespace quorate::simenv
