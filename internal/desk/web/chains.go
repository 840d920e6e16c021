package web

import (
	"fmt"
	"slices"
	"strconv"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// chainsPicture draws who stands behind a claim: relays at the left, reports in the middle,
// the claim at the right. It is made here and not in the browser, so that it prints, needs
// no script, and says to a screen reader what the table says.
type chainsPicture struct {
	Width, Height int
	Label         string // of the claim
	ClaimY        int
	Nodes         []chainNode
	Links         []chainLink
	Rows          []chainRow
	Many          bool // too many rows: the table alone
	Against       bool // something contradicts
}

type chainNode struct {
	X, Y, W, TextX, TextY int
	Class, Text           string
}

type chainLink struct{ Path, Class string }

// chainRow is a row of the table beside the picture.
type chainRow struct{ Report, Behind, Counts string }

// Measures of the picture, in its own units.
const (
	chainsWidth  = 720
	chainStep    = 44
	chainTop     = 30
	nodeHeight   = 28
	originX      = 4
	originWidth  = 168
	reportX      = 280
	reportWidth  = 196
	claimX       = 640
	claimWidth   = 76
	maxDrawn     = 40
	maxNodeRunes = 22
)

func (v *visit) chainsOf(c *desk.ClaimView) *chainsPicture {
	p := &chainsPicture{Width: chainsWidth, Label: c.Number}
	var drawn []desk.EvidenceView
	n := map[ladder.Stance]int{}
	for _, e := range c.Evidence {
		if e.ReportNumber == 0 {
			continue // erased with its source: there is nobody to draw
		}
		drawn = append(drawn, e)
		p.Against = p.Against || e.Stance == ladder.Contradicts
		if e.Chain {
			n[e.Stance]++
		}
		p.Rows = append(p.Rows, chainRow{v.reportName(e.ReportNumber) + " · " + e.Handle, v.behind(e), v.chainWord(e, n[e.Stance])})
	}
	if p.Many = len(drawn) > maxDrawn; p.Many || len(drawn) == 0 {
		return p
	}
	p.draw(v, drawn)
	return p
}

func (v *visit) chainWord(e desk.EvidenceView, n int) string {
	if e.Chain && e.Stance == ladder.Supports {
		word := v.T("desk.chains.chain", n)
		if e.Open != ladder.Closed {
			word += " · " + v.T("desk.open."+e.Open.Key())
		}
		return word
	}
	return v.counts(e)
}

// behind lists all that stand behind an item, in words.
func (v *visit) behind(e desk.EvidenceView) string {
	out := ""
	for i, r := range e.Origins {
		if i > 0 {
			out += " · "
		}
		switch {
		case i == 0 && r.Kind == desk.RelayTeller:
			out += v.T("desk.chains.self", r.Shown)
		case r.Kind == desk.RelayUnknown:
			out += v.T("desk.chains.unknown")
		default:
			out += flat(snippet(r.Shown, 40))
		}
	}
	return out
}

func (p *chainsPicture) draw(v *visit, drawn []desk.EvidenceView) {
	y := func(row int) int { return chainTop + row*chainStep }
	teller := map[desk.ID]int{}
	for row, e := range drawn {
		if _, ok := teller[e.Source]; !ok {
			teller[e.Source] = row
		}
	}
	origins := p.origins(drawn, teller, y)
	p.Height = max(y(len(drawn)-1), lowest(origins)) + chainTop
	p.ClaimY = (y(0) + y(len(drawn)-1)) / 2
	for row, e := range drawn {
		class := chainClass(e)
		text := v.reportName(e.ReportNumber) + " · " + e.Handle
		if e.Stance == ladder.Contradicts {
			text = "≠ " + text // on paper and to many eyes red is no colour
		}
		p.Nodes = append(p.Nodes, node(reportX, y(row), reportWidth, "report "+class, text))
		p.Links = append(p.Links, chainLink{curve(reportX+reportWidth, y(row), claimX, p.ClaimY), "link " + class})
		for i, r := range e.Relays {
			if at, ok := teller[r.ID]; ok && r.Kind == desk.RelayTeller && at != row {
				p.Links = append(p.Links, chainLink{bow(reportX, y(at), y(row)), "link relay " + class})
				continue
			}
			if o := origins[originKey(r, row, i)]; o != nil {
				p.Links = append(p.Links, chainLink{curve(originX+originWidth, o.y, reportX, y(row)), "link relay " + class})
			}
		}
	}
	for _, o := range ordered(origins) {
		p.Nodes = append(p.Nodes, node(originX, o.y, originWidth, o.class, o.text))
	}
	p.Nodes = append(p.Nodes, node(claimX, p.ClaimY, claimWidth, "claim", p.Label))
}

// origin is a relay who tells nothing about this claim.
type origin struct {
	y, sum, n   int
	text, class string
}

// originKey: a known relay is one wherever it is named; each unknown one is one of its own.
func originKey(r desk.RelayView, row, i int) string {
	if r.Kind == desk.RelayUnknown {
		return fmt.Sprintf("?%d.%d", row, i)
	}
	return r.Input()
}

// origins places each relay beside the reports that name it, none over another.
func (p *chainsPicture) origins(drawn []desk.EvidenceView, teller map[desk.ID]int, y func(int) int) map[string]*origin {
	out := map[string]*origin{}
	for row, e := range drawn {
		for i, r := range e.Relays {
			if _, ok := teller[r.ID]; ok && r.Kind == desk.RelayTeller {
				continue
			}
			key := originKey(r, row, i)
			if out[key] == nil {
				out[key] = &origin{text: r.Shown, class: "origin " + string(r.Kind)}
			}
			out[key].sum += y(row)
			out[key].n++
		}
	}
	for _, o := range out {
		o.y = o.sum / o.n
	}
	at := 0
	for _, o := range ordered(out) {
		o.y = max(o.y, at)
		at = o.y + nodeHeight + 8
	}
	return out
}

func ordered(m map[string]*origin) []*origin {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if m[a].y != m[b].y {
			return m[a].y - m[b].y
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	out := make([]*origin, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}

func lowest(m map[string]*origin) int {
	y := 0
	for _, o := range m {
		y = max(y, o.y)
	}
	return y
}

// chainClass is how an item's line is drawn; the same is said in words beside it.
func chainClass(e desk.EvidenceView) string {
	switch {
	case e.Erased || e.Barred || e.Pulled != "":
		return "none"
	case e.Stance == ladder.Contradicts:
		return "against"
	case e.Open != ladder.Closed:
		return "open"
	case e.Chain:
		return "chain"
	}
	return "none"
}

func node(x, y, w int, class, text string) chainNode {
	return chainNode{x, y - nodeHeight/2, w, x + w/2, y + 5, class, flat(snippet(text, maxNodeRunes))}
}

// curve joins two points from left to right.
func curve(x1, y1, x2, y2 int) string {
	mid := (x1 + x2) / 2
	return "M" + num(x1, y1) + "C" + num(mid, y1) + " " + num(mid, y2) + " " + num(x2, y2)
}

// bow joins two reports at their left side: the one told the other.
func bow(x, y1, y2 int) string {
	out := 36 + min(abs(y2-y1)/6, 40)
	return "M" + num(x, y1) + "C" + num(x-out, y1) + " " + num(x-out, y2) + " " + num(x, y2)
}

func num(x, y int) string { return strconv.Itoa(x) + "," + strconv.Itoa(y) }

func abs(n int) int { return max(n, -n) }
