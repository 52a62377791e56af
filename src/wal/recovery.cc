#include "wal/recovery.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "base/assert.h"
#include "wal/bytes.h"

namespace quorate::wal {
namespace {

// Some remedy is better than none, and for a log that cannot be read there is always this one.
constexpr const char* kStartAnew =
    "or remove the node from its groups and add it as a new one with an empty directory";

std::string missing(const std::string& log, std::uint32_t number, const std::string& proof) {
  return env::join(log, segment_name(number)) + " is missing: " + proof + ". Put the file back, " +
         kStartAnew;
}

void advance(Tip& tip, const FoundBatch& batch) {
  const Head& head = batch.control.head;
  tip.offset = head.offset + head.size;
  tip.sequence = head.sequence + 1;
  tip.chain = batch.control.checksum;
  tip.proved = std::max(tip.proved, head.synced);
  tip.state = head.state;
  if (std::ranges::any_of(batch.control.records,
                          [](const Record& record) { return is_state(record.kind); })) {
    tip.state = head.sequence;
  }
}

void advance(Tip& tip, const Scanner& scanner, const Hole& hole) {
  tip.offset = hole.to;
  tip.sequence = hole.next_sequence;
  tip.chain = scanner.chain();
  tip.state = std::max(tip.state, hole.state);
}

void enter(Tip& tip, const SegmentHeader& header) {
  tip.sequence = header.last_sequence + 1;
  tip.chain = header.last_checksum;
  tip.state = header.last_state;
  tip.proved = std::max(tip.proved, header.last_sequence);
}

std::uint32_t second_copy_of(const Head& head) {
  return head.offset + head.size - static_cast<std::uint32_t>(round_up(head.control, kAlignment));
}

}  // namespace

// ---- What files there are

Result<Recovery> Recovery::read(env::Files& files, const std::string& log, const Identity& identity,
                                env::Open how, const Witness& witness) {
  Recovery recovery;
  auto done = recovery.open_segments(files, log, identity, how);
  for (std::size_t i = 0; done && i + 1 < recovery.segments_.size(); ++i) {
    done = recovery.read_closed(i, witness);
  }
  if (done) {
    done = recovery.read_newest(witness);
  }
  if (done) {
    done = recovery.replay_.finish();
  }
  if (!done) {
    return done.error();
  }
  return recovery;
}

Result<void> Recovery::open_segments(env::Files& files, const std::string& log,
                                     const Identity& identity, env::Open how) {
  const auto entries = files.list(log);
  if (!entries) {
    return entries.error();
  }
  std::set<std::uint32_t> numbers;
  for (const env::Entry& entry : entries.value()) {
    if (const auto number = segment_number(entry.name)) {
      numbers.insert(*number);
    }
  }
  if (numbers.empty()) {
    return corrupt(log +
                   " holds no segment, and a log has at least one: it was removed. Put it "
                   "back, " +
                   kStartAnew);
  }
  for (const std::uint32_t number : numbers) {
    if (!segments_.empty() && number != segments_.back().number + 1) {
      return corrupt(
          missing(log, segments_.back().number + 1, "older and newer segments are there"));
    }
    if (auto opened = open_segment(files, log, number, identity, how); !opened) {
      return opened;
    }
  }
  if (newest_sealed_) {
    return corrupt(
        missing(log, segments_.back().number + 1,
                "segment " + std::to_string(segments_.back().number) + " says that it was begun"));
  }
  if (headers_.front()) {
    enter(tip_, *headers_.front());
  }
  return {};
}

Result<void> Recovery::open_segment(env::Files& files, const std::string& log, std::uint32_t number,
                                    const Identity& identity, env::Open how) {
  Segment segment;
  segment.number = number;
  segment.path = env::join(log, segment_name(number));
  auto file = files.open(segment.path, how);
  if (!file) {
    return file.error();
  }
  segment.file = std::move(file.value());
  segment.key = key_of(identity, number);
  if (auto read = read_headers(identity, segment); !read) {
    return read;
  }
  segments_.push_back(std::move(segment));
  return {};
}

Result<void> Recovery::read_headers(const Identity& identity, Segment& segment) {
  View view{*segment.file};
  const auto pages = view.at(0, kFirstBatch);
  const auto size = segment.file->size();
  if (!pages || !size) {
    return pages ? size.error() : pages.error();
  }
  const auto found = decode_header(pages.value());
  const std::uint64_t most = std::numeric_limits<std::uint32_t>::max() / kPage * kPage;
  segment.size = static_cast<std::uint32_t>(std::min(size.value(), most));
  newest_sealed_ = sealed(pages.value(), segment.key);
  headers_.emplace_back();
  if (!found || found->first_broken || found->second_broken) {
    broken_headers_.push_back(
        {segment.number, !found || found->first_broken, !found || found->second_broken});
  }
  if (!found) {
    return {};
  }
  const SegmentHeader& header = found->header;
  if (found->version != kFormatVersion) {
    return invalid(segment.path + " has format " + std::to_string(found->version) +
                   ", and this Quorate reads " + std::to_string(kFormatVersion) +
                   "; use the version that wrote it");
  }
  if (header.identity != identity) {
    return invalid(segment.path + " belongs to " + describe(header.identity) +
                   ", and this is the directory of " + describe(identity) +
                   "; put every file back where it came from");
  }
  if (header.segment != segment.number) {
    return corrupt(segment.path + " is segment " + std::to_string(header.segment) +
                   " by its own header; give it its name back");
  }
  segment.size = header.size;
  headers_.back() = header;
  return {};
}

// ---- What is in them

Scanner Recovery::scanner_of(std::size_t at) {
  if (headers_[at]) {
    enter(tip_, *headers_[at]);
  }
  tip_.offset = kFirstBatch;
  return Scanner{*segments_[at].file, segments_[at].key, segments_[at].size, tip_.sequence,
                 tip_.chain};
}

void Recovery::take(const Segment& segment, const FoundBatch& batch, const Witness& witness) {
  const Head& head = batch.control.head;
  if (batch.first_broken) {
    scars_.push_back({segment.number, head.offset, head.offset, head.sequence});
  }
  if (batch.second_broken) {
    scars_.push_back({segment.number, second_copy_of(head), head.offset, head.sequence});
  }
  advance(tip_, batch);
  replay_.feed(batch, segment.number);
  if (witness) {
    witness(segment, batch);
  }
}

void Recovery::take(const Segment& segment, const Hole& hole) {
  const bool beginning_unknown = hole.from == hole.to && &segment == &segments_.front();
  if (!beginning_unknown) {
    replay_.lost({segment.number, hole.from, hole.to, hole.sequence, hole.next_sequence - 1},
                 hole.state);
  }
}

// All of it was durable before the next one began, whose header says with which batch it ends.
Result<void> Recovery::read_closed(std::size_t at, const Witness& witness) {
  const Segment& segment = segments_[at];
  const std::optional<SegmentHeader>& next = headers_[at + 1];
  Scanner scanner = scanner_of(at);
  while (!next || scanner.sequence() <= next->last_sequence) {
    const std::uint64_t expected = scanner.sequence();
    const auto step = scanner.next();
    if (!step) {
      return step.error();
    }
    const auto* hole = std::get_if<Hole>(&step.value());
    if (std::holds_alternative<Scanner::InBatch>(step.value())) {
      take(segment, scanner.batch(), witness);
    } else if (hole != nullptr && (!next || hole->next_sequence <= next->last_sequence)) {
      take(segment, *hole);
      advance(tip_, scanner, *hole);
    } else {
      if (next) {
        take(segment,
             {scanner.offset(), segment.size, expected, next->last_sequence + 1, next->last_state});
      }
      break;
    }
  }
  return {};
}

// ---- The newest segment: first where it ends, then what it holds

Result<void> Recovery::find_end() {
  Scanner scanner = scanner_of(segments_.size() - 1);
  Tip tip = tip_;
  std::vector<Seen> window;  // what is not proved to have been durable
  for (;;) {
    const auto step = scanner.next();
    if (!step) {
      return step.error();
    }
    if (std::holds_alternative<End>(step.value())) {
      break;
    }
    Seen seen;
    seen.before = tip;
    if (const auto* hole = std::get_if<Hole>(&step.value())) {
      seen.offset = hole->from;
      seen.last = hole->next_sequence - 1;
      advance(tip, scanner, *hole);
    } else {
      const Head& head = scanner.batch().control.head;
      seen.offset = head.offset;
      seen.size = head.size;
      seen.control = head.control;
      seen.last = head.sequence;
      seen.whole = scanner.batch().whole();
      advance(tip, scanner.batch());
    }
    window.push_back(seen);
    std::erase_if(window, [&](const Seen& old) { return old.last <= tip.proved; });
  }
  unproved_from_ = window.empty() ? tip.offset : window.front().offset;
  Seen end;
  end.before = tip;
  window.push_back(end);
  cut(window);
  return {};
}

void Recovery::cut(std::vector<Seen>& window) {
  auto end = std::ranges::find(window, false, &Seen::whole);
  const Tip& tip = std::prev(window.end())->before;
  if (std::next(end) != window.end() && end->size == 0 && end->before.sequence <= tip.proved) {
    ++end;  // a hole that was durable in part: all of it is rot, and the log ends behind it
  }
  const Tip proved = tip;
  if (std::next(end) != window.end()) {
    torn_ = {segments_.back().number, end->before.offset, end->before.sequence};
    cut_off_.assign(end, std::prev(window.end()));
    std::erase_if(cut_off_, [](const Seen& seen) { return seen.size == 0; });
  }
  tip_ = end->before;
  tip_.proved = proved.proved;
  unproved_from_ = std::min(unproved_from_, tip_.offset);
}

Result<void> Recovery::read_newest(const Witness& witness) {
  const Tip beginning = tip_;
  if (auto found = find_end(); !found) {
    return found;
  }
  const Tip end = tip_;
  tip_ = beginning;
  const Segment& segment = segments_.back();
  Scanner scanner = scanner_of(segments_.size() - 1);
  while (scanner.sequence() < end.sequence) {
    const auto step = scanner.next();
    if (!step) {
      return step.error();
    }
    if (const auto* hole = std::get_if<Hole>(&step.value())) {
      take(segment, *hole);
    } else if (std::holds_alternative<Scanner::InBatch>(step.value())) {
      take(segment, scanner.batch(), witness);
    } else {
      return corrupt(segment.path + " changed while it was read");
    }
  }
  tip_ = end;
  return {};
}

// ---- Making the disk what was recovered

Result<void> Recovery::mend() {
  Segment& newest = segments_.back();
  std::set<env::File*> touched{newest.file.get()};
  const std::string nothing(kHeadBytes, '\0');
  for (const Seen& seen : cut_off_) {
    const auto second =
        seen.offset + seen.size - static_cast<std::uint32_t>(round_up(seen.control, kAlignment));
    for (const std::uint32_t at : {seen.offset, second}) {
      if (auto written = newest.file->write(at, nothing); !written) {
        return written;
      }
    }
  }
  if (auto written = write_again(newest); !written) {
    return written;
  }
  for (const Scar& scar : scars_) {
    touched.insert(segments_[scar.segment - segments_.front().number].file.get());
    if (auto mended = mend_scar(scar); !mended) {
      return mended;
    }
  }
  for (const BrokenHeader& broken : broken_headers_) {
    const std::size_t at = broken.segment - segments_.front().number;
    if (headers_[at]) {
      touched.insert(segments_[at].file.get());
      const std::string page = encode(*headers_[at]).substr(0, 128);
      if (auto written = segments_[at].file->write(broken.first ? 0 : kPage, page); !written) {
        return written;
      }
    }
  }
  for (env::File* file : touched) {
    if (auto synced = file->sync(); !synced) {
      return synced;
    }
  }
  return {};
}

Result<void> Recovery::write_again(const Segment& newest) {
  constexpr std::uint32_t kChunk = 1U << 20U;
  View view{*newest.file};
  for (std::uint32_t at = unproved_from_; at < tip_.offset; at += kChunk) {
    const auto bytes = view.at(at, std::min(kChunk, tip_.offset - at));
    if (!bytes) {
      return bytes.error();
    }
    if (auto written = newest.file->write(at, bytes.value()); !written) {
      return written;
    }
  }
  return {};
}

Result<void> Recovery::mend_scar(const Scar& scar) {
  const Segment& segment = segments_[scar.segment - segments_.front().number];
  Scanner scanner{*segment.file, segment.key, segment.size, 0, 0};
  const auto there = scanner.look_at(scar.batch);
  if (!there) {
    return there.error();
  }
  if (!there.value()) {
    return {};  // it has broken altogether meanwhile; the next recovery will say so
  }
  std::string control{scanner.batch().bytes};
  patch64(control, 0, scar.offset == scar.batch ? segment.key : ~segment.key);
  return segment.file->write(scar.offset, control);
}

}  // namespace quorate::wal
