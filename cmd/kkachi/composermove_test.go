package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39/wordlists"

	"kkachi/internal/desk"
)

// A conversation that began with the native client, in traditional characters, goes on in the page: the
// simplified ones of the same places open it, with its answer and its receipt. Then its source moves it to new
// words; the desk knows both as one, and answers to the new ones.
func TestComposerMovesToNewWords(t *testing.T) {
	t.Parallel()
	r := pageSite(t, nil)
	var simplified, traditional []string
	for n := 40; len(simplified) < 8; n += 101 {
		if a, b := wordlists.ChineseSimplified[n], wordlists.ChineseTraditional[n]; a != b || n%2 == 0 {
			simplified, traditional = append(simplified, a), append(traditional, b)
		}
	}
	if slices.Equal(simplified, traditional) {
		t.Fatal("the lists do not differ here: the test tests nothing")
	}
	out := must(t, r.clock, strings.Join(traditional, " ")+"\n第一封信\n", "source", "write", r.address, "--lang", "zh")
	if at := r.answer("收到了。", 1); len(at) != 1 || at[0] != "第一封信" {
		t.Fatalf("the desk read %q", at)
	}

	r.visitor()
	c := compose(t, r, "zh", 360, 800)
	c.do("open()")
	c.to("tKnown", "tWordsTitle")
	if echo := c.enter(simplified, "tTalkTitle"); !strings.Contains(out, echo) {
		t.Errorf("the page's echo word is %q; the client said %q", echo, out)
	}
	for _, want := range []string{"收到了。", strings.ReplaceAll(c.text["tReceipt"], "{0}", "1")} {
		if text := c.get("text()"); !strings.Contains(text, want) {
			t.Errorf("the conversation does not say %q: %s", want, text)
		}
	}
	c.to("tMore", "tMore")
	c.to("tMove", "tWordsTitle")
	words := in[[]string](t, c.ctx, "compose.words()")
	c.to("tWordsKnow", "tCheckTitle")
	echo := c.enter(words, "tSendTitle")
	c.to("tWrite", "tWriteTitle")
	c.do("type(%q)", "换了词以后的信")
	c.to("tSend", "tSendTitle")
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("moving asked for %q", got)
	}
	c.press(c.text["tReadOn"], "")
	c.turn("index")
	r.sent(2)
	c.do("open()")
	c.to("tSendTitle", "tSendTitle")
	if text := c.get("text()"); !strings.Contains(text, c.text["tSendDone"]) {
		t.Errorf("both letters fit one view: %s", text)
	}

	r.readMoved("第一封信", "换了词以后的信", "新词收到了。")
	r.day("2026-10-07")
	r.run("sift", "--once")
	r.visitor()
	c = compose(t, r, "zh", 360, 800)
	c.do("open()")
	c.to("tKnown", "tWordsTitle")
	if got := c.enter(words, "tTalkTitle"); got != echo {
		t.Errorf("the echo word is %q, was %q", got, echo)
	}
	if text := c.get("text()"); !strings.Contains(text, "新词收到了。") || !strings.Contains(text, strings.ReplaceAll(c.text["tReceipt"], "{0}", "1")) {
		t.Errorf("under the new words stands: %s", text)
	}
	if got := r.visitor(); len(got) != 0 {
		t.Errorf("reading asked for %q", got)
	}
}

// readMoved lets the desk read what moved: it is one conversation, with both letters; it is answered.
func (r *ring) readMoved(first, second, answer string) {
	r.t.Helper()
	r.day("2026-10-06")
	r.run("sift", "--once")
	r.run("desk", "--sync-once")
	r.atDesk(func(_ *world, _ *newsroom, d *desk.Desk) {
		rows, err := d.Inbox(r.t.Context())
		if err != nil || len(rows) != 1 {
			r.t.Fatalf("inbox of %d rows, %v", len(rows), err)
		}
		view, err := d.Thread(r.t.Context(), rows[0].ID)
		if err != nil || len(view.Former) != 1 {
			r.t.Fatalf("the desk knows %d threads that were left, %v", len(view.Former), err)
		}
		var said []string
		for _, l := range view.Reports {
			said = append(said, l.Text)
		}
		if !slices.Contains(said, first) || !slices.Contains(said, second) {
			r.t.Errorf("both letters are one conversation's; the desk has %q", said)
		}
		if _, _, err := d.Reply(r.t.Context(), rows[0].ID, answer, "test"); err != nil {
			r.t.Fatal(err)
		}
		if _, err := d.Sync(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
	})
}
