package desk

import (
	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// A StoryState says how far a story has come.
type StoryState string

// States of a story.
const (
	Drafting StoryState = "drafting" // may be approved as it is
	Held     StoryState = "held"     // the gate holds or blocks it
	Approved StoryState = "approved" // by at least one, as it is now; see Approvals
	Released StoryState = "released" // and not changed since
)

// A StoryRow is a story in the list.
type StoryRow struct {
	ID        ID
	Title     string          // the working title
	Headlines map[Lang]string // those that are written
	Langs     []Lang
	State     StoryState
	Approvals int
	Day       cell.Day // of the last change
	Serial    uint64   // of the last release; 0: none
	Retracted bool     // by the story as it stands; readers see it once it is released
	Comments  int      // that are not done
}

// A Verdict of the gate. Never the word safe: it passes, holds, or blocks.
type Verdict string

// Verdicts, mildest first.
const (
	Pass  Verdict = "pass"
	Hold  Verdict = "hold"  // one reason, by whoever prepares the release
	Block Verdict = "block" // two people and a reason, or a change
)

// A Finding is one thing that the gate says of a story.
type Finding struct {
	Verdict   Verdict
	Rule      string // "level", "disputed", "unsupported", "one chain", "erased", "typed source", "handle", "photo", "edition", "attribution", "lint", "release"
	Key       string // of lang: the sentence that says why; its arguments in Args
	Args      []any
	Fix       string // of lang: the cheapest mend; "" if none
	Paragraph int    // −1: of the whole story
	Sentence  int    // −1: of the whole story
	Lang      Lang   // "": of all editions
	// Override says who has overridden a block, with their reason: two are needed.
	Override []OverrideView
	Final    bool // can't be overridden: must be changed
	Answered bool // by an answer (a hold) or by two people (a block)

	id       string // what an override names
	sentence ID     // that it is of; zero: of none, or of one without a name
}

// An OverrideView is one person's word that a block may be passed over.
type OverrideView struct {
	Approver, Reason string
	Day              cell.Day
}

// A StoryView is a story with everything that is derived for it.
type StoryView struct {
	StoryRow
	Story      Story
	Paragraphs []ParagraphView
	Findings   []Finding // all of them, those of sentences too, worst first
	Verdict    Verdict   // the worst that is not answered
	Photo      *PhotoView
	Signed     []ApprovalView    // of the story as it is now
	Approvers  []string          // who may approve
	Releases   []ReleaseView     // oldest first
	House      []RuleView        // the house rules, in the order of the file
	Exposure   *Exposure         // what it gives away of its sources
	Comments   []Comment         // oldest first, those that are done too
	Drafts     map[string]string // what was typed and is not saved, by key
	Op         OpID              // newest change of the story

	// What each rule asks now, and of which sentences if it asks of the whole story, for answers.
	sums   map[string]string
	scopes map[string][]ID
}

// A ParagraphView holds the sentences of one paragraph.
type ParagraphView struct{ Sentences []SentenceView }

// A SentenceView is a sentence and what is derived for it.
type SentenceView struct {
	Sentence
	Printed     map[Lang]string // the text as it will be printed, attribution filled in
	Attribution map[Lang]string // the attribution alone: "a source in China"
	Order       lang.Order
	Voice       ID          // the source whose words it rests on; zero: no claims
	VoiceHandle string      //
	Independent int         // the fewest independent chains among its claims
	Rung        ladder.Rung // the lowest among its claims; "" without claims
	Disputed    bool
	Claims      []ClaimRow
	Findings    []Finding

	read map[Lang]string // as the gate reads it: printed, but of one source
}

// A PhotoView is a story's photograph: what was found in the original, and the harmless copy.
type PhotoView struct {
	Photo
	Original      string // SHA-256 of the original, which stays in custody
	Name          string // that it came under
	Closed        bool   // of a format that isn't opened here
	Findings      []PhotoFinding
	Copied        bool   // the harmless copy is made
	SHA256        string // of the copy
	MIME          string
	Width, Height int
	Op            OpID
}

// A PhotoFinding is something in a photograph's file that isn't picture.
type PhotoFinding struct {
	Kind     string // as package clean names it
	Detail   string
	Position bool // gives a place away
}

// An ApprovalView is one approver's signature under the story as it is now.
type ApprovalView struct {
	Name string
	Day  cell.Day
}

// A ReleaseView is a story as it left the house.
type ReleaseView struct {
	Serial  uint64
	Printed cell.Day
	Digest  string // SHA-256 in hex
	By      []string
	Day     cell.Day
}
