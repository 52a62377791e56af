// Transcripts: scenarios as text, with what happened standing under each command. A runner carries
// the commands out on a Stage and writes the text anew; where it differs from the file, the core
// behaves differently. docs/transcripts.md teaches the language.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/stage.h"
#include "sim/step.h"

namespace quorate::sim {

struct TranscriptRun {
  std::string text;                   // the transcript, its output written anew
  std::vector<std::string> failures;  // `line 12: expect leader 1: node 1 is a follower`
};

// Runs a transcript. An error where the text itself cannot be understood; a step that means
// nothing where it stands, a condition that does not hold and a violation that was not expected
// are failures.
Result<TranscriptRun> run_transcript(std::string_view text);

// A transcript that sets the same cluster up and carries out these steps; `comment` may have
// several lines. What it does is not in it: run_transcript adds that.
std::string transcript_of(const Stage::Setup& setup, std::span<const Step> steps,
                          std::string_view comment);

// The header: `nodes 3 members={1,2}+{3} pre_vote=off disk=slow`.
std::string header_of(const Stage::Setup& setup);
Result<Stage::Setup> parse_header(std::string_view line);

}  // namespace quorate::sim
