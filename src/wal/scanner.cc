#include "wal/scanner.h"

#include <utility>

#include "wal/bytes.h"

namespace quorate::wal {

Result<Scanner::Step> Scanner::next() {
  auto first = control_at(at_, Copy::kFirst, candidate_);
  if (!first) {
    return first.error();
  }
  if (!first.value() || candidate_.head.offset != at_ || candidate_.head.sequence != sequence_ ||
      candidate_.head.chain != chain_) {
    const auto found = find(at_);
    if (!found) {
      return found.error();
    }
    if (!found.value()) {
      return Step{End{at_}};
    }
    if (candidate_.head.sequence > sequence_) {
      const Head& head = candidate_.head;
      const Hole hole{at_, head.offset, sequence_, head.sequence, head.state};
      at_ = hole.to;
      sequence_ = hole.next_sequence;
      chain_ = candidate_.head.chain;  // what it follows is gone: nothing to compare it with
      return Step{hole};
    }
  }
  if (const auto checked = check(at_); !checked) {
    return checked.error();
  }
  accept();
  return Step{InBatch{}};
}

Result<bool> Scanner::look_at(std::uint32_t offset) {
  for (std::uint32_t at = offset; at + kHeadBytes <= size_; at += kAlignment) {
    const auto found = control_at(at, at == offset ? Copy::kFirst : Copy::kSecond, candidate_);
    if (!found) {
      return found.error();
    }
    if (found.value() && candidate_.head.offset == offset) {
      const auto checked = check(offset);
      return checked ? Result<bool>{true} : checked.error();
    }
  }
  return false;
}

void Scanner::accept() {
  at_ += batch_.control.head.size;
  ++sequence_;
  chain_ = batch_.control.checksum;
}

Result<bool> Scanner::control_at(std::uint32_t offset, Copy copy, Control& control) {
  if (offset + kHeadBytes > size_) {
    return false;
  }
  const auto head = view_.at(offset, kHeadBytes);
  if (!head) {
    return head.error();
  }
  if (head.value().size() < kHeadBytes) {
    return false;
  }
  const std::uint32_t size = control_size(head.value(), key_, copy);
  if (size < kHeadBytes || size > size_ - offset) {
    return false;
  }
  const auto bytes = view_.at(offset, size);
  if (!bytes) {
    return bytes.error();
  }
  return bytes.value().size() == size && decode_control(bytes.value(), key_, copy, control) &&
         plausible(control, offset);
}

bool Scanner::plausible(const Control& control, std::uint32_t offset) const {
  const Head& head = control.head;
  const std::size_t copy = round_up(head.control, kAlignment);
  const bool inside = head.offset >= kFirstBatch && head.offset % kAlignment == 0 &&
                      head.offset <= size_ && head.size <= size_ - head.offset &&
                      head.size % kAlignment == 0 && head.size >= 2 * copy;
  return inside && (offset == head.offset || offset == head.offset + head.size - copy);
}

Result<std::optional<std::uint32_t>> Scanner::find(std::uint32_t from) {
  for (std::uint32_t at = from; at + kHeadBytes <= size_; at += kAlignment) {
    for (const Copy copy : {Copy::kFirst, Copy::kSecond}) {
      const auto found = control_at(at, copy, candidate_);
      if (!found) {
        return found.error();
      }
      if (!found.value() || candidate_.head.offset < at_) {
        continue;
      }
      const bool expected = candidate_.head.sequence == sequence_ &&
                            candidate_.head.chain == chain_ && candidate_.head.offset == at_;
      if (expected || candidate_.head.sequence > sequence_) {
        return std::optional{candidate_.head.offset};
      }
    }
  }
  return std::optional<std::uint32_t>{};
}

// `candidate_` is one of the batch's copies; looks at all of the batch.
Result<void> Scanner::check(std::uint32_t offset) {
  const Head head = candidate_.head;
  const auto read = view_.at(offset, head.size);
  if (!read) {
    return read.error();
  }
  const std::string_view bytes = read.value();
  if (bytes.size() < head.size) {
    return corrupt("the file became shorter while it was read");
  }
  const std::size_t second = head.size - round_up(head.control, kAlignment);
  const auto same = [&](std::size_t at, Copy copy) {
    Control other;
    return decode_control(bytes.substr(at, head.control), key_, copy, other) && other.head == head;
  };
  batch_.first_broken = !same(0, Copy::kFirst);
  batch_.second_broken = !same(second, Copy::kSecond);
  batch_.bytes = bytes.substr(batch_.first_broken ? second : 0, head.control);
  std::swap(batch_.control, candidate_);
  check_entries(bytes, offset);
  return {};
}

void Scanner::check_entries(std::string_view bytes, std::uint32_t offset) {
  batch_.broken.clear();
  for (std::size_t r = 0; r < batch_.control.records.size(); ++r) {
    const Record& record = batch_.control.records[r];
    if (record.bytes == 0) {
      continue;
    }
    std::uint32_t at = record.data;
    for (std::uint32_t i = 0; i < record.count; ++i) {
      const Line line =
          line_at(batch_.bytes, record.body + i * static_cast<std::uint32_t>(kTableBytes));
      if (!wal::whole(bytes.substr(at, line.size), line)) {
        batch_.broken.push_back({r, i, offset + at, line});
      }
      at += line.size;
    }
  }
}

}  // namespace quorate::wal
