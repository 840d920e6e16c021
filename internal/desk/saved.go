package desk

import (
	"context"
	"fmt"
	"strings"
	"unicode"
)

// savedView is the content of keeping a filter of the inbox under a name.
type savedView struct {
	Name  string `json:"name"` // "": dropped
	Query string `json:"query"`
}

// A SavedView is a filter of the inbox under a name.
type SavedView struct {
	ID    ID
	Name  string
	Query InboxQuery
	Op    OpID
}

// SaveView keeps a filter for everybody at the desk. A zero id makes a new one; an empty
// name drops the one there is.
func (d *Desk) SaveView(ctx context.Context, id ID, name string, q InboxQuery) (ID, OpID, error) {
	name, err := label("name", name)
	if err != nil {
		return ID{}, OpID{}, err
	}
	if q, err = q.check(); err != nil {
		return ID{}, OpID{}, err
	}
	if id.IsZero() {
		if name == "" {
			return ID{}, OpID{}, field("name", "empty")
		}
		if id, err = d.newID(); err != nil {
			return ID{}, OpID{}, err
		}
	} else if _, err := d.state(ctx, nounView, id); err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opView, id, deskThing, savedView{name, q.Encode()})
	return id, op, err
}

// SavedViews lists the filters that were kept, in the order in which they were made.
func (d *Desk) SavedViews(ctx context.Context) ([]SavedView, error) {
	sts, err := d.states(ctx, nounView)
	if err != nil {
		return nil, err
	}
	var out []SavedView
	for _, st := range sts {
		s, err := unmarshal[savedView](st.doc)
		if err != nil {
			return nil, fmt.Errorf("desk: saved view: %w", err)
		}
		if s.Name != "" {
			out = append(out, SavedView{st.thing, s.Name, ParseInboxQuery(s.Query), st.op})
		}
	}
	return out, nil
}

// canned is the content of keeping a reply that is written often.
type canned struct {
	Title string          `json:"title"` // "": dropped
	Text  map[Lang]string `json:"text"`
}

// A CannedReply is a reply that is written often, in the languages of the house.
type CannedReply struct {
	ID    ID
	Title string
	Text  map[Lang]string
	Op    OpID
}

// SetCanned keeps a reply for everybody at the desk. A zero id makes a new one; an empty
// title drops the one there is.
func (d *Desk) SetCanned(ctx context.Context, id ID, title string, text map[Lang]string) (ID, OpID, error) {
	title, err := label("title", title)
	if err != nil {
		return ID{}, OpID{}, err
	}
	kept := map[Lang]string{}
	for l, t := range text {
		t = strings.TrimSpace(t)
		switch {
		case !l.Valid():
			return ID{}, OpID{}, field("langs", "choose among ko, en, zh")
		case strings.ContainsFunc(t, unseen):
			return ID{}, OpID{}, field("text", "holds a character that can't be seen")
		case len(t) > MaxReplySize:
			return ID{}, OpID{}, field("text", "longer than a reply can be")
		case t != "":
			kept[l] = t
		}
	}
	if title != "" && len(kept) == 0 {
		return ID{}, OpID{}, field("text", "empty in every language")
	}
	if id.IsZero() {
		if title == "" {
			return ID{}, OpID{}, field("title", "empty")
		}
		if id, err = d.newID(); err != nil {
			return ID{}, OpID{}, err
		}
	} else if _, err := d.state(ctx, nounCanned, id); err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opCanned, id, deskThing, canned{title, kept})
	return id, op, err
}

// unseen says whether a character acts without being seen. A reply that is sent often to
// many has none.
func unseen(r rune) bool {
	return r != '\n' && r != '\t' && r != '\r' && unicode.In(r, unicode.Cc, unicode.Cf)
}

// CannedReplies lists the newsroom's own, in the order in which they were made.
func (d *Desk) CannedReplies(ctx context.Context) ([]CannedReply, error) {
	sts, err := d.states(ctx, nounCanned)
	if err != nil {
		return nil, err
	}
	var out []CannedReply
	for _, st := range sts {
		c, err := unmarshal[canned](st.doc)
		if err != nil {
			return nil, fmt.Errorf("desk: canned reply: %w", err)
		}
		if c.Title != "" {
			out = append(out, CannedReply{st.thing, c.Title, c.Text, st.op})
		}
	}
	return out, nil
}
