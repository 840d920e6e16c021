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
	tag := lang.English
	found := false
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "html" {
			tag = spoken(attribute(n, "lang"))
		}
		if !classed(n, "contacts") {
			continue
		}
		found = found || !unseen(n)
		switch {
		case v.notes.Root.Contacts == nil:
			v.say(InContacts, "%s shows contacts, and the root note names none", at)
		case v.compare && (words(n) != printed(v.contacts, tag) || !v.plain(n)):
			v.say(InContacts, "%s shows others than %s", at, contacts.File)
		}
	}
	if v.compare && !found && len(v.contacts) > 0 {
		v.say(InContacts, "%s shows none of %s", at, contacts.File)
	}
}

// plain wants an entry for each contact, with its number in one element, and nothing by which
// a browser would show other letters than those of the tree.
func (v *siteVisit) plain(list *html.Node) bool {
	var entries []string
	if !bare(list) {
		return false
	}
	for n := range list.Descendants() {
		switch {
		case n.Type != html.ElementNode:
			continue
		case !slices.Contains([]string{"li", "bdi", "time"}, n.Data) || !bare(n):
			return false
		case n.Data == "li":
			entries = append(entries, numbers(n))
		}
	}
	return slices.EqualFunc(entries, v.contacts, func(shown string, c contacts.Contact) bool { return shown == c.Number })
}

// bare says that an element carries nothing that hides or turns what it holds.
func bare(n *html.Node) bool {
	return !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key != "class" && a.Key != "datetime" })
}

// numbers are all that an entry shows as such: one, if it is right.
func numbers(entry *html.Node) string {
	var out []string
	for n := range entry.Descendants() {
		if n.Type == html.ElementNode && classed(n, "number") {
			out = append(out, words(n))
		}
	}
	return strings.Join(out, " and ")
}

// unseen says that no browser shows the element.
func unseen(n *html.Node) bool {
	for a := range n.Ancestors() {
		if a.Data == "template" || slices.ContainsFunc(a.Attr, func(a html.Attribute) bool { return a.Key == "hidden" }) {
			return true
		}
	}
	return false
}

func classed(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attribute(n, "class")), class)
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
