// Node: one process's part in any number of groups: their logs on one disk, one connection a peer
// and channel, their state machines.
//
//     auto node = Node::open(env, options, machines, observer);
//     node->create(group, members, done);     says, once, that this group is new
//     node->propose(group, command, done);
//     node->stop(done);                       hands leadership over and answers everybody
//
// All calls may come from any thread; what they ask for is answered by callbacks, exactly once each
// (request.h). Destroying a node that was not stopped is as good as a crash: nothing that was
// acknowledged is lost.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/env.h"
#include "node/carrier.h"
#include "node/letters.h"
#include "node/loop.h"
#include "node/machine_lane.h"
#include "node/members.h"
#include "node/request.h"
#include "node/state_machine.h"
#include "raft/options.h"
#include "wal/wal.h"

namespace quorate {

// The core's own, but that what is little is gathered for a moment: a message costs a wake of the
// other node, and a disk there writes two batches hardly sooner than one.
Options core_options();

struct NodeOptions {
  ClusterId cluster;
  NodeId id;
  std::string directory;  // belongs to this node alone
  // Where there is no such directory it is made, for a node that is in no group yet. Otherwise that
  // is an error: a node whose directory is gone must not pass for who it was (rule 13).
  bool create = false;
  env::Address listen;  // where other nodes find this one
  // Brings bodies to other nodes; over TCP unless set.
  std::function<Result<std::unique_ptr<Carrier>>(env::Lane&, CarrierEvents&)> carrier;
  Options core = core_options();  // of every group; id, boot and seed are the node's to set
  wal::Options log;
  SnapshotPolicy snapshots;
  Loop::Limits limits;
  Duration deadline = std::chrono::seconds{5};  // after which the fate of a request is unknown
  std::map<NodeId, env::Address> contacts;      // where others are, before a configuration says so
};

class Node {
 public:
  using Machines = std::function<std::unique_ptr<StateMachine>(GroupId)>;

  // Reads the directory, opens the machine of every group that is in it, and begins. The error
  // names what is wrong with which file and what to do; then nothing was changed. `env` and
  // `observer` (may be null) outlive it.
  static Result<std::unique_ptr<Node>> open(env::Env& env, const NodeOptions& options,
                                            Machines machines, Observer* observer);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  // A new group with these members as voters, told to each of them alike. It never was before: that
  // is the caller's word, and nothing but this call starts a group (rule 13). Refused when this
  // node has it already. Opens a machine, so that it may take as long as that does.
  void create(GroupId group, const Members& members, Done done);
  // This node takes part in a group as soon as its leader sends it something: it was, or will be,
  // added by a change of members.
  void join(GroupId group, Done done);

  void propose(GroupId group, Bytes command, Done done);
  void read(GroupId group, ReadKind kind, Query query);
  void change(GroupId group, Configuration target, Done done);
  void transfer(GroupId group, NodeId target, Done done);
  void status(GroupId group, std::function<void(Result<Status>)> done);
  // Hands leadership over where that is possible, then takes no part any more and answers
  // everybody.
  void stop(std::function<void()> done);

  // Those that were in the directory when it was opened.
  [[nodiscard]] const std::vector<GroupId>& groups() const;
  [[nodiscard]] std::uint64_t syncs() const;

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace quorate
