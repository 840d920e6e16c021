package web

import (
	"errors"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// A hand counts the keys that it presses beside the text, modifiers too.
type hand struct {
	b    *browser
	keys int
}

func (h *hand) press(r rune) {
	h.keys++
	h.b.key(r)
}

// chord presses a key with modifiers, each counted.
func (h *hand) chord(key string, mods ...chromedp.KeyOption) {
	h.keys += 1 + len(mods)
	h.b.do(chromedp.KeyEvent(key, mods...))
}

// write types text; it isn't counted.
func (h *hand) write(lines ...string) { h.b.write(lines...) }

const maxKeys = 12

// From an empty note to a claim that rests on one of its lines, by keyboard alone.
func TestCallNoteToClaimIsFewKeys(t *testing.T) { drive(t, 0, callNoteToClaim) }

func callNoteToClaim(t *testing.T, w way) {
	r := newRoom(t)
	b := w.browser(newHouse(t, r))
	h := &hand{b: b}
	h.press('n')
	b.until(`location.pathname === "/call" && document.activeElement.id === "text"`)
	h.write("요즘 학습이 늘었다고 함", "? 얼마나 자주", `"한 주에 한 번 하던 걸 이틀에 한 번 한다"`)
	ctrl, shift := chromedp.KeyModifiers(chromedp.ModifierCtrl), chromedp.KeyModifiers(chromedp.ModifierCtrl, chromedp.ModifierShift)
	h.keys++ // the second modifier of the chord
	h.chord(kb.Enter, shift)
	b.until(`document.querySelector("dialog[data-now]")?.open && document.activeElement.id === "line-text"`)
	h.write("Sessions are held every two days") // over what is chosen
	h.chord(kb.Enter, ctrl)
	b.until(`document.querySelector(".resting .t")?.textContent.includes("every two days") && location.pathname.startsWith("/call/")`)
	if h.keys > maxKeys {
		t.Errorf("%d keys beside the text, at most %d are allowed", h.keys, maxKeys)
	}
	t.Logf("%d keys beside the text", h.keys)
	rows, err := r.desk.Claims(t.Context())
	must(t, err)
	if len(rows) != 1 || rows[0].Statement != "Sessions are held every two days" {
		t.Fatalf("%+v", rows)
	}
	v, err := r.desk.Claim(t.Context(), rows[0].ID)
	must(t, err)
	if e := v.Evidence[0]; e.Words != "한 주에 한 번 하던 걸 이틀에 한 번 한다" || e.Path != ladder.Told || e.Open != ladder.NobodyNamed {
		t.Errorf("the claim rests on %+v", e)
	}
	// The call goes on: the caret stands in the note, a further line becomes a further claim.
	b.until(`document.readyState === "complete" && document.activeElement.id === "text" && document.activeElement.selectionEnd === document.activeElement.value.length`)
	h.write("", "순찰이 늘었다")
	h.chord(kb.Enter, shift)
	b.until(`document.querySelector("dialog[data-now]")?.open && document.getElementById("line-text").value === "순찰이 늘었다"`)
	h.chord(kb.Enter, ctrl)
	b.until(`document.querySelectorAll(".resting li").length === 2`)
}

// A tab that closes in the middle of a call loses neither words nor choices; what is mended
// later is kept in the same way.
func TestCallNoteSurvives(t *testing.T) { drive(t, 1, callNoteSurvives) }

func callNoteSurvives(t *testing.T, w way) {
	r := newRoom(t)
	b := w.browser(newHouse(t, r))
	h := &hand{b: b}
	b.open("/call")
	b.until(`document.activeElement.id === "text"`)
	for id, value := range map[string]string{"known": "doubt", "kind": "meeting", "lang": "zh"} {
		b.choose("#"+id, value)
	}
	b.reach("#text")
	h.write("他们每两天开一次会。", "? 在哪里")
	b.until(`document.querySelector("[data-saved]").textContent !== ""`)
	h.write("", "不知道。")
	b.do(chromedp.Navigate("about:blank")) // at once: nothing says good-bye
	b.finds("/call", `document.getElementById("text").value === "他们每两天开一次会。\n? 在哪里\n不知道。"`)
	for id, want := range map[string]string{"known": "doubt", "kind": "meeting", "lang": "zh"} {
		if got := eval[string](b, `document.getElementById("`+id+`").value`); got != want {
			t.Errorf("%s is %q after the tab was lost, was %q", id, got, want)
		}
	}
	b.key('r')
	b.until(`document.activeElement.id === "text"`)
	h.chord(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	b.until(`location.pathname.startsWith("/thread/") && document.querySelectorAll(".turn").length === 3`)
	if !eval[bool](b, `document.querySelector(".turn.us .words-block").textContent === "在哪里" && document.querySelector(".letter header .mark.hold") !== null`) {
		t.Error("the turns, or the doubt who it was, are not shown")
	}
	rows, err := r.desk.Tellers(t.Context())
	must(t, err)
	view, err := r.desk.Thread(t.Context(), rows[0].ID)
	must(t, err)
	note := view.Reports[0]
	if note.Kind != desk.KindMeeting || note.Known != desk.KnownDoubt || note.Taker == "" {
		t.Errorf("kept as %+v", note)
	}
	// Taken back by u, and there again by u.
	there := func(want bool) {
		t.Helper()
		_, err := r.desk.Report(t.Context(), note.ID)
		if want {
			must(t, err)
		} else if !errors.Is(err, desk.ErrNotFound) {
			t.Errorf("the note is still there: %v", err)
		}
	}
	b.key('u')
	b.said("desk.said.undone")
	b.until(`document.querySelectorAll(".turn").length === 0`)
	b.axe("a call that was taken back")
	there(false)
	b.key('u')
	b.until(`document.querySelectorAll(".turn").length === 3`)
	there(true)
	if draft, err := r.desk.Draft(t.Context(), draftCall, desk.ID{}); err != nil || draft != "" {
		t.Errorf("the draft stayed: %q, %v", draft, err)
	}
	b.send(`a[href="/call/` + note.ID.String() + `"]`)
	b.choose("#known", "phrase")
	b.open("/claims")
	b.finds("/call/"+note.ID.String(), `document.getElementById("known").value === "phrase"`)
	b.send(`form[data-call] button.main`)
	b.until(`location.pathname.startsWith("/thread/")`)
	if n, err := r.desk.Report(t.Context(), note.ID); err != nil || n.Known != desk.KnownPhrase || strings.Count(n.Text, "\n") != 2 {
		t.Errorf("mended: %+v, %v", n, err)
	}
	b.key('u')
	b.said("desk.said.undone")
	if n, err := r.desk.Report(t.Context(), note.ID); err != nil || n.Known != desk.KnownDoubt {
		t.Errorf("undone, the speaker was known by %q, %v", n.Known, err)
	}
}
