// Observer: for those who watch a node.
#pragma once

#include <string>

#include "quorate/types.h"
#include "raft/output.h"
#include "raft/status.h"

namespace quorate {

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;
  // On the group's loop; must not block.
  virtual void happened(GroupId group, const Position& at, Happened what) = 0;
  // Something that a person should read; on any lane.
  virtual void note(const std::string& text) = 0;
};

// As messages for people name it.
inline std::string describe(GroupId group) { return "group " + std::to_string(group.value()); }

// Tells whoever watches, if anybody does.
inline void note(Observer* observer, const std::string& text) {
  if (observer != nullptr) {
    observer->note(text);
  }
}
inline void note(Observer* observer, GroupId group, const std::string& text) {
  note(observer, describe(group) + ": " + text);
}

}  // namespace quorate
