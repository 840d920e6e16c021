package watch

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"kkachi/internal/contacts"
	"kkachi/internal/lang"
)

// lookAtContacts holds the site's file of contacts against the root note: a host, or a desk
// alone, could put a number of its own before somebody in danger.
func (v *siteVisit) lookAtContacts(ctx context.Context, w *Watch) error {
	f, named := v.files[contacts.File], v.notes.Root.Contacts
	switch {
	case f == nil && named == nil:
		v.compare = true // pages must show none
		return nil
	case f == nil:
		v.say(InContacts, "the root note names contacts, and the site lists no %s", contacts.File)
		return nil
	case named == nil:
		v.say(InContacts, "the site lists %s, and the root note names no contacts", contacts.File)
	case f.Hash != *named:
		v.say(InContacts, "%s is not the file that the root note names", contacts.File)
	}
	data, err := v.file(ctx, w, f)
	if err != nil || data == nil {
		return err
	}
	if v.contacts, err = contacts.Parse(data); err != nil {
		v.say(InContacts, "%s: %v", contacts.File, err)
		return nil
	}
	v.compare = true
	return nil
}

// shows wants a page to show these contacts and no others, wherever it shows any.
func (v *siteVisit) shows(at string, doc *html.Node) {
	if !v.compare {
		return
	}
	tag := lang.English
	found := false
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "html" {
			tag = spoken(attribute(n, "lang"))
		}
		if !slices.Contains(strings.Fields(attribute(n, "class")), "contacts") {
			continue
		}
		found = true
		if words(n) != printed(v.contacts, tag) {
			v.say(InContacts, "%s shows others than %s", at, contacts.File)
		}
	}
	if !found && len(v.contacts) > 0 {
		v.say(InContacts, "%s shows none of %s", at, contacts.File)
	}
}

// printed is the text of contacts in a page of a language.
func printed(list []contacts.Contact, l lang.Tag) string {
	var out []string
	for i := range list {
		lines := list[i].Lines(l)
		out = append(out, lines[:]...)
	}
	return strings.Join(strings.Fields(strings.Join(out, " ")), " ")
}

// words is the text below a node, whatever holds it.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// spoken is the language that a page names.
func spoken(code string) lang.Tag {
	for _, l := range lang.All() {
		if l.HTML() == code {
			return l
		}
	}
	return lang.English
}
