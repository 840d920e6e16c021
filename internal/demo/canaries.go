package demo

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
)

// canaries are the texts that must be nowhere on the host, in what sift holds, or in what is
// printed: each sentence of each letter and call, the reply, the eight words of each source,
// and the desk's own names for those who wrote.
func (r *ring) canaries(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range tellings {
		text, err := caseText("reports/" + t.report + ".txt")
		if err != nil {
			return nil, err
		}
		for i, s := range sentences(text) {
			out[fmt.Sprintf("report %s, part %d", t.report, i+1)] = s
		}
	}
	for i, s := range sentences(replyText) {
		out[fmt.Sprintf("the reply, part %d", i+1)] = s
	}
	rows, err := r.desk.Inbox(ctx)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		out[fmt.Sprintf("handle %d", i+1)] = row.Handle
	}
	for name, p := range r.people {
		if p.conv == nil {
			continue
		}
		id := p.conv.Thread()
		out["the thread of "+name] = string(id[:])
		out["the thread of "+name+", in hex"] = id.String()
		for _, l := range []seal.Lang{seal.English, seal.Korean, seal.Chinese} {
			out[fmt.Sprintf("the words of %s, %s", name, l)] = p.words.String(l)
		}
	}
	return out, nil
}

// sentences cuts a report where its sentences and clauses end; short pieces are left out,
// since a newsroom's own words may hold them by chance.
func sentences(text string) []string {
	var out []string
	for _, piece := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n.。，,:[]", r) }) {
		piece = strings.TrimSpace(piece)
		if utf8.RuneCountInString(piece) >= 8 {
			out = append(out, piece)
		}
	}
	return out
}

// notPrinted are the words that must not stand in what is printed, beside the canaries:
// what would narrow a source down, and the days on which somebody was in contact.
func notPrinted(first cell.Day) map[string]string {
	out := map[string]string{}
	words := []string{
		"Monday", "월요일", "周一", "星期一", "by telephone", "전화 통화", "在电话中",
		"Liaoning", "랴오닝", "辽宁", "Dandong", "단둥", "丹东", "Yunnan", "윈난", "云南",
		"two agents", "두 명이", "三个拿", "taken away", "photo.jpg", "reports/",
	}
	for _, w := range words {
		out["the words "+w] = w
	}
	for _, t := range tellings {
		day := uint32(first) + uint32(t.day)
		for _, tag := range lang.All() {
			out[fmt.Sprintf("a day of contact, %s", lang.Date(tag, day))] = lang.Date(tag, day)
		}
		out["a day of contact, "+lang.ISODate(day)] = lang.ISODate(day)
	}
	return out
}
