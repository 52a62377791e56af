// What the two kinds of connections and the transport share.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "env/env.h"
#include "net/transport.h"

namespace quorate::net {

struct Surroundings {
  Surroundings(env::Env& the_env, env::Lane& the_lane, Hello the_self, TransportOptions the_options,
               Random the_random, TransportEvents& the_events)
      : env(the_env),
        lane(the_lane),
        self(std::move(the_self)),
        options(std::move(the_options)),
        random(the_random),
        events(the_events) {}

  env::Env& env;
  env::Lane& lane;
  Hello self;
  const TransportOptions options;
  Random random;
  TransportEvents& events;
  TransportCounters counters;
  std::vector<OutLink*> to_flush;  // have something to send, once each
  std::vector<Bytes> pieces;       // lent to whoever is sending
  bool schedule_changed = false;   // some deadline is another than before
  bool turn_asked_for = false;

  // Somebody has to call turn().
  void ask_for_turn() {
    if (!std::exchange(turn_asked_for, true)) {
      lane.wake();
    }
  }
  void reschedule() {
    schedule_changed = true;
    ask_for_turn();
  }
  // Pings of all connections fall on the same beats, so that an idle node wakes once for all.
  [[nodiscard]] Instant next_beat(Instant now) const {
    const auto interval = options.ping_interval.count();
    return instant((micros(now) / interval + 1) * interval);
  }
  // The same is said once a minute; `what` tells the same from another.
  void notice(const std::string& what, const std::string& text) {
    constexpr Duration kQuiet = std::chrono::minutes{1};
    constexpr std::size_t kMostRemembered = 1000;
    const Instant now = env.now();
    if (said_.size() >= kMostRemembered) {
      said_.clear();
    }
    const auto [found, is_new] = said_.try_emplace(what, now);
    if (is_new || now - found->second >= kQuiet) {
      found->second = now;
      events.noticed(text);
    }
  }

 private:
  std::map<std::string, Instant> said_;
};

}  // namespace quorate::net
