package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kkachi/internal/desk"
)

// A letter of several cells, written through the engine in a real browser, takes the place of
// covers of later views and reaches the desk; the reply comes back to the page with its
// receipt. What was sent is what a reader sends on the same clicks.
func TestP2LetterLeavesAsCover(t *testing.T) { // P2
	bundle := fstest.MapFS{"page.js": {Data: bundled(t, "test/harness.ts")}}
	r := pageSite(t, bundle)
	// Each view lasts until its cells have left.
	clicks := func(write string) [][]string {
		ctx, said := strictBrowser(t, r.settings(0, true))
		open(t, ctx, r.proxy.URL+"/en/index.html")
		views := [][]string{r.sent(2)}
		in[any](t, ctx, write)
		for _, end := range []string{"en/about.html", "ko/about.html"} {
			in[any](t, ctx, `(document.querySelector("nav a[href$='`+end+`'], footer a[href$='`+end+`']").click(), 0)`)
			views = append(views, r.sent(2))
		}
		if got := in[[]string](t, ctx, `[...touched, ...broken]`); len(got) > 0 {
			t.Errorf("the page reached for or broke: %q", got)
		}
		if got := said(); len(got) > 0 {
			t.Errorf("the page said %q", got)
		}
		if !strings.Contains(write, "kkachi") {
			return views
		}
		if left := in[[]int](t, ctx, `kkachi.engine.letters.map((l) => l.left)`); len(left) != 1 || left[0] != 0 {
			t.Errorf("pieces that have not arrived: %v", left)
		}
		return views
	}
	reader := clicks(`0`)
	text := strings.Repeat("우리 사무소에도 두 명이 붙어 있습니다. ", 3)
	words, err := json.Marshal([]int{1, 2, 3, 500, 2047, 0, 77, 1024})
	if err != nil {
		t.Fatal(err)
	}
	// Random digits do not deflate well: two cells.
	source := clicks(fmt.Sprintf(`(async () => {
		const { engine, KIND } = kkachi, shares = [];
		const c = await engine.open(%s, (share) => shares.push(share));
		if (shares.length < 5) throw new Error("no progress");
		if ((await engine.replies(c)).list.length) throw new Error("replies from nowhere");
		const noise = Array.from(crypto.getRandomValues(new Uint8Array(2000)), (x) => x.toString(16).padStart(2, "0")).join("");
		const l = await engine.write(c, { kind: KIND.letter, topic: 0, flags: 0, text: new TextEncoder().encode(%q + noise) });
		if (l.count !== 2 || engine.viewsLeft !== 1) throw new Error("cut into " + l.count);
		return 0;
	})()`, words, text))
	for i := range reader {
		slices.Sort(reader[i]) // requests of one moment race
		slices.Sort(source[i])
		if a, b := strings.Join(reader[i], "\n"), strings.Join(source[i], "\n"); a != b {
			t.Errorf("view %d of a source is\n%s\nand of a reader\n%s", i+1, b, a)
		}
	}

	r.readAndAnswer(text)
	readsBack(t, r, words)
}

// readAndAnswer lets the desk read one letter, which begins with text, and brings the answer
// into the bulletin.
func (r *ring) readAndAnswer(text string) {
	t := r.t
	t.Helper()
	r.day("2026-10-04")
	r.run("sift", "--once")
	if out := r.run("desk", "--sync-once"); !strings.Contains(out, "1 letter") {
		t.Fatalf("the desk read: %s", out)
	}
	r.atDesk(func(_ *world, _ *newsroom, d *desk.Desk) {
		rows, err := d.Inbox(t.Context())
		if err != nil || len(rows) != 1 {
			t.Fatalf("inbox of %d rows, error %v", len(rows), err)
		}
		view, err := d.Thread(t.Context(), rows[0].ID)
		if err != nil || len(view.Reports) != 1 || !strings.HasPrefix(view.Reports[0].Text, text) {
			t.Fatalf("the letter did not arrive as it was written: %v", err)
		}
		if _, _, err := d.Reply(t.Context(), rows[0].ID, "잘 받았습니다.", "test"); err != nil {
			t.Fatal(err)
		}
	})
	r.run("desk", "--sync-once")
	r.day("2026-10-05")
	r.run("sift", "--once")
}

// readsBack opens the words in another browser: the reply and the receipt of both pieces are
// there, nothing is for other words, and nothing was sent for it.
func readsBack(t *testing.T, r *ring, words []byte) {
	t.Helper()
	ctx, _ := strictBrowser(t, r.settings(0, true))
	open(t, ctx, r.proxy.URL+"/zh/index.html")
	r.sent(2)
	got := in[[]string](t, ctx, fmt.Sprintf(`(async () => {
		const { engine, received, lastRead } = kkachi, c = await engine.open(%s), { list } = await engine.replies(c);
		const other = await engine.replies(await engine.open([9, 9, 9, 9, 9, 9, 9, 9]));
		const text = list.filter((r) => r.kind === 0).map((r) => new TextDecoder().decode(r.body));
		const bits = list.map((r) => String(r.ackBitmap)).filter((b) => b !== "0");
		return [...text, ...new Set(bits), String(other.list.length), String(lastRead(list).some((b) => b !== 0))];
	})()`, words))
	if want := []string{"잘 받았습니다.", "3", "0", "true"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the page reads %q, want %q", got, want)
	}
	if calls := counts(r.visitor()); calls != [3]int{} {
		t.Errorf("reading replies sent %v", calls)
	}
}
