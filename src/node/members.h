// Members: where the nodes of a configuration are found, and whether a learner is to become a voter
// by itself. Travels in the configuration's context, so that it is replicated with it.
//
//     members = version count (id flags port host)...
//
// Version is one byte, 1; numbers are varints; a host is its size and its bytes. Flag 1: promote
// when caught up. Ids rise.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/lane.h"
#include "model/configuration.h"
#include "quorate/types.h"

namespace quorate {

struct Member {
  NodeId id;
  env::Address address;
  bool promote = false;  // a learner that becomes a voter when it has caught up

  friend bool operator==(const Member&, const Member&) = default;
};

class Members {
 public:
  // The context of a configuration; an empty one names nobody.
  static Result<Members> decode(const Bytes& context);
  [[nodiscard]] Bytes encode() const;

  void set(Member member);
  void remove(NodeId id);
  [[nodiscard]] const Member* find(NodeId id) const;
  [[nodiscard]] const std::vector<Member>& all() const { return members_; }

  friend bool operator==(const Members&, const Members&) = default;

 private:
  std::vector<Member> members_;  // by id
};

}  // namespace quorate
