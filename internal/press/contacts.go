package press

import (
	"fmt"

	"kkachi/internal/contacts"
	"kkachi/internal/lang"
)

// A contactView is a contact as readers of a language see it. Its number is text and no link:
// on a telephone that is searched a call that a slip of the finger made would stand in its list.
type contactView struct {
	Name, Number, Hours, Spoken string
	Checked, ISO                string
}

// contactList reads the site's contacts; none if it has none.
func (s *Site) contactList() ([]contacts.Contact, error) {
	if s.Contacts == nil {
		return nil, nil
	}
	list, err := contacts.Parse(s.Contacts)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSite, contacts.File, err)
	}
	return list, nil
}

func contactViews(list []contacts.Contact, t lang.Tag) (out []contactView) {
	for i := range list {
		c := &list[i]
		lines := c.Lines(t)
		out = append(out, contactView{lines[0], lines[1], lines[2], lines[3], lines[4], lang.ISODate(c.Checked)})
	}
	return out
}
