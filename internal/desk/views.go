package desk

import (
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/seal"
)

// A ReportKind says how a telling came in.
type ReportKind string

// Kinds of reports.
const (
	KindLetter   ReportKind = "letter"
	KindHelp     ReportKind = "help"
	KindCall     ReportKind = "call"
	KindMeeting  ReportKind = "meeting"
	KindPost     ReportKind = "post"
	KindDocument ReportKind = "document"
	KindErase    ReportKind = "erase"    // asks that the conversation be destroyed
	KindWithdraw ReportKind = "withdraw" // takes that back
	KindMove     ReportKind = "move"     // names the thread in which the conversation goes on
	KindOther    ReportKind = "other"    // a letter of no known kind, or a move that names no thread
)

// A Progress is how far a reply has come.
type Progress uint8

// States of a reply.
const (
	Waiting    Progress = iota
	InBulletin          // in the published bulletin of Day, and not read back yet
	ReadBack            // a letter that arrived on Day had seen it
	Withdrawn           // taken back before any bulletin held it
	Expired             // 28 days in the bulletin, and never read back
)

// A ReplyState is a reply's progress and the day it came so far; Day is 0 while Waiting.
type ReplyState struct {
	Progress Progress
	Day      cell.Day
}

// An InboxRow is one source in the list: a thread, or somebody known from calls.
type InboxRow struct {
	ID         ID
	Handle     string
	Kind       ReportKind // of the newest report
	Day        cell.Day   // of the newest report
	Lang       Lang
	Snippet    string // of the newest report, in the original; at most 120 characters
	Unread     bool
	Reports    int
	Help       bool // somebody asks for help, and the case is not closed; on top until taken
	Taken      bool
	TakenBy    string
	TakenDay   cell.Day
	LastReply  *ReplyState // nil: never answered
	Incomplete bool        // parts of a letter are missing still
	Erase      cell.Day    // its source asked for erasure: destroyed from this day on; Snippet is empty. 0: not asked
	Known      bool        // the newsroom has dealt with it: answered, took the case, noted something
	Blocked    bool
	Topic      string
	Tags       []string
	Assigned   string
	Snooze     cell.Day // rests until this day; past or 0: does not
	Alike      int      // further threads, folded into this row, that say the same and were not dealt with
}

// Counts are the figures of the navigation. Unread threads are counted to 10,000.
type Counts struct {
	Unread, OpenCases, Claims, Stories int
}

// A ThreadView is all that is kept of one source.
type ThreadView struct {
	ID      ID
	Handle  string
	Letters bool // has a thread: can be answered. False: known from calls only
	// Erase is the day from which on everything here is destroyed, as its source asked; 0 if
	// not asked. Until then no text is shown: see Reveal.
	Erase    cell.Day
	Hidden   bool     // so it is in this view: neither text nor sheet
	Next     *Teller  // the thread in which its source goes on, as a letter said; nil: here
	Op       OpID     // of KeepApart, for Undo; zero if none
	Former   []Teller // threads that its source has left for this one; their reports stand here too
	Blocked  bool
	Block    *BlockView // nil: not blocked
	Case     CaseState
	CaseAsk  cell.Day // of the newest request for help
	TakenBy  string
	TakenDay cell.Day
	Topic    string
	Tags     []string
	Assigned string
	Snooze   cell.Day
	Remarks  []RemarkView
	JoinedIn []Teller      // of Former: those that a journalist joined to this one
	Joined   bool          // Next was said by a journalist, not by a letter
	Reports  []ReportView  // oldest first
	Pending  []PendingView // incomplete letters
	Replies  []ReplyView   // oldest first
	Sheet    SheetView
}

// A ReportView is one telling: a letter, a call note.
type ReportView struct {
	ID           ID
	Number       int // counted from 1 in the order in which the desk got them; "01" in tables
	Source       ID
	Handle       string
	Kind         ReportKind
	Topic        uint8
	Day          cell.Day
	Lang         Lang
	Text         string // the original
	Taker        string // of a call note
	Read         bool
	File         bool // the letter is a file, Text is empty
	FileBytes    []byte
	Translations []Translation
	Claims       []ClaimMark
	Consent      bool           // a request for help: may its words be evidence
	Hidden       bool           // its source asked for erasure: there are no words
	Known        Recognition    // of a call note: how the speaker was known again
	Withdrawn    *WithdrawnView // taken back: carries nothing; nil: stands
	Op           OpID           // the operation that may be undone; zero if none
}

// A ClaimMark says that words of a report carry a claim.
type ClaimMark struct {
	Evidence ID
	Claim    ID
	Number   string // "C01"
	Words    string // "" if no words were marked
	Stance   ladder.Stance
}

// A PendingView is a letter of which parts are missing: what can be read of it so far.
type PendingView struct {
	Have, Of int
	Day      cell.Day // of the first part
	Text     string   // unverified
}

// A ReplyView is one reply and how far it has come.
type ReplyView struct {
	ID     ID
	Text   string
	Queued cell.Day
	State  ReplyState
	By     string
	Op     OpID // for Undo, which is Withdraw while it waits
}

// A SheetView is the sheet of facts about a source: never a name.
type SheetView struct {
	Sheet
	History []SheetChange // oldest first
	Printed []ID          // released stories that rest on this source
	// Discredited says who did so, and why: none of its tellings counts. Nil: stands.
	Discredited *WithdrawnView
	Op          OpID
}

// A Sheet is what a journalist notes about a source.
type Sheet struct {
	Access      string `json:"access"`      // where the source stands to know
	Langs       []Lang `json:"langs"`       //
	Reliability string `json:"reliability"` // A to F; F cannot be judged, it is not worst
	Wishes      string `json:"wishes"`      // "do not print place"
	Danger      int    `json:"danger"`      // 0 unknown, 1 low to 4 acute
	Note        string `json:"note"`
	Reason      string `json:"reason,omitempty"` // why the reliability is what it is now
	By          string `json:"by,omitempty"`     // who wrote this version
}

// A SheetChange is one line of a sheet's history.
type SheetChange struct {
	Day         cell.Day
	Reliability string
	Reason, By  string
	Op          OpID
}

// A ClaimRow is a claim in the list.
type ClaimRow struct {
	ID           ID
	Number       string // "C01", in the order in which claims were made
	Statement    string
	Rung         ladder.Rung
	Chains       int
	Independent  int
	LowerBound   bool // the counts are lower bounds
	Supports     int
	Contradicts  int
	Disputed     bool
	OriginalHeld bool // physical evidence is held
	Withdrawn    bool
	Ceiling      int // best grade of information that the chains can carry
	Grade        int // of the information: the best of the evidence, under the ceiling; 6 cannot be judged
	Stories      int
	Erased       int // items of evidence that were erased at their source's wish
}

// A ClaimView is a claim with all of its evidence.
type ClaimView struct {
	ClaimRow
	Claim    Claim
	Evidence []EvidenceView // supporting first, then by report
	Why      []Reason       // why it stands where it stands, a sentence each
	InStory  []StoryRow
	Op       OpID // newest change of the claim's text
	Cap      ladder.Cap
	Lift     LiftView
	Odds     ladder.Range
	Factors  []FactorView
	Merged   []MergedView // claims that were taken into this one
	From     *MergedView  // the claim that this one was split off; nil: none
	Drop     OpID         // by which it was withdrawn, for Undo; zero if it wasn't
	Dispute  *DisputeView // somebody at the desk doubts it; nil: nobody
}

// A Reason is a sentence of the catalogue: its key of lang and its arguments.
type Reason struct {
	Key  string
	Args []any
}

// An EvidenceView is one item of evidence and how it came out.
type EvidenceView struct {
	ID           ID
	Claim        ID
	Report       ID
	ReportNumber int
	Source       ID
	Handle       string
	Kind         ReportKind
	Day          cell.Day
	Words        string
	Stance       ladder.Stance
	Path         ladder.Path
	Relays       []RelayView
	Grade        int
	Original     bool            // physical evidence is held
	Chain        bool            // counted as one of the chains
	Open         ladder.Openness // why it can't be shown independent; "" if it can
	Barred       bool            // a request for help without consent: does not count
	Erased       bool            // its source asked for erasure: does not count, and has no words
	Pulled       Pull            // withdrawn with its report, or discredited with its source: does not count
	Origins      []RelayView     // all that stand behind it: its teller, relays, and who is behind these
	Op           OpID
}

// A RelayKind says what the desk knows of a link.
type RelayKind string

// Kinds of relays.
const (
	RelayTeller  RelayKind = "teller"  // a source of this desk
	RelayToken   RelayKind = "token"   // somebody known as a blinded token only
	RelayUnknown RelayKind = "unknown" //
	RelayStory   RelayKind = "story"   // a story of this house that the teller has read
)

// A RelayView is one link as it is shown.
type RelayView struct {
	Kind  RelayKind
	Shown string // a handle, "k" with the beginning of the token, "?", or a story's title
	ID    ID     // of a teller or story
}

// Input is the link as EvidenceInput.Relays takes it.
func (r RelayView) Input() string {
	if r.Kind == RelayStory {
		return storyWord + r.ID.String()
	}
	return r.Shown
}

// RelaysInput is the evidence's links as EvidenceInput.Relays takes them.
func (e EvidenceView) RelaysInput() string {
	parts := make([]string, len(e.Relays))
	for i, r := range e.Relays {
		parts[i] = r.Input()
	}
	return strings.Join(parts, ", ")
}

// A Teller is somebody who can be named as teller or relay.
type Teller struct {
	ID     ID
	Handle string
}

// A NewsroomView is the state of the desk itself.
type NewsroomView struct {
	Name, Address string
	Today         cell.Day
	Notes         []NoteView
	Keys          []KeyView
	ClockDoubted  bool     // the desk was shut for long, and nothing confirms today's date yet
	LastSync      cell.Day // 0: never
	LastError     string   // of the last sync; "" if it went well
	ParcelDay     cell.Day // the newest bulletin day that a parcel was put for
	BulletinSeen  cell.Day // the newest bulletin in which the desk found its slots
	Missing       int      // own slots that the newest bulletin does not hold
	Late          int      // records that no living inbox key opened, dummies among them
	Refused       int      // fragments and letters refused
	Batches       int
	Approvers     []string
	Threads       int          // threads whose weekly keys are held
	Held          []HoldView   // days whose letters sift holds back, oldest first
	Erased        []ErasedView // conversations destroyed at their sources' wish, oldest first
}

// A NoteView is a signed note and its end.
type NoteView struct {
	Role    string // root, desk, devices
	Serial  uint64
	Expires cell.Day
	Ending  seal.Ending
}

// A KeyView is a key of the desk: what it is, and when it dies. 0: it stays.
type KeyView struct {
	What string // inbox, age, sign, thread keys …
	Week int    // of an inbox key, else −1
	Dies cell.Day
}
