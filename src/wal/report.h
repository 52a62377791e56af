// What `quorate log` says of a directory. Everything is read, nothing changed, and a process may
// hold the directory meanwhile (then what it is just writing looks torn).
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "env/files.h"

namespace quorate::wal {

using Say = std::function<void(const std::string& line)>;

// Every batch and every record that counts, a line each.
Result<void> dump(env::Files& files, const std::string& directory, const Say& say);

// Where it is broken, a line each, and how much there is; true when nothing is. A torn tail is no
// damage: it was never durable.
Result<bool> verify(env::Files& files, const std::string& directory, const Say& say);

}  // namespace quorate::wal
