package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// A CallNote is what a journalist writes down of a telling that came in by voice.
type CallNote struct {
	Source ID         `json:"-"` // the teller; zero: somebody new
	Kind   ReportKind `json:"kind"`
	Day    cell.Day   `json:"day"` // of the call, kept at the desk; 0: today
	Lang   Lang       `json:"lang"`
	Text   string     `json:"text"` // what the teller said, in the original
	Taker  string     `json:"taker"`
	// Known says how the speaker was known again; "" if nobody said.
	Known Recognition `json:"known,omitempty"`
}

// A Recognition says how somebody who speaks was known again.
type Recognition string

// Ways of knowing somebody again.
const (
	KnownPhrase Recognition = "phrase" // by the agreed phrase
	KnownVoice  Recognition = "voice"  // by voice alone
	KnownFace   Recognition = "face"   // met before
	KnownDoubt  Recognition = "doubt"  // not for sure: what was told can't be shown to be independent
)

func (r Recognition) valid() bool {
	return slices.Contains([]Recognition{"", KnownPhrase, KnownVoice, KnownFace, KnownDoubt}, r)
}

// doubts gives the notes whose speaker was not known again for sure.
func (d *Desk) doubts(ctx context.Context) (map[ID]bool, error) {
	rows, err := d.v.View().Query(ctx, `SELECT thing, doc FROM state WHERE noun = ? AND instr(doc, '"known":"doubt"') > 0`, nounCall)
	if err != nil {
		return nil, fmt.Errorf("desk: call notes: %w", err)
	}
	list, err := collect(rows, func(st *state) []any { return []any{&st.thing, &st.doc} })
	out := map[ID]bool{}
	for _, st := range list {
		n, err := unmarshal[CallNote](st.doc)
		if err != nil {
			return nil, fmt.Errorf("desk: call notes: %w", err)
		}
		out[st.thing] = n.Known == KnownDoubt
	}
	return out, err
}

const maxText = 100_000 // characters of a note, a translation, a draft

func (n *CallNote) check() error {
	switch n.Kind {
	case "":
		n.Kind = KindCall
	case KindCall, KindMeeting, KindPost, KindDocument:
	default:
		return field("kind", "write call, meeting, post or document")
	}
	if !n.Lang.Valid() {
		return field("lang", "choose ko, en or zh")
	}
	if !n.Known.valid() {
		return field("known", "write phrase, voice, face or doubt")
	}
	if strings.TrimSpace(n.Taker) == "" {
		return field("taker", "say who took it")
	}
	return checkText("text", n.Text)
}

func checkText(name, text string) error {
	if strings.TrimSpace(text) == "" {
		return field(name, "empty")
	}
	if len(text) > maxText {
		return field(name, "longer than %d bytes", maxText)
	}
	return nil
}

// TakeCall keeps a note of a telling. If n.Source is zero the teller is somebody new, and
// gets a handle.
func (d *Desk) TakeCall(ctx context.Context, n CallNote) (src, report ID, op OpID, err error) {
	if n.Day == 0 {
		n.Day = d.Today()
	}
	if err := n.check(); err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	if n.Day > d.Today() {
		return ID{}, ID{}, OpID{}, field("day", "lies ahead")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var drafts []vault.Draft
	src = n.Source
	if src.IsZero() {
		var dr vault.Draft
		if src, _, dr, err = d.newSource(ctx, nil); err != nil {
			return ID{}, ID{}, OpID{}, err
		}
		drafts = append(drafts, dr)
	} else if err := d.mustHave(ctx, "source", src); err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	if report, err = d.newID(); err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	dr, err := draft(opCall, report, src, n)
	if err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	at := len(drafts)
	drafts = append(drafts, dr)
	if drafts, err = d.endDrafts(ctx, drafts); err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	hs, err := d.v.Append(ctx, drafts...)
	if err != nil {
		return ID{}, ID{}, OpID{}, err
	}
	return src, report, OpID(hs[at]), nil
}

// EditCall changes a call note. Its source stays.
func (d *Desk) EditCall(ctx context.Context, report ID, n CallNote) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := d.state(ctx, nounCall, report)
	if err != nil {
		return OpID{}, err
	}
	var old CallNote
	if err := read([]byte(st.doc), &old); err != nil {
		return OpID{}, err
	}
	if n.Day == 0 {
		n.Day = old.Day
	}
	if err := n.check(); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opCall, report, st.owner, n)
}
