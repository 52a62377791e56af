#include "sim/runtime/registers.h"

#include <utility>
#include <vector>

#include "wire/checksum.h"
#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate::simenv {
namespace {

constexpr std::uint64_t kLargestState = std::uint64_t{1} << 30U;
constexpr const char* kSnapshotFile = "registers";

void put_text(wire::Writer& writer, std::string_view text) {
  writer.number(text.size());
  writer.raw(text);
}

std::string take_text(wire::Decoder& decoder) {
  return std::string{decoder.slice(decoder.number()).text()};
}

}  // namespace

Bytes Registers::command(sim::Act act, std::string_view key, std::string_view argument) {
  std::string out;
  wire::Writer writer{out};
  writer.byte(static_cast<std::uint8_t>(act));
  put_text(writer, key);
  put_text(writer, argument);
  return Bytes::copy_of(std::string_view{out});
}

std::string Registers::get(const std::string& key) const {
  const auto at = values_.find(key);
  return at != values_.end() ? at->second : std::string{};
}

Result<std::string> Registers::open() {
  if (keeping_.file.empty() || !files_.exists(keeping_.file)) {
    return std::string{};
  }
  const auto bytes = env::read_all(files_, keeping_.file, kLargestState);
  if (!bytes) {
    return bytes.error();
  }
  if (const auto loaded = load(bytes.value()); !loaded) {
    return loaded.error();
  }
  persisted_ = position_;
  return position_;
}

Result<void> Registers::apply(std::span<const Command> batch, std::string_view position,
                              std::vector<std::string>& results) {
  for (const Command& each : batch) {
    auto result = apply(each.payload);
    if (!result) {
      return result.error();
    }
    results.push_back(std::move(result.value()));
  }
  position_ = position;
  const bool keeps = !keeping_.file.empty() && ++batches_ % keeping_.every_batches == 0;
  return keeps ? flush() : Result<void>{};
}

Result<std::string> Registers::apply(std::string_view payload) {
  const Bytes in = Bytes::copy_of(payload);
  wire::Decoder decoder{in, "command"};
  const auto act = static_cast<sim::Act>(decoder.byte());
  const std::string key = take_text(decoder);
  std::string argument = take_text(decoder);
  decoder.expect_end();
  if (decoder.failed()) {
    return decoder.error();
  }
  std::string& value = values_[key];
  switch (act) {
    case sim::Act::kGet:
      return value;
    case sim::Act::kPut:
      value = std::move(argument);
      return std::string{};
    case sim::Act::kAppend:
      value += argument;
      return std::string{};
    case sim::Act::kSwap:
      return std::exchange(value, std::move(argument));
  }
  return invalid("command.act: not known");
}

Result<StateMachine::FinishSnapshot> Registers::snapshot(const std::string& folder) {
  return FinishSnapshot{[&files = files_, path = env::join(folder, kSnapshotFile),
                         state = state()] { return env::write_all(files, path, state); }};
}

Result<void> Registers::restore(const std::string& folder, std::string_view position) {
  const auto bytes = env::read_all(files_, env::join(folder, kSnapshotFile), kLargestState);
  if (!bytes) {
    return bytes.error();
  }
  if (auto loaded = load(bytes.value()); !loaded) {
    return loaded;
  }
  position_ = position;
  return keeping_.file.empty() ? Result<void>{} : flush();
}

Result<void> Registers::flush() {
  if (keeping_.file.empty()) {
    return {};
  }
  auto replaced = env::replace(files_, keeping_.file, state());
  if (replaced) {
    persisted_ = position_;
  }
  return replaced;
}

std::uint64_t Registers::hash() {
  std::string all;
  wire::Writer writer{all};
  for (const auto& [key, value] : values_) {
    put_text(writer, key);
    put_text(writer, value);
  }
  return wire::checksum_of(all);
}

// state = position count (key value)... checksum
std::string Registers::state() const {
  std::string out;
  wire::Writer writer{out};
  put_text(writer, position_);
  writer.number(values_.size());
  for (const auto& [key, value] : values_) {
    put_text(writer, key);
    put_text(writer, value);
  }
  writer.checksum64(0);
  return out;
}

Result<void> Registers::load(const std::string& state) {
  constexpr std::size_t kChecksum = 8;
  std::string sum;
  if (state.size() >= kChecksum) {
    sum = state.substr(0, state.size() - kChecksum);
    wire::Writer{sum}.checksum64(0);
  }
  if (sum != state) {
    return corrupt("the registers' state does not have its checksum");
  }
  const Bytes in = Bytes::copy_of(std::string_view{state}.substr(0, state.size() - kChecksum));
  wire::Decoder decoder{in, "registers"};
  position_ = take_text(decoder);
  values_.clear();
  for (std::uint64_t left = decoder.number(); left > 0 && !decoder.failed(); --left) {
    std::string key = take_text(decoder);
    values_[std::move(key)] = take_text(decoder);
  }
  decoder.expect_end();
  return decoder.failed() ? Result<void>{decoder.error()} : Result<void>{};
}

}  // namespace quorate::simenv
