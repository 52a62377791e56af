// Checker: the safety properties of a whole cluster (Raft paper, Figure 3), watched from outside, on every step.
//
//   Election Safety       one leader a term
//   Log Matching          one entry for each (index, term), and one predecessor
//   Leader Completeness   a new leader holds everything that was committed
//   State Machine Safety  one entry applied at each index
//   Durability            nothing sent that the sender's disk does not hold: term, vote, acknowledged entries
//   Fresh reads           a linearizable read's index is at least what was acknowledged before it began
//
// (Contract sketch: the implementer of Stage refines it. It must be copyable and cheap: no check may cost more than
// what changed in the step.)
#pragma once

namespace quorate::sim {

class Checker;

}  // namespace quorate::sim
