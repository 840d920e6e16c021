package chart

import (
	"slices"
	"strings"
	"unicode"
)

// wide says how wide a text is drawn, at most: fonts differ, so letters are taken wider than most are.
func wide(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x1100 && unicode.In(r, unicode.Hangul, unicode.Han) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef:
			w += 1
		case strings.ContainsRune("iIl.,;:'|!()[] ", r):
			w += 0.36
		case strings.ContainsRune("mwMW—%", r):
			w += 0.9
		case unicode.IsUpper(r):
			w += 0.7
		default:
			w += 0.64
		}
	}
	return w * size
}

// wrap cuts a text into lines that fit: between words, or where the script allows it between characters.
func wrap(s string, width, size float64) []string {
	var out []string
	line := ""
	for _, w := range atoms(s) {
		switch {
		case line == "" || wide(strings.TrimRight(line+w, " "), size) <= width:
			line += w
		default:
			out, line = append(out, strings.TrimRight(line, " ")), w
		}
	}
	if line = strings.TrimRight(line, " "); line != "" || len(out) == 0 {
		out = append(out, line)
	}
	return out
}

// atoms are pieces between which a line may end. Korean breaks between words, Chinese between characters, but
// not before what closes.
func atoms(s string) []string {
	var out []string
	for _, w := range strings.SplitAfter(s, " ") {
		piece := ""
		for _, r := range w {
			if unicode.Is(unicode.Han, r) && piece != "" && !strings.HasSuffix(piece, "（") && !strings.HasSuffix(piece, "“") {
				out, piece = append(out, piece), ""
			}
			piece += string(r)
		}
		if piece != "" {
			out = append(out, piece)
		}
	}
	return out
}

// A label wants to stand at y; apart moves labels so that none covers another, as little as it can.
type label struct {
	y    float64
	text []string
	row  int // of its series
}

func (l label) height() float64 { return float64(len(l.text))*smallSize*1.25 + 3 }

func apart(ls []label, top, bottom float64) []label {
	slices.SortStableFunc(ls, func(a, b label) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	for i := range ls { // down
		at := top + ls[i].height()/2
		if i > 0 {
			at = ls[i-1].y + (ls[i-1].height()+ls[i].height())/2
		}
		ls[i].y = max(ls[i].y, at)
	}
	for i := len(ls) - 1; i >= 0; i-- { // and up again, where the last went too far
		at := bottom - ls[i].height()/2
		if i+1 < len(ls) {
			at = ls[i+1].y - (ls[i+1].height()+ls[i].height())/2
		}
		ls[i].y = min(ls[i].y, at)
	}
	return ls
}
