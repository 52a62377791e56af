// Nodes of one process, on real threads, connected by a network that is a few mailboxes: for tests
// of the runtime where sockets are not the point. Links can be cut, and bodies lost, delayed or
// doubled.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "env/env.h"
#include "env/mailbox.h"
#include "node/carrier.h"

namespace quorate::testing {

class InProcessNetwork {
 public:
  struct Weather {
    std::uint32_t lose_one_in = 0;  // 0: none
    std::uint32_t double_one_in = 0;
  };

  explicit InProcessNetwork(std::uint64_t seed = 1) : random_(seed) {}

  // What NodeOptions::carrier wants, for node `self`.
  auto carrier_of(NodeId self) {
    return [this, self](env::Lane& lane, CarrierEvents& events) {
      return Result<std::unique_ptr<Carrier>>{
          std::make_unique<InProcessCarrier>(*this, self, lane, events)};
    };
  }
  void cut(NodeId from, NodeId to) {
    const std::lock_guard hold{mutex_};
    cut_.insert({from, to});
  }
  void isolate(NodeId node, const std::vector<NodeId>& others) {
    for (const NodeId other : others) {
      cut(node, other);
      cut(other, node);
    }
  }
  void heal() {
    const std::lock_guard hold{mutex_};
    cut_.clear();
  }
  void set_weather(Weather weather) {
    const std::lock_guard hold{mutex_};
    weather_ = weather;
  }

 private:
  struct Letter {
    NodeId from;
    Bytes body;
  };

  class InProcessCarrier final : public Carrier {
   public:
    InProcessCarrier(InProcessNetwork& network, NodeId self, env::Lane& lane, CarrierEvents& events)
        : network_(network), self_(self), lane_(lane), events_(events) {
      network_.join(self_, this);
    }
    ~InProcessCarrier() override { network_.leave(self_); }

    void locate(NodeId /*node*/, const env::Address& /*address*/) override {}
    void send(NodeId to, Channel /*channel*/, Bytes body) override {
      network_.deliver(self_, to, std::move(body));
    }
    Instant turn() override {
      mailbox_.take(letters_);
      for (const Letter& letter : letters_) {
        events_.received(letter.from, letter.body);
      }
      letters_.clear();
      return kNever;
    }
    [[nodiscard]] env::Address address() const override { return {}; }

    // From any thread.
    void put(Letter letter) {
      if (mailbox_.put(std::move(letter))) {
        lane_.wake();
      }
    }

   private:
    InProcessNetwork& network_;
    NodeId self_;
    env::Lane& lane_;
    CarrierEvents& events_;
    env::Mailbox<Letter> mailbox_;
    std::vector<Letter> letters_;
  };

  void join(NodeId node, InProcessCarrier* carrier) {
    const std::lock_guard hold{mutex_};
    carriers_[node] = carrier;
  }
  void leave(NodeId node) {
    const std::lock_guard hold{mutex_};
    carriers_.erase(node);
  }
  void deliver(NodeId from, NodeId to, Bytes body) {
    const std::lock_guard hold{mutex_};
    const auto at = carriers_.find(to);
    if (at == carriers_.end() || cut_.contains({from, to}) ||
        (weather_.lose_one_in > 0 && random_.one_in(weather_.lose_one_in))) {
      return;
    }
    if (weather_.double_one_in > 0 && random_.one_in(weather_.double_one_in)) {
      at->second->put({from, body});
    }
    at->second->put({from, std::move(body)});
  }

  std::mutex mutex_;
  Random random_;
  Weather weather_;
  std::map<NodeId, InProcessCarrier*> carriers_;
  std::set<std::pair<NodeId, NodeId>> cut_;
};

}  // namespace quorate::testing
