package web

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// A hostile original, what is typed beside it, and what stands after the original was mended
// change nothing of the pages on which one translates and reads translations.
func TestHostileTranslationsChangeNothing(t *testing.T) {
	evil := strings.ToValidUTF8(hostile, "") + "\n" + strings.Repeat("long ", 8_000) + "\n=HYPERLINK(\"//evil.example\")"
	sentences := len(desk.Cut(evil))
	plain := strings.TrimSpace(strings.Repeat("Plain words.\n", sentences))
	pages := func(text string) (h *house, paths map[string]string) {
		r := newRoom(t)
		ctx := t.Context()
		r.letter("A", cell.KindLetter, text, cell.ReplyID{})
		r.name("A")
		view, err := r.desk.Thread(ctx, r.ids["A"])
		must(t, err)
		letter := view.Reports[0].ID
		_, note, _, err := r.desk.TakeCall(ctx, desk.CallNote{Source: r.ids["A"], Kind: desk.KindPost, Lang: lang.English, Text: text, Taker: "mina"})
		must(t, err)
		into := desk.Cut(text)
		for _, report := range []desk.ID{letter, note} {
			for _, by := range []string{"mina", "hana"} {
				_, err = r.desk.Translate(ctx, report, lang.Korean, by, into, desk.TranslationDone)
				must(t, err)
			}
		}
		// Typed and not saved, in a language of its own.
		typed := map[string]string{"count": strconv.Itoa(len(into))}
		for i, s := range into {
			typed["t"+strconv.Itoa(i)] = s
		}
		draft, err := json.Marshal(typed)
		must(t, err)
		must(t, r.desk.SaveDraft(ctx, draftTranslation(lang.Chinese), letter, string(draft)))
		// Of an original that was mended since, what was translated stands apart.
		_, err = r.desk.EditCall(ctx, note, desk.CallNote{Kind: desk.KindPost, Lang: lang.English, Text: "Mended.", Taker: "mina"})
		must(t, err)
		return newHouse(t, r).enter(), map[string]string{
			"stands": "/translate/" + letter.String() + "/ko", "typed": "/translate/" + letter.String() + "/zh",
			"former": "/translate/" + note.String() + "/ko", "read": "/thread/" + r.ids["A"].String(),
		}
	}
	hp, paths := pages(plain)
	he, hostilePaths := pages(evil)
	for _, speak := range []string{"ko", "en", "zh"} {
		for _, h := range []*house{hp, he} {
			h.ask("POST", "/language", "lang="+speak, nil)
		}
		for name, path := range hostilePaths {
			want := skeleton(t, body(t, hp.ask("GET", paths[name], "", nil)))
			page := body(t, he.ask("GET", path, "", nil))
			if got := skeleton(t, page); !slices.Equal(got, want) {
				t.Errorf("%s %s: the markup differs: %d tags, not %d", speak, name, len(got), len(want))
			}
			if n := strings.Count(page, "\x00"); n > 0 {
				t.Errorf("%s %s: %d null bytes", speak, name, n)
			}
			shown := regexp.MustCompile(`(?s)<textarea.*?</textarea>|value="[^"]*"`).ReplaceAllString(page, "")
			if i := strings.IndexFunc(html.UnescapeString(shown), hidden); i >= 0 {
				t.Errorf("%s %s: a character that acts is in the page", speak, name)
			}
		}
	}
}

// What is sent into the form is kept, or refused with one clear sentence and what was typed; never
// anything else, whatever it is.
func TestHostileTranslationsSent(t *testing.T) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "我住在边境附近。今年巡逻增加。", cell.ReplyID{})
	r.name("A")
	view, err := r.desk.Thread(t.Context(), r.ids["A"])
	must(t, err)
	letter := view.Reports[0].ID
	h := newHouse(t, r).enter()
	h.ask("POST", "/language", "lang=en", nil)
	send := func(to string, count string, texts ...string) (int, string) {
		form := url.Values{"count": {count}}
		for i, text := range texts {
			form.Set("t"+strconv.Itoa(i), text)
		}
		res := h.ask("POST", "/translate/"+letter.String()+"/"+to, form.Encode(), nil)
		return res.StatusCode, body(t, res)
	}
	for name, text := range map[string]string{
		"markup": hostile, "bidi": "\u202E말\u2066뒤집힘\u2069", "null": "앞\x00뒤", "not UTF-8": "a\xffb", "formula": "=cmd|' /C calc'!A0",
		"long": strings.Repeat("가", 16_000), "line ends": "a\r\nb\nc",
	} {
		if status, page := send("ko", "2", text, "둘째 문장."); status != http.StatusSeeOther {
			t.Errorf("%s: %d, %.300s", name, status, page)
			continue
		}
		got, err := r.desk.Report(t.Context(), letter)
		must(t, err)
		if len(got.Translations) != 1 || len(got.Translations[0].Sentences) != 2 || got.Text != "我住在边境附近。今年巡逻增加。" {
			t.Fatalf("%s: the report is %+v", name, got)
		}
		page := body(t, h.ask("GET", "/thread/"+r.ids["A"].String(), "", nil))
		if strings.ContainsAny(page, "\x00\u202E") || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: it acts in the thread", name)
		}
	}
	for name, c := range map[string]struct {
		to, count string
		texts     []string
		want      int
	}{
		"too long":           {"ko", "2", []string{strings.Repeat("x", 200_000), "y"}, http.StatusUnprocessableEntity},
		"too few":            {"ko", "1", []string{hostile}, http.StatusUnprocessableEntity},
		"a gap":              {"ko", "2", []string{hostile, " "}, http.StatusUnprocessableEntity},
		"its own language":   {"zh", "2", []string{"a", "b"}, http.StatusNotFound},
		"no language":        {"xx", "2", []string{"a", "b"}, http.StatusNotFound},
		"no number":          {"ko", "<b>", []string{"a", "b"}, http.StatusNotFound},
		"less than nothing":  {"ko", "-1", []string{"a", "b"}, http.StatusNotFound},
		"more than anything": {"ko", "99999999999", []string{"a", "b"}, http.StatusNotFound},
		"over the form":      {"ko", "2", []string{strings.Repeat("x", maxForm), "b"}, http.StatusRequestEntityTooLarge},
	} {
		status, page := send(c.to, c.count, c.texts...)
		if status != c.want || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
		if alerts := strings.Count(page, `role="alert"`); status == http.StatusUnprocessableEntity && alerts != 1 {
			t.Errorf("%s: %d errors are shown", name, alerts)
		}
		if c.want == http.StatusUnprocessableEntity && name == "a gap" && !strings.Contains(page, html.EscapeString("<script>alert(1)")) {
			t.Errorf("%s: what was typed is gone", name)
		}
	}
}
