// A lane that is a thread.
#pragma once

#include <memory>
#include <string>

#include "env/lane.h"

namespace quorate::env {

std::unique_ptr<Lane> start_posix_lane(const std::string& name, Lane::Work work);

}  // namespace quorate::env
