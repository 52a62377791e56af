// A port that is listened at.
#pragma once

#include <memory>

#include "env/lane.h"
#include "env/posix/reactor.h"

namespace quorate::env {

// IPv4 or IPv6 addresses and `localhost`; other names are refused, since one port of one interface
// is what is meant.
Result<std::unique_ptr<Listener>> listen_at(std::shared_ptr<Reactor> reactor, const Address& at,
                                            Lane::Accept accept);

}  // namespace quorate::env
