// Acquaintances: under which incarnation each other node is known (rule 13). Learned when it is met
// first, and kept in the node's directory; whoever comes under another has lost its disk, and with
// it what it had promised, and is refused.
//
//     file `peers` = a line `quorate peers 1`, a line `id incarnation` for each, a line with the
//     checksum of what stands before it; numbers in hexadecimal
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "env/files.h"
#include "quorate/types.h"

namespace quorate {

class Acquaintances {
 public:
  // Nobody is known where there is no such file.
  static Result<Acquaintances> load(env::Files& files, const std::string& path);
  // Made aside and renamed; durable on return.
  static Result<void> save(env::Files& files, const std::string& path, const std::string& text);

  // True if it was not known before: then text() is to be saved.
  Result<bool> meet(NodeId node, Incarnation incarnation);
  [[nodiscard]] std::string text() const;

 private:
  std::map<NodeId, Incarnation> known_;
};

}  // namespace quorate
