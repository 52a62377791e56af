// For tests: any message, entry or state that can be, at random.
#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "model/configuration.h"
#include "model/entry.h"
#include "model/message.h"
#include "wire/state.h"

namespace quorate::wire::testing {

// Small numbers mostly, the largest too: each length of a varint comes up.
inline rc::Gen<std::uint64_t> numbers() {
  return rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 300),
                        rc::gen::arbitrary<std::uint64_t>(),
                        rc::gen::map(rc::gen::inRange<unsigned>(0, 64),
                                     [](unsigned bits) { return (std::uint64_t{2} << bits) - 1; }));
}

template <class Value>
rc::Gen<Value> made_of_number() {
  return rc::gen::map(numbers(), [](std::uint64_t number) { return Value{number}; });
}

inline rc::Gen<Bytes> payloads() {
  const auto text = rc::gen::string<std::string>();
  return rc::gen::map(rc::gen::oneOf(text, rc::gen::scale(4.0, text)),
                      [](const std::string& bytes) { return Bytes::copy_of(bytes); });
}

inline rc::Gen<EntryKind> kinds() {
  return rc::gen::element(EntryKind::kEmpty, EntryKind::kCommand, EntryKind::kConfiguration);
}

inline rc::Gen<Configuration> configurations() {
  const auto ids = rc::gen::container<std::set<std::uint64_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 20), rc::gen::nonZero<std::uint64_t>()));
  return rc::gen::map(rc::gen::tuple(rc::gen::nonEmpty(ids), ids, ids, payloads()),
                      [](const auto& parts) {
                        auto [voters, old_voters, learners, context] = parts;
                        for (const std::uint64_t voter : voters) {
                          learners.erase(voter);
                        }
                        return Configuration{{voters.begin(), voters.end()},
                                             {old_voters.begin(), old_voters.end()},
                                             {learners.begin(), learners.end()},
                                             context};
                      });
}

// Fills in every field. It knows the fields from the model alone, not from their layouts on the
// wire: what a layout forgets does not come back.
struct Filler {
  static void fill(std::uint64_t& value) { value = *numbers(); }
  static void fill(bool& value) { value = *rc::gen::arbitrary<bool>(); }
  template <class Tag>
  static void fill(Ordinal<Tag>& value) {
    value = *made_of_number<Ordinal<Tag>>();
  }
  template <class Tag>
  static void fill(Identifier<Tag>& value) {
    value = *made_of_number<Identifier<Tag>>();
  }
  static void fill(LogPosition& value) { fill_all(value.index, value.term); }
  static void fill(TermRun& value) { fill_all(value.first, value.term); }
  static void fill(HardState& value) { fill_all(value.term, value.vote); }
  static void fill(Entry& value) {
    fill_all(value.term, value.index);
    value.kind = *kinds();
    value.payload = *payloads();
  }
  static void fill(SnapshotMeta& value) {
    fill_all(value.last, value.configuration_index);
    value.configuration = *configurations();
  }
  static void fill(std::vector<Entry>& value) { fill_list(value, 20); }
  static void fill(std::vector<TermRun>& value) { fill_list(value, AppendRejected::kMaxRuns); }
  // A message shows its own fields, to be looked at; `body` itself may be changed.
  static void fill(auto& body) {
    body.fields([](std::string_view /*name*/, const auto& field) {
      fill(const_cast<std::remove_cvref_t<decltype(field)>&>(field));
    });
  }

 private:
  static void fill_all(auto&... fields) { (fill(fields), ...); }
  static void fill_list(auto& list, std::size_t most) {
    list.resize(*rc::gen::inRange<std::size_t>(0, most + 1));
    for (auto& element : list) {
      fill(element);
    }
  }
};

template <class Value>
rc::Gen<Value> filled() {
  return rc::gen::exec([] {
    Value value;
    Filler::fill(value);
    return value;
  });
}

template <class Body>
rc::Gen<Message> messages_of() {
  return rc::gen::exec([] {
    Message message;
    Filler::fill(message.from);
    Filler::fill(message.to);
    Filler::fill(message.term);
    message.body = *filled<Body>();
    return message;
  });
}

// Calls `each.operator()<Body>()` for each type of message.
template <std::size_t... Is>
void for_each_type(auto&& each, std::index_sequence<Is...> /*all*/) {
  (each.template operator()<std::variant_alternative_t<Is, MessageBody>>(), ...);
}
void for_each_type(auto&& each) {
  for_each_type(each, std::make_index_sequence<std::variant_size_v<MessageBody>>{});
}

inline rc::Gen<State> states() {
  return rc::gen::exec([] {
    State state;
    Filler::fill(state.hard_state);
    Filler::fill(state.snapshot);
    if (*rc::gen::inRange(0, 4) == 0) {
      state.snapshot.configuration = {};
    }
    state.base = {Index{*rc::gen::inRange<std::uint64_t>(0, 1000)},
                  Term{*rc::gen::inRange<std::uint64_t>(0, 1000)}};
    LogPosition at = state.base;
    for (std::size_t left = *rc::gen::inRange<std::size_t>(0, 30); left > 0; --left) {
      at = {at.index.next(), at.term + *rc::gen::element<std::uint64_t>(0, 0, 0, 1, 200)};
      state.entries.push_back({at.term, at.index, *kinds(), *payloads()});
    }
    return state;
  });
}

}  // namespace quorate::wire::testing
