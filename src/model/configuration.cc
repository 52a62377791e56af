#include "model/configuration.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace quorate {
namespace {

constexpr char kVersion = 1;

bool holds(const std::vector<NodeId>& ids, NodeId id) {
  return std::ranges::binary_search(ids, id);
}

Result<void> validate_list(const std::vector<NodeId>& ids, const char* field) {
  if (std::ranges::find(ids, kNobody) != ids.end()) {
    return invalid(std::string{"configuration."} + field +
                   ": id 0 is nobody's; give each member its own id");
  }
  if (std::ranges::adjacent_find(ids, std::ranges::greater_equal{}) != ids.end()) {
    return invalid(std::string{"configuration."} + field + ": ids must be sorted, each once");
  }
  return {};
}

std::string join(const std::vector<NodeId>& ids) {
  std::string text = "{";
  for (const NodeId id : ids) {
    text += (text.size() > 1 ? "," : "") + std::to_string(id.value());
  }
  return text + "}";
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<char>(value));
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) {
      return false;
    }
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) {
      return byte != 0 || shift == 0;  // as short as it can be: one encoding for each value
    }
  }
  return false;
}

bool take_ids(std::string_view& in, std::vector<NodeId>& ids) {
  std::uint64_t count = 0;
  if (!take_varint(in, count) || count > in.size()) {
    return false;
  }
  ids.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t id = 0;
    if (!take_varint(in, id)) {
      return false;
    }
    ids.emplace_back(id);
  }
  return true;
}

}  // namespace

bool Configuration::is_voter(NodeId id) const { return holds(voters, id) || holds(old_voters, id); }

bool Configuration::contains(NodeId id) const { return is_voter(id) || holds(learners, id); }

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  all.insert(all.end(), old_voters.begin(), old_voters.end());
  all.insert(all.end(), learners.begin(), learners.end());
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

Configuration Configuration::final_form() const { return {voters, {}, learners, context}; }

Result<void> Configuration::validate() const {
  if (voters.empty()) {
    return invalid("configuration.voters: empty; a group needs at least one voter");
  }
  for (const auto& [ids, field] : std::array<std::pair<const std::vector<NodeId>*, const char*>, 3>{
           {{&voters, "voters"}, {&old_voters, "old_voters"}, {&learners, "learners"}}}) {
    if (auto result = validate_list(*ids, field); !result) {
      return result;
    }
  }
  for (const NodeId id : learners) {
    if (holds(voters, id)) {
      return invalid("configuration.learners: " + std::to_string(id.value()) +
                     " is a voter too; name it once");
    }
  }
  return {};
}

Bytes Configuration::encode() const {
  std::string out(1, kVersion);
  for (const auto* ids : {&voters, &old_voters, &learners}) {
    put_varint(out, ids->size());
    for (const NodeId id : *ids) {
      put_varint(out, id.value());
    }
  }
  put_varint(out, context.size());
  out += context.text();
  return Bytes::copy_of(std::string_view{out});
}

Result<Configuration> Configuration::decode(const Bytes& bytes) {
  std::string_view in = bytes.text();
  if (in.empty() || in.front() != kVersion) {
    return corrupt("configuration entry: unknown version; written by a newer Quorate?");
  }
  in.remove_prefix(1);
  Configuration result;
  std::uint64_t context_size = 0;
  if (!take_ids(in, result.voters) || !take_ids(in, result.old_voters) ||
      !take_ids(in, result.learners) || !take_varint(in, context_size) ||
      context_size != in.size()) {
    return corrupt("configuration entry: cut short or too long");
  }
  result.context = Bytes::copy_of(in);
  if (auto valid = result.validate(); !valid) {
    return valid.error();
  }
  return result;
}

std::string describe(const Configuration& configuration) {
  std::string text = configuration.joint()
                         ? join(configuration.old_voters) + "->" + join(configuration.voters)
                         : join(configuration.voters);
  return configuration.learners.empty() ? text : text + "+" + join(configuration.learners);
}

std::string describe(const SnapshotMeta& meta) {
  return describe(meta.last) + " " + describe(meta.configuration) + "@" +
         std::to_string(meta.configuration_index.value());
}

std::string describe(const HardState& state) {
  return "term=" + std::to_string(state.term.value()) +
         " vote=" + std::to_string(state.vote.value());
}

}  // namespace quorate
