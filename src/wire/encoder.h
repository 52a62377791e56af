// Values to bytes, by their layouts (layout.h), into a Writer or a Counter.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/configuration.h"
#include "model/entry.h"
#include "quorate/types.h"
#include "wire/layout.h"
#include "wire/writer.h"

namespace quorate::wire {

template <class Sink>
class Encoder {
 public:
  explicit Encoder(Sink& sink) : sink_(sink) {}

  void operator()(const char* /*name*/, const auto& value) { write(value); }

 private:
  void write(std::uint64_t value) { sink_.number(value); }
  void write(bool value) { sink_.byte(value ? 1 : 0); }
  void write(EntryKind kind) { sink_.byte(static_cast<std::uint8_t>(kind)); }
  template <class Tag>
  void write(Ordinal<Tag> value) {
    sink_.number(value.value());
  }
  template <class Tag>
  void write(Identifier<Tag> value) {
    sink_.number(value.value());
  }
  void write(const Bytes& bytes) {
    sink_.number(bytes.size());
    sink_.raw(bytes.text());
  }
  // Its own encoding, which has a version of its own; no bytes for a configuration without members.
  void write(const Configuration& configuration) {
    write(configuration == Configuration{} ? Bytes{} : configuration.encode());
  }
  void write(const Entry& entry) {
    const std::size_t start = sink_.position();
    layout(*this, entry);
    sink_.checksum32(start);
  }
  template <class Element>
  void write(const std::vector<Element>& elements) {
    sink_.number(elements.size());
    for (const Element& element : elements) {
      write(element);
    }
  }
  void write(const auto& composed) { layout(*this, composed); }

  Sink& sink_;
};

}  // namespace quorate::wire
