package desk

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

func TestInboxOrderSearchAndCounts(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	rows, err := p.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 6 || !rows[0].Help || rows[0].ID != p.source["F"] || !rows[0].Unread {
		t.Fatalf("%+v", rows)
	}
	c, err := p.desk.Counts(ctx)
	must(t, err)
	if c != (Counts{Unread: 6, OpenCases: 1, Claims: 12}) {
		t.Errorf("%+v", c)
	}
	op, err := p.desk.TakeCase(ctx, p.source["F"], "mina")
	must(t, err)
	must(t, p.desk.MarkRead(ctx, p.source["A"]))
	must(t, p.desk.MarkRead(ctx, p.source["A"]))
	rows, err = p.desk.Inbox(ctx)
	must(t, err)
	i := slices.IndexFunc(rows, func(r InboxRow) bool { return r.Help })
	if i == 0 || !rows[i].Taken || rows[i].TakenBy != "mina" {
		t.Errorf("a taken case stays on top: %+v", rows)
	}
	v, err := p.desk.Thread(ctx, p.source["F"])
	must(t, err)
	if v.Case != CaseTaken || v.TakenBy != "mina" {
		t.Errorf("%+v", v)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	if c, _ := p.desk.Counts(ctx); c.OpenCases != 1 || c.Unread != 5 {
		t.Errorf("after undo %+v", c)
	}
	_, err = p.desk.AddTranslation(ctx, p.report["03"], Translation{Lang: lang.English, Text: "Patrols on the ROAD", By: "mina"})
	must(t, err)
	for text, want := range map[string]string{"말 03": "C", "road": "C", "ｒｏａｄ": "C", rows[2].Handle: ""} {
		found, err := p.desk.Search(ctx, SearchQuery{Text: text})
		must(t, err)
		if len(found.Rows) != 1 || want != "" && found.Rows[0].Source != p.source[want] {
			t.Errorf("%q finds %+v", text, found.Rows)
		}
	}
	if found, err := p.desk.Search(ctx, SearchQuery{Text: "없는 말"}); err != nil || len(found.Rows) != 0 {
		t.Errorf("finds what isn't there: %+v %v", found.Rows, err)
	}
}

func TestCallNotes(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	n := CallNote{Lang: lang.Korean, Text: "[통화] 안녕", Taker: "mina"}
	for fieldName, change := range map[string]func(*CallNote){
		"text": func(n *CallNote) { n.Text = " " }, "lang": func(n *CallNote) { n.Lang = "fr" },
		"taker": func(n *CallNote) { n.Taker = "" }, "kind": func(n *CallNote) { n.Kind = KindLetter },
		"day": func(n *CallNote) { n.Day = r.today + 1 },
	} {
		bad := n
		change(&bad)
		_, _, _, err := r.desk.TakeCall(ctx, bad)
		if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != fieldName {
			t.Errorf("%s: %v", fieldName, err)
		}
	}
	src, rep, op, err := r.desk.TakeCall(ctx, n)
	must(t, err)
	n.Source, n.Text = src, "둘째"
	src2, _, _, err := r.desk.TakeCall(ctx, n)
	must(t, err)
	v, err := r.desk.Thread(ctx, src)
	must(t, err)
	if src2 != src || len(v.Reports) != 2 || v.Letters || len(strings.Fields(v.Handle)) != 2 || v.Reports[0].Day != r.today || !v.Reports[0].Read {
		t.Errorf("%+v", v)
	}
	if _, _, err := r.desk.Reply(ctx, src, "답", "mina"); err == nil {
		t.Error("a reply to somebody without a thread was taken")
	}
	edited, err := r.desk.EditCall(ctx, rep, CallNote{Lang: lang.Korean, Text: "고침", Taker: "mina"})
	must(t, err)
	if got, _ := r.desk.Report(ctx, rep); got.Text != "고침" || got.Op != edited {
		t.Errorf("%+v", got)
	}
	_, _, err = r.desk.Undo(ctx, edited)
	must(t, err)
	if got, _ := r.desk.Report(ctx, rep); got.Text != "[통화] 안녕" || got.Kind != KindCall {
		t.Errorf("%+v", got)
	}
	_, back, err := r.desk.Undo(ctx, op)
	must(t, err)
	if _, err := r.desk.Report(ctx, rep); !errors.Is(err, ErrNotFound) {
		t.Errorf("an undone note still stands: %v", err)
	}
	_, _, err = r.desk.Undo(ctx, back)
	must(t, err)
	if _, err := r.desk.Report(ctx, rep); err != nil {
		t.Error(err)
	}
	if _, err := r.desk.EditCall(ctx, ID{1}, n); !errors.Is(err, ErrNotFound) {
		t.Errorf("edit of nothing: %v", err)
	}
	n.Source = ID{1}
	if _, _, _, err := r.desk.TakeCall(ctx, n); !errors.Is(err, ErrNotFound) {
		t.Errorf("call of nobody: %v", err)
	}
}

func TestSheetsDraftsTranslationsConsent(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a := p.source["A"]
	for name, s := range map[string]Sheet{
		"reliability": {Reliability: "G"}, "danger": {Danger: 9}, "langs": {Langs: []Lang{"fr"}}, "note": {Note: strings.Repeat("x", maxSheet+1)},
	} {
		_, err := p.desk.SetSheet(ctx, a, s)
		if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := p.desk.SetSheet(ctx, a, Sheet{Reliability: "C", Reason: "new", Wishes: "no place"})
	must(t, err)
	op, err := p.desk.SetSheet(ctx, a, Sheet{Reliability: "B", Reason: "was right"})
	must(t, err)
	v, err := p.desk.Thread(ctx, a)
	must(t, err)
	if v.Sheet.Reliability != "B" || len(v.Sheet.History) != 2 || v.Sheet.Op != op {
		t.Errorf("%+v", v.Sheet)
	}
	if _, err := p.desk.SetSheet(ctx, ID{1}, Sheet{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("sheet of nobody: %v", err)
	}

	must(t, p.desk.SaveDraft(ctx, "reply", a, "쓰는 중"))
	must(t, p.desk.SaveDraft(ctx, "call", ID{}, "통화 중"))
	p.reopen()
	if got, err := p.desk.Draft(ctx, "reply", a); err != nil || got != "쓰는 중" {
		t.Errorf("%q %v", got, err)
	}
	must(t, p.desk.SaveDraft(ctx, "reply", a, ""))
	if got, _ := p.desk.Draft(ctx, "reply", a); got != "" {
		t.Errorf("a dropped draft: %q", got)
	}
	if got, _ := p.desk.Draft(ctx, "call", ID{}); got != "통화 중" {
		t.Errorf("%q", got)
	}
	if p.desk.SaveDraft(ctx, "Bad Key", a, "x") == nil {
		t.Error("a bad key was taken")
	}

	rep := p.report["01"]
	for range 2 {
		_, err = p.desk.AddTranslation(ctx, rep, Translation{Lang: lang.English, Text: "Hello", By: "mina"})
		must(t, err)
	}
	_, err = p.desk.AddTranslation(ctx, rep, Translation{Lang: lang.Chinese, Text: "你好", By: "mina"})
	must(t, err)
	r, err := p.desk.Report(ctx, rep)
	must(t, err)
	if len(r.Translations) != 2 || len(r.Claims) != 3 {
		t.Errorf("%+v", r)
	}
	for _, bad := range []Translation{{Lang: "fr", Text: "x", By: "y"}, {Lang: lang.English, By: "y"}, {Lang: lang.English, Text: "x"}} {
		if _, err := p.desk.AddTranslation(ctx, rep, bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if _, err := p.desk.SetConsent(ctx, rep, true); err == nil {
		t.Error("consent for a letter that asks for no help")
	}
	if _, err := p.desk.TakeCase(ctx, a, " "); err == nil {
		t.Error("a case taken by nobody")
	}
	if err := p.desk.MarkRead(ctx, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("read of nobody: %v", err)
	}
}

func TestRepliesAreCheckedAndWithdrawn(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a := p.source["A"]
	for _, text := range []string{"", " \n", strings.Repeat("x", MaxReplySize+1), "\xff"} {
		if _, _, err := p.desk.Reply(ctx, a, text, "mina"); err == nil {
			t.Errorf("%.10q was taken", text)
		}
	}
	if _, _, err := p.desk.Reply(ctx, ID{1}, "x", "mina"); !errors.Is(err, ErrNotFound) {
		t.Errorf("reply to nobody: %v", err)
	}
	if _, _, err := p.desk.Reply(ctx, a, "x", ""); err == nil {
		t.Error("reply by nobody")
	}
	id, made, err := p.desk.Reply(ctx, a, strings.Repeat("x", MaxReplySize), "mina")
	must(t, err)
	if _, _, err := p.desk.Undo(ctx, made); !errors.Is(err, ErrNotUndone) {
		t.Errorf("undo of a reply: %v", err)
	}
	op, err := p.desk.WithdrawReply(ctx, id)
	must(t, err)
	state := func() Progress {
		v, err := p.desk.Thread(ctx, a)
		must(t, err)
		return v.Replies[0].State.Progress
	}
	if state() != Withdrawn {
		t.Error("still waits")
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	if state() != Waiting {
		t.Error("does not wait again")
	}
	p.today += ReplyDays + 1
	if state() != Expired {
		t.Error("waits for ever")
	}
	if _, err := p.desk.WithdrawReply(ctx, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("withdrawal of nothing: %v", err)
	}
	if _, _, err := p.desk.Undo(ctx, OpID{1}); !errors.Is(err, ErrNotUndone) {
		t.Errorf("undo of nothing: %v", err)
	}
}

func TestHandles(t *testing.T) {
	free := func(string) (bool, error) { return false, nil }
	one, err := handle([]byte("thread"), free)
	must(t, err)
	again, err := handle([]byte("thread"), free)
	must(t, err)
	if one != again || len(strings.Fields(one)) != 2 {
		t.Errorf("%q, then %q", one, again)
	}
	three, err := handle([]byte("thread"), func(h string) (bool, error) { return h == one, nil })
	must(t, err)
	if !strings.HasPrefix(three, one+" ") || len(strings.Fields(three)) != 3 {
		t.Errorf("%q where %q is taken", three, one)
	}
	for _, list := range []string{adjectives, nouns} {
		words := strings.Fields(list)
		slices.Sort(words)
		if len(slices.Compact(slices.Clone(words))) != len(words) {
			t.Error("a word stands twice in a list")
		}
	}
}

func TestApproverKeys(t *testing.T) {
	r := newRoom(t)
	if _, err := CreateApprover(r.dir, "ayla", pass("ayla"), 1, nil); err == nil {
		t.Error("a key was overwritten")
	}
	for _, name := range []string{"", "../x", "Ayla", "1st"} {
		if _, err := CreateApprover(r.dir, name, pass("x"), 1, nil); err == nil {
			t.Errorf("approver %q was made", name)
		}
		if _, err := LoadApprover(r.dir, name, pass("x")); err == nil {
			t.Errorf("approver %q was loaded", name)
		}
	}
	k, err := LoadApprover(r.dir, "ayla", pass("ayla"))
	must(t, err)
	if [32]byte(k.Public().(ed25519.PublicKey)) != r.approvers[0].Key {
		t.Error("another key")
	}
	if _, err := LoadApprover(r.dir, "ayla", nil); !errors.Is(err, ErrPassphrase) {
		t.Errorf("no passphrase: %v", err)
	}
	if _, err := LoadApprover(r.dir, "nobody", pass("ayla")); err == nil {
		t.Error("a key of nobody")
	}
}
