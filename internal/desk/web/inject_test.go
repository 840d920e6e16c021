package web

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// hostile is what a letter may hold: markup of every kind, template actions, characters
// that turn lines around or hide, letters that look like others.
const hostile = "<script>alert(1)</script><img src=x onerror=alert(1)><a href=javascript:alert(1)>x</a></textarea></title></script><!-- " +
	"{{.Door}} ${1} \"onmouseover=alert(1) 'x' </div><form action=//evil.example> <style>*{display:none}</style> &lt;b&gt; " +
	"\u202Egnp.exe\u202C \u2066\u2069 a\u200Bb \u00ADsoft \u2028 \U000E0041 раypal\x00\x1b[31m 한국\u200D어 中\u2060文 end"

// Tags that pages may hold; whatever else appears came out of a letter.
var tag = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9]*)([^>]*)>`)

func TestHostileWordsChangeNothing(t *testing.T) {
	plain, evil := newRoom(t), newRoom(t)
	for _, text := range []string{"Plain words in a letter.", hostile} {
		r := plain
		if text == hostile {
			r = evil
		}
		fill(r, text)
	}
	hp, he := newHouse(t, plain).enter(), newHouse(t, evil).enter()
	for _, speak := range []string{"ko", "en", "zh"} {
		for _, h := range []*house{hp, he} {
			if res := h.ask("POST", "/language", "lang="+speak, nil); res.StatusCode != http.StatusSeeOther {
				t.Fatalf("language: %s", res.Status)
			}
		}
		paths := hostilePaths(t, plain)
		for name, path := range hostilePaths(t, evil) {
			want := skeleton(t, body(t, hp.ask("GET", hp.aside(paths[name]), "", nil)))
			page := body(t, he.ask("GET", he.aside(path), "", nil))
			if strings.Contains(page, "[desk.") || strings.Contains(page, "[risk.") {
				t.Errorf("%s %s: a word is missing from the catalogue", speak, name)
			}
			got := skeleton(t, page)
			if name == "search" { // equal finds stand in the order of names that are drawn
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				i := 0
				for i < min(len(got), len(want)) && got[i] == want[i] {
					i++
				}
				t.Errorf("%s %s: the markup differs from tag %d: %q, not %q", speak, name, i, got[i:min(i+6, len(got))], want[i:min(i+6, len(want))])
			}
			// The characters that act, outside of fields, which show what was typed as it was.
			shown := regexp.MustCompile(`(?s)<textarea.*?</textarea>|value="[^"]*"`).ReplaceAllString(page, "")
			for _, r := range html.UnescapeString(shown) {
				if hidden(r) {
					t.Errorf("%s %s: %U is in the page", speak, name, r)
					break
				}
			}
		}
	}
}

// fillInbox puts it wherever journalists write about threads and cases. What names things is
// refused if it holds what can't be seen.
func fillInbox(r *room, note string) {
	r.t.Helper()
	ctx := r.t.Context()
	name := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, note)
	name = strings.TrimSpace(string([]rune(name)[:min(len([]rune(name)), 60)]))
	ids := []desk.ID{r.ids["A"]}
	for _, c := range []desk.ThreadChange{{Tag: name}, {Topic: &name}, {Assign: &name}} {
		_, err := r.desk.Change(ctx, ids, c)
		must(r.t, err)
	}
	_, _, err := r.desk.AddRemark(ctx, r.ids["A"], note, "mina")
	must(r.t, err)
	_, _, err = r.desk.SaveView(ctx, desk.ID{}, name, desk.InboxQuery{Tag: name})
	must(r.t, err)
	_, _, err = r.desk.SetCanned(ctx, desk.ID{}, name, map[lang.Tag]string{lang.Korean: name})
	must(r.t, err)
	_, err = r.desk.SetCase(ctx, r.ids["F"], desk.CaseSheet{Need: note, Danger: note})
	must(r.t, err)
	_, err = r.desk.AddStep(ctx, r.ids["F"], note, "mina")
	must(r.t, err)
}

// fill puts one text wherever a stranger's or a journalist's words can stand.
func fill(r *room, text string) {
	ctx := r.t.Context()
	r.hold(3)
	r.letter("A", cell.KindLetter, text, cell.ReplyID{})
	r.name("A")
	r.letter("F", cell.KindHelp, text, cell.ReplyID{})
	r.name("F")
	note := strings.ToValidUTF8(text, "")
	_, call, _, err := r.desk.TakeCall(ctx, desk.CallNote{Kind: desk.KindCall, Lang: lang.English, Text: note, Taker: "mina"})
	must(r.t, err)
	r.ids["call"] = call
	_, _, err = r.desk.Reply(ctx, r.ids["A"], note, "mina")
	must(r.t, err)
	must(r.t, r.desk.SaveDraft(ctx, draftReply, r.ids["A"], note))
	must(r.t, r.desk.SaveDraft(ctx, draftCall, desk.ID{}, note))
	view, err := r.desk.Thread(ctx, r.ids["A"])
	must(r.t, err)
	_, err = r.desk.AddTranslation(ctx, view.Reports[0].ID, desk.Translation{Lang: lang.Chinese, Text: note, By: "mina"})
	must(r.t, err)
	_, err = r.desk.SetSheet(ctx, r.ids["A"], desk.Sheet{Access: note, Wishes: note, Note: note, Reliability: "C", Reason: note, By: note})
	must(r.t, err)
	claim, _, err := r.desk.NewClaim(ctx, desk.Claim{Statement: note})
	must(r.t, err)
	r.ids["claim"] = claim
	_, _, err = r.desk.AddEvidence(ctx, desk.EvidenceInput{
		Claim: claim, Report: view.Reports[0].ID, Words: view.Reports[0].Text, Stance: ladder.Supports, Path: ladder.Direct, Grade: 3,
	})
	must(r.t, err)
	fillInbox(r, note)
	r.ids["story"], _, err = r.desk.NewStory(ctx, desk.Story{
		Title: note, Original: lang.Korean,
		Editions: map[lang.Tag]desk.EditionText{lang.Korean: {Headline: note, Standfirst: note, Reason: note}},
		Paragraphs: []desk.Paragraph{{Sentences: []desk.Sentence{{
			Text: map[lang.Tag]string{lang.Korean: note}, Claims: []desk.ID{claim}, Level: lang.Level{Place: 2},
		}}}},
	})
	must(r.t, err)
}

func hostilePaths(t *testing.T, r *room) map[string]string {
	t.Helper()
	story := "/story/" + r.ids["story"].String()
	return map[string]string{
		"inbox all": "/inbox?box=all", "cases": "/cases", "case": "/case/" + r.ids["F"].String(), "canned": "/canned", "search": "/search?q=a&from=2000-01-01", // by days, so that no drawn name is found by its first letter
		"inbox": "/inbox", "thread": "/thread/" + r.ids["A"].String(), "help": "/thread/" + r.ids["F"].String(), "call": "/call",
		"sources": "/sources", "note": "/call/" + r.ids["call"].String(), "withdraw": "/withdraw/report/" + r.ids["call"].String(),
		"discredit": "/withdraw/source/" + r.ids["A"].String(), "drop": "/withdraw/claim/" + r.ids["claim"].String(), "corrections": "/corrections",
		"claims": "/claims", "claim": "/claim/" + r.ids["claim"].String(), "stories": "/stories", "story": story + "?view=ko",
		"side": story + "?view=side", "sentence": story + "?view=ko&s=1.1", "newsroom": "/newsroom",
	}
}

// skeleton lists the tags of a page with the names of their attributes, but for the marks
// that stand for hidden characters, and for findings, which differ with the words.
func skeleton(t *testing.T, page string) []string {
	t.Helper()
	page = regexp.MustCompile(`<span class="(ctl|mix)" title="[^"]*">[^<]*</span>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`(?s)<ul class="findings">.*?</ul>|<p class="found-here">.*?</p>|<div class="lead-line">.*?</div>`).ReplaceAllString(page, "")
	// What the gate finds follows from the words, and so does whether two may overrule it.
	page = regexp.MustCompile(`(?s)<details><summary>[^<]*</summary><p class="hint">[^<]*</p>\s*<form method="post" action="/story/[0-9a-f]+/override".*?</details>`).ReplaceAllString(page, "")
	name := regexp.MustCompile(`\s([a-z-]+)(?:=|\s|$)`)
	var out []string
	for _, m := range tag.FindAllStringSubmatch(page, -1) {
		attributes := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(m[2], "")
		var names []string
		for _, n := range name.FindAllStringSubmatch(attributes, -1) {
			if n[1] != "lang" {
				names = append(names, n[1])
			}
		}
		out = append(out, m[1]+" "+strings.Join(names, " "))
	}
	if len(out) < 20 {
		t.Fatalf("hardly a page: %.300s", page)
	}
	return out
}

func TestPieces(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []piece
	}{
		{"plain 한국어 中文\nline", []piece{{Text: "plain 한국어 中文\nline"}}},
		{"a\u202Eb", []piece{{Text: "a"}, {Mark: "U+202E"}, {Text: "b"}}},
		{"one раypal two", []piece{{Text: "one "}, {Text: "раypal", Mixed: true}, {Text: " two"}}},
		{"приве́т Ελλάδα", []piece{{Text: "приве́т Ελλάδα"}}},
		{"KBS뉴스 3번", []piece{{Text: "KBS뉴스 3번"}}},
		{"x\r\ny\xff", []piece{{Text: "x\ny\uFFFD"}}},
		{"", nil},
	} {
		if got := pieces(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%q: %+v", c.in, got)
		}
	}
}
