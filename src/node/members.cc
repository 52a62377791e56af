#include "node/members.h"

#include <algorithm>
#include <utility>

#include "wire/decoder.h"
#include "wire/writer.h"

namespace quorate {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kPromote = 1;
constexpr std::uint64_t kHighestPort = 65535;

}  // namespace

Result<Members> Members::decode(const Bytes& context) {
  Members members;
  if (context.empty()) {
    return members;
  }
  wire::Decoder decoder{context, "members"};
  if (decoder.byte() != kVersion) {
    decoder.fail("a version that this Quorate does not know");
  }
  const std::uint64_t count = decoder.number();
  for (std::uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    Member member;
    member.id = NodeId{decoder.number()};
    member.promote = (decoder.number() & kPromote) != 0;
    const std::uint64_t port = decoder.number();
    member.address.host = std::string{decoder.slice(decoder.number()).text()};
    if (!decoder.failed() && port > kHighestPort) {
      decoder.fail("port " + std::to_string(port) + " does not exist");
    }
    member.address.port = static_cast<std::uint16_t>(port);
    if (!decoder.failed() && (member.id == kNobody || (!members.members_.empty() &&
                                                       members.members_.back().id >= member.id))) {
      decoder.fail("ids do not rise");
    }
    members.members_.push_back(std::move(member));
  }
  decoder.expect_end();
  if (decoder.failed()) {
    return decoder.error();
  }
  return members;
}

Bytes Members::encode() const {
  std::string out;
  wire::Writer writer{out};
  writer.byte(kVersion);
  writer.number(members_.size());
  for (const Member& member : members_) {
    writer.number(member.id.value());
    writer.number(member.promote ? kPromote : 0);
    writer.number(member.address.port);
    writer.number(member.address.host.size());
    writer.raw(member.address.host);
  }
  return Bytes::copy_of(std::string_view{out});
}

void Members::set(Member member) {
  const auto at = std::ranges::lower_bound(members_, member.id, {}, &Member::id);
  if (at != members_.end() && at->id == member.id) {
    *at = std::move(member);
  } else {
    members_.insert(at, std::move(member));
  }
}

void Members::remove(NodeId id) {
  std::erase_if(members_, [id](const Member& member) { return member.id == id; });
}

const Member* Members::find(NodeId id) const {
  const auto at = std::ranges::lower_bound(members_, id, {}, &Member::id);
  return at != members_.end() && at->id == id ? &*at : nullptr;
}

}  // namespace quorate
