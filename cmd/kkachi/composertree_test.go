package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// tree gives what is wrong in the accessibility tree of the composer, which is what a screen reader
// is given, closed shadow trees included: that there is not one dialog, modal and with a name; that what can be used or
// leads has no name; that something of the article beneath it is still there; that the focus is not in it.
func (c *composing) tree() []string {
	c.t.Helper()
	got, err := chromedp.Call(c.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		c.t.Fatal(err)
	}
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	var dialogs []*accessibility.Node
	for _, n := range got.Nodes {
		nodes[n.NodeID] = n
		if !n.Ignored && axText(n.Role) == "dialog" {
			dialogs = append(dialogs, n)
		}
	}
	if len(dialogs) != 1 {
		return []string{fmt.Sprintf("%d dialogs", len(dialogs))}
	}
	var wrong []string
	if d := dialogs[0]; axText(d.Name) == "" || !axIs(d, accessibility.PropertyNameModal) {
		wrong = append(wrong, "a dialog without a name, or not modal")
	}
	inside := func(n *accessibility.Node) bool {
		for ; n != nil; n = nodes[n.ParentID] {
			if n == dialogs[0] {
				return true
			}
		}
		return false
	}
	headings, focused := 0, 0
	for _, n := range got.Nodes {
		if n.Ignored {
			continue
		}
		role, name := axText(n.Role), axText(n.Name)
		if axIs(n, accessibility.PropertyNameFocused) && inside(n) {
			focused++
		}
		if !slices.Contains([]string{"button", "link", "textbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "heading", "image", "alert"}, role) {
			continue
		}
		switch {
		case !inside(n):
			wrong = append(wrong, fmt.Sprintf("%s %q beneath the dialog", role, name))
		case name == "" && role != "alert": // which says what it holds
			wrong = append(wrong, role+" without a name")
		case role == "heading":
			headings++
		}
	}
	if headings == 0 {
		wrong = append(wrong, "no heading")
	}
	if focused == 0 {
		wrong = append(wrong, "the focus is elsewhere")
	}
	return wrong
}

// axText is a value of the accessibility tree as text.
func axText(v *accessibility.Value) (s string) {
	if v != nil {
		_ = json.Unmarshal([]byte(v.Value), &s) // else it is no text
	}
	return s
}

// axIs says whether a property of a node is true.
func axIs(n *accessibility.Node, name accessibility.PropertyName) bool {
	return slices.ContainsFunc(n.Properties, func(p *accessibility.Property) bool {
		return p.Name == name && p.Value != nil && string(p.Value.Value) == "true"
	})
}
