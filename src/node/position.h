// The position of a state machine, as the blob that it keeps beside its state: how far it has
// applied, and who was a member there.
//
//     position = version index term configuration_index size configuration
//
// Version is one byte, 1; the rest are varints and the configuration's own encoding. No bytes at
// all: a machine that has applied nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/configuration.h"

namespace quorate {

inline constexpr std::uint8_t kPositionVersion = 1;

std::string encode_position(const SnapshotMeta& at);
Result<SnapshotMeta> decode_position(std::string_view bytes);

}  // namespace quorate
