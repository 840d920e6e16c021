package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// An axNode is what a screen reader is given of one thing in a page.
type axNode struct {
	Role, Name             string
	Focused, Modal, Inside bool // Inside: in a dialog, or one itself
}

// tree gives what is wrong in the accessibility tree of the composer.
func (c *composing) tree() []string {
	c.t.Helper()
	nodes, err := chromiumTree(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	return wrongTree(nodes)
}

// chromiumTree reads Chromium's accessibility tree of a page, which is what a screen reader is given, closed shadow trees included.
func chromiumTree(ctx context.Context) ([]axNode, error) {
	got, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, err
	}
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range got.Nodes {
		nodes[n.NodeID] = n
	}
	inside := func(n *accessibility.Node) bool {
		for ; n != nil; n = nodes[n.ParentID] {
			if !n.Ignored && axText(n.Role) == "dialog" {
				return true
			}
		}
		return false
	}
	var out []axNode
	for _, n := range got.Nodes {
		if !n.Ignored {
			out = append(out, axNode{axText(n.Role), axText(n.Name), axIs(n, accessibility.PropertyNameFocused), axIs(n, accessibility.PropertyNameModal), inside(n)})
		}
	}
	return out, nil
}

// wrongTree gives what is wrong in an accessibility tree while the composer is open: that there is not one dialog, modal and
// with a name; that what can be used or leads has no name; that something of the article beneath it is still there; that the focus is not in it.
func wrongTree(nodes []axNode) []string {
	var wrong []string
	dialogs, headings, focused := 0, 0, 0
	for _, n := range nodes {
		if n.Focused && n.Inside {
			focused++
		}
		if n.Role == "dialog" {
			if dialogs++; n.Name == "" || !n.Modal {
				wrong = append(wrong, "a dialog without a name, or not modal")
			}
		}
		if !slices.Contains([]string{"button", "link", "textbox", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "heading", "image", "alert"}, n.Role) {
			continue
		}
		switch {
		case !n.Inside:
			wrong = append(wrong, fmt.Sprintf("%s %q beneath the dialog", n.Role, n.Name))
		case n.Name == "" && n.Role != "alert": // which says what it holds
			wrong = append(wrong, n.Role+" without a name")
		case n.Role == "heading":
			headings++
		}
	}
	if dialogs != 1 {
		return []string{fmt.Sprintf("%d dialogs", dialogs)}
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
