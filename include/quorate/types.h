// The strong types that name positions, members and requests in Quorate.
//
// A term, an index and a node id are all 64-bit numbers, and mixing them up is the kind of bug that
// a replicated log does not forgive. Each is a type of its own; only what means something compiles.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace quorate {

// A number on a line: it can be compared, stepped and counted, but not confused with another
// line's.
template <class Tag>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr Ordinal next() const { return Ordinal{value_ + 1}; }
  [[nodiscard]] constexpr Ordinal previous() const { return Ordinal{value_ - 1}; }

  friend constexpr auto operator<=>(const Ordinal&, const Ordinal&) = default;
  friend constexpr Ordinal operator+(Ordinal a, std::uint64_t n) { return Ordinal{a.value_ + n}; }
  friend constexpr Ordinal operator-(Ordinal a, std::uint64_t n) { return Ordinal{a.value_ - n}; }
  friend constexpr std::uint64_t operator-(Ordinal a, Ordinal b) { return a.value_ - b.value_; }

 private:
  std::uint64_t value_ = 0;
};

// A name: it can be compared and ordered (so that sets of it are deterministic), never calculated
// with.
template <class Tag>
class Identifier {
 public:
  constexpr Identifier() = default;
  constexpr explicit Identifier(std::uint64_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  friend constexpr auto operator<=>(const Identifier&, const Identifier&) = default;

 private:
  std::uint64_t value_ = 0;
};

// For tables that are looked up, and never gone through.
struct IdHash {
  template <class Tag>
  std::size_t operator()(Identifier<Tag> id) const {
    return static_cast<std::size_t>(id.value() * 0x9e3779b97f4a7c15U);
  }
};

// A Raft term. 0 is before the first election.
using Term = Ordinal<struct TermTag>;
// A position in the log. The first entry has index 1; 0 is "before the log".
using Index = Ordinal<struct IndexTag>;
// Numbers the messages of one leader's term; an answer repeats it, so that the leader knows what it
// confirms.
using Round = Ordinal<struct RoundTag>;
// Numbers one node's writes to its disk, first in, first out. 0 is "nothing was ever written".
using Ticket = Ordinal<struct TicketTag>;

// A member of a group. Never reused for another machine or another disk; 0 is nobody.
using NodeId = Identifier<struct NodeTag>;
inline constexpr NodeId kNobody{};

// One replicated state machine and its log. A node takes part in many; 0 is no group.
using GroupId = Identifier<struct GroupTag>;
// All nodes that were started together; two clusters never speak to each other.
using ClusterId = Identifier<struct ClusterTag>;
// One life of a node's disk: drawn at random when its directory is made, so that a node whose disk
// was lost, and who may have promised what it does not remember, is not taken for who it was.
using Incarnation = Identifier<struct IncarnationTag>;

// A caller's own name for a request; its answer carries it.
using RequestId = Identifier<struct RequestTag>;

}  // namespace quorate
