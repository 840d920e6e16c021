package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf16"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Canaries planted in letters, replies, call notes, drafts and handles stand nowhere in
// clear in the desk's folder.
func TestSeizedFolderHoldsNothingInClear(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	c := r.conversation()
	canaries := []string{"카나리아편지", "canary-reply-7391", "카나리아통화", "canary-draft-5512", "canary-claim-2204", "canary-note-6630", "canary-tag-1188"}
	r.batch(r.today, r.records(c, seal.Letter{Text: []byte(canaries[0] + noiseText(2000))})...)
	long := r.records(c, seal.Letter{Text: []byte(noiseText(9000))})
	r.batch(r.today+1, long[:2]...)
	r.today += 2
	r.sync()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	_, _, err = r.desk.Reply(ctx, rows[0].ID, canaries[1], "mina")
	must(t, err)
	_, _, _, err = r.desk.TakeCall(ctx, CallNote{Lang: lang.Korean, Text: canaries[2], Taker: "mina"})
	must(t, err)
	must(t, r.desk.SaveDraft(ctx, "reply", rows[0].ID, canaries[3]))
	_, _, err = r.desk.NewClaim(ctx, Claim{Statement: canaries[4]})
	must(t, err)
	_, _, err = r.desk.AddRemark(ctx, rows[0].ID, canaries[5], "mina")
	must(t, err)
	_, err = r.desk.Change(ctx, []ID{rows[0].ID}, ThreadChange{Tag: canaries[6]})
	must(t, err)
	r.sync()
	tellers, err := r.desk.Tellers(ctx)
	must(t, err)
	for _, teller := range tellers {
		canaries = append(canaries, teller.Handle)
	}
	thread := c.Thread()
	key := c.Key(r.week())
	must(t, r.desk.Close())
	for name, data := range files(t, r.dir) {
		for _, want := range canaries {
			if form := holds(data, []byte(want)); form != "" {
				t.Errorf("%s holds %q as %s", name, want, form)
			}
		}
		if bytes.Contains(data, thread[:]) || bytes.Contains(data, key[:]) {
			t.Errorf("%s holds a thread id or a weekly key", name)
		}
	}
	// A canary that is planted is found.
	must(t, os.WriteFile(filepath.Join(r.dir, "planted"), []byte("x"+base64.StdEncoding.EncodeToString([]byte(canaries[0]))), 0o600))
	found := false
	for _, data := range files(t, r.dir) {
		found = found || holds(data, []byte(canaries[0])) != ""
	}
	if !found {
		t.Error("the search finds nothing: it is blind")
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[path], err = os.ReadFile(path)
		return err
	}))
	return out
}

// holds says in which form data holds want.
func holds(data, want []byte) string {
	var wide []byte
	for _, u := range utf16.Encode([]rune(string(want))) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	for form, w := range map[string]string{
		"text": string(want), "UTF-16": string(wide), "hex": hex.EncodeToString(want),
		"base64": strings.TrimRight(base64.StdEncoding.EncodeToString(want), "="),
	} {
		if bytes.Contains(data, []byte(w)) {
			return form
		}
	}
	return ""
}

// The projections are made from the log alone: deleted, they come back the same.
func TestViewDeletedComesBackTheSame(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	op, err := p.desk.SetEdition(ctx, id, lang.English, EditionText{"Other", "x", "y"})
	must(t, err)
	_, undo, err := p.desk.Undo(ctx, op)
	must(t, err)
	_, _, err = p.desk.Undo(ctx, undo)
	must(t, err)
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	_, _, _, err = p.desk.TakeCall(ctx, CallNote{Lang: lang.Korean, Text: "통화", Taker: "mina"})
	must(t, err)
	_, _, err = p.desk.Reply(ctx, p.source["A"], "답", "mina")
	must(t, err)
	must(t, p.desk.SaveDraft(ctx, "reply", p.source["B"], "쓰는 중"))
	for _, name := range []string{"ayla", "boram"} {
		_, err := p.desk.Approve(ctx, id, name, pass(name))
		must(t, err)
	}
	_, err = p.desk.Release(ctx, id)
	must(t, err)
	dump := func() string {
		var b bytes.Buffer
		must(t, p.desk.Vault().Dump(ctx, &b))
		return b.String()
	}
	before := dump()
	must(t, p.desk.Close())
	views, err := filepath.Glob(filepath.Join(p.dir, "view.db*"))
	must(t, err)
	if len(views) == 0 {
		t.Fatal("no projections on disk")
	}
	for _, v := range views {
		must(t, os.Remove(v))
	}
	p.open()
	if after := dump(); after != before {
		t.Errorf("the projections came back otherwise: %d bytes, were %d", len(after), len(before))
	}
	if len(before) < 5000 {
		t.Errorf("a dump of %d bytes shows nothing", len(before))
	}
}

// Erasing a source takes letters, replies and evidence; claims lose what rested on it, and
// nothing else is renamed.
func TestErasedSourceIsGone(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	_, _, err := p.desk.Reply(ctx, p.source["A"], "답", "mina")
	must(t, err)
	must(t, p.desk.Vault().Erase(ctx, vault.Thing(p.source["A"])))
	if _, err := p.desk.Thread(ctx, p.source["A"]); err == nil {
		t.Error("the source is still there")
	}
	r, err := p.desk.Report(ctx, p.report["05"])
	must(t, err)
	if r.Number != 5 {
		t.Errorf("report 05 is number %d now", r.Number)
	}
	if got := p.row(t, "C02"); got.Chains != 0 {
		t.Errorf("%+v", got)
	}
	if got := p.row(t, "C05"); got.Chains != 1 {
		t.Errorf("%+v", got)
	}
}

// stopAfter is a context that ends at the n-th look, by the desk or by the vault.
type stopAfter struct {
	context.Context
	left atomic.Int64
}

func (s *stopAfter) Err() error {
	if s.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Stopped wherever a step looks at its context, the desk takes the batch in once.
func TestP8IntakeStoppedAnywhere(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	var recs []cell.Record
	for range 3 {
		c := r.conversation()
		recs = append(recs, r.records(c, seal.Letter{Text: []byte(noiseText(3500))})...)
	}
	stops := 0
	for n := 0; ; n++ {
		r.desk.mu.Lock()
		in, err := r.desk.newIntake(r.week())
		must(t, err)
		stop := &stopAfter{Context: ctx}
		stop.left.Store(int64(n))
		err = in.read(stop, day0, recs)
		r.desk.mu.Unlock()
		if err == nil {
			break
		}
		if stops++; stops > 200 {
			t.Fatal(err)
		}
		if n%5 == 0 {
			r.reopen()
		}
	}
	if stops < len(recs) {
		t.Errorf("stopped %d times only", stops)
	}
	rs, err := r.desk.reports(ctx, `1`)
	must(t, err)
	if len(rs) != 3 {
		t.Errorf("%d letters in the log, want 3", len(rs))
	}
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 3 {
		t.Errorf("%d sources, want 3", len(rows))
	}
}

// One desk in many hands: syncs, commands and queries at once.
func TestDeskInManyHands(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	story := p.newStory(t, p.draftStory())
	work := []func() error{
		func() error { return second(p.desk.Sync(ctx)) },
		func() error { return second(p.desk.Inbox(ctx)) },
		func() error { return second(p.desk.Story(ctx, story)) },
		func() error { return second(p.desk.SetEdition(ctx, story, lang.English, EditionText{"a", "b", "c"})) },
		func() error { return p.desk.SaveDraft(ctx, "reply", p.source["A"], noiseText(40)) },
		func() error { return p.desk.MarkRead(ctx, p.source["B"]) },
		func() error {
			_, op, err := p.desk.NewClaim(ctx, Claim{Statement: "x"})
			if err == nil {
				_, _, err = p.desk.Undo(ctx, op)
			}
			return err
		},
	}
	var wg sync.WaitGroup
	for _, w := range work {
		for range 3 {
			wg.Go(func() {
				if err := w(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	rows, err := p.desk.Claims(ctx)
	must(t, err)
	if len(rows) != 12 {
		t.Errorf("%d claims", len(rows))
	}
}
