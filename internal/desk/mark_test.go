package desk

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

// whole is the canonical dump of the projections.
func (r *room) whole() string {
	r.t.Helper()
	var b bytes.Buffer
	must(r.t, r.desk.Vault().Dump(r.t.Context(), &b))
	return b.String()
}

// state is the dump without what only grows: counters, versions and undoing operations.
// What was undone leaves it as it was.
func (r *room) state() string {
	r.t.Helper()
	var out []string
	table := ""
	for line := range strings.SplitSeq(r.whole(), "\n") {
		if strings.HasPrefix(line, "table ") {
			table = strings.Fields(line)[1]
		}
		switch table {
		case "counter", "version", "undo", "number":
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func ptr[T any](v T) *T { return &v }

func (r *room) inInbox(src ID) *InboxRow {
	r.t.Helper()
	rows, err := r.desk.Inbox(r.t.Context())
	must(r.t, err)
	for i := range rows {
		if rows[i].ID == src {
			return &rows[i]
		}
	}
	return nil
}

// Each mark stands on its threads, is undone without a trace, and comes back when the
// projections are made again.
func TestMarksOfThreads(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	both := []ID{p.source["A"], p.source["B"], p.source["A"]}
	for name, c := range map[string]struct {
		change ThreadChange
		holds  func(r *InboxRow) bool
	}{
		"topic":  {ThreadChange{Topic: ptr("  국경   순찰 ")}, func(r *InboxRow) bool { return r != nil && r.Topic == "국경 순찰" }},
		"tag":    {ThreadChange{Tag: "중요"}, func(r *InboxRow) bool { return r != nil && len(r.Tags) == 1 && r.Tags[0] == "중요" }},
		"assign": {ThreadChange{Assign: ptr("mina")}, func(r *InboxRow) bool { return r != nil && r.Assigned == "mina" }},
		"snooze": {ThreadChange{Snooze: ptr(p.today + 3)}, func(r *InboxRow) bool { return r == nil }},
		"block":  {ThreadChange{Block: "mina"}, func(r *InboxRow) bool { return r == nil }},
	} {
		before := p.state()
		ops, err := p.desk.Change(ctx, both, c.change)
		must(t, err)
		if len(ops) != 2 || !c.holds(p.inInbox(p.source["A"])) || !c.holds(p.inInbox(p.source["B"])) || c.holds(p.inInbox(p.source["C"])) {
			t.Errorf("%s: %d operations, %+v", name, len(ops), p.inInbox(p.source["A"]))
		}
		undone, err := p.desk.UndoAll(ctx, ops)
		must(t, err)
		if p.state() != before {
			t.Errorf("%s: undone, the projections differ", name)
		}
		again, err := p.desk.UndoAll(ctx, undone)
		must(t, err)
		if !c.holds(p.inInbox(p.source["B"])) {
			t.Errorf("%s: the undoing undone does nothing", name)
		}
		want := p.whole()
		must(t, p.desk.Vault().Rebuild(ctx, nil))
		if p.whole() != want {
			t.Errorf("%s: rebuilt, the projections differ", name)
		}
		_, err = p.desk.UndoAll(ctx, again)
		must(t, err)
	}
	for name, c := range map[string]ThreadChange{
		"nothing": {}, "tag": {Tag: strings.Repeat("x", maxLabel+1)}, "topic": {Topic: ptr("a\u202Eb")},
		"yesterday": {Snooze: ptr(p.today)}, "far": {Snooze: ptr(p.today + snoozeMost + 1)},
	} {
		_, err := p.desk.Change(ctx, both, c)
		if _, ok := errors.AsType[*FieldError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.desk.Change(ctx, []ID{p.source["A"], {1}}, ThreadChange{Tag: "x"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a thread that isn't there: %v", err)
	}
	if r := p.inInbox(p.source["A"]); len(r.Tags) != 0 {
		t.Errorf("half of a change was done: %+v", r)
	}
}

func TestFiltersOfTheInbox(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a, b := p.source["A"], p.source["B"]
	for _, c := range []ThreadChange{{Topic: ptr("국경")}, {Tag: "중요"}, {Assign: ptr("mina")}} {
		_, err := p.desk.Change(ctx, []ID{a}, c)
		must(t, err)
	}
	_, err := p.desk.Change(ctx, []ID{b}, ThreadChange{Snooze: ptr(p.today + 2)})
	must(t, err)
	must(t, p.desk.MarkRead(ctx, p.source["C"]))
	ids := func(q InboxQuery) map[ID]bool {
		page, err := p.desk.InboxPage(ctx, q)
		must(t, err)
		out := map[ID]bool{}
		for _, r := range page.Rows {
			out[r.ID] = true
		}
		if page.Total != len(out) {
			t.Errorf("%+v: %d rows, said to be %d", q, len(out), page.Total)
		}
		return out
	}
	for _, c := range []struct {
		q    InboxQuery
		n    int
		with ID
	}{
		{InboxQuery{}, 5, a},
		{InboxQuery{Box: BoxUnread}, 4, a},
		{InboxQuery{Box: BoxSnoozed}, 1, b},
		{InboxQuery{Box: BoxBlocked}, 0, ID{}},
		{InboxQuery{Topic: "국경"}, 1, a},
		{InboxQuery{Tag: "중요", Box: BoxUnread}, 1, a},
		{InboxQuery{Assigned: "mina", Lang: lang.Korean}, 1, a},
		{InboxQuery{Tag: "없음"}, 0, ID{}},
		{InboxQuery{Box: BoxWaiting}, 5, a},
	} {
		if got := ids(c.q); len(got) != c.n || c.n > 0 && !got[c.with] {
			t.Errorf("%+v: %d rows", c.q, len(got))
		}
		if back := ParseInboxQuery(c.q.Encode()); back != c.q {
			t.Errorf("%+v comes back as %+v", c.q, back)
		}
	}
	m, err := p.desk.Marks(ctx)
	must(t, err)
	if len(m.Topics) != 1 || len(m.Tags) != 1 || len(m.People) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestSavedViews(t *testing.T) {
	ctx := t.Context()
	p := newRoom(t)
	want := InboxQuery{Tag: "중요", Box: BoxUnread}
	id, made, err := p.desk.SaveView(ctx, ID{}, "중요한 것", want)
	must(t, err)
	views := func() []SavedView {
		vs, err := p.desk.SavedViews(ctx)
		must(t, err)
		return vs
	}
	if vs := views(); len(vs) != 1 || vs[0].Query != want || vs[0].Name != "중요한 것" {
		t.Errorf("%+v", vs)
	}
	_, dropped, err := p.desk.SaveView(ctx, id, "", InboxQuery{})
	must(t, err)
	if len(views()) != 0 {
		t.Error("a dropped view stands")
	}
	_, err = p.desk.UndoAll(ctx, []OpID{dropped, made})
	must(t, err)
	if len(views()) != 0 {
		t.Error("an undone view stands")
	}
	for _, q := range []InboxQuery{{Box: "other"}, {Lang: "fr"}, {Tag: "a\x00"}} {
		if _, err := p.desk.InboxPage(ctx, q); err == nil {
			t.Errorf("%+v was answered", q)
		}
		if _, _, err := p.desk.SaveView(ctx, ID{}, "x", q); err == nil {
			t.Errorf("%+v was saved", q)
		}
	}
	if q := ParseInboxQuery("box=../../x&tag=%00&%zz"); !q.Plain() {
		t.Errorf("%+v", q)
	}
}

// A thread that rests comes back on its day, with anything new, and with a call for help.
func TestSnoozeEnds(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	rest := func() {
		t.Helper()
		_, err := p.desk.Change(ctx, []ID{p.source["A"], p.source["C"], p.source["F"]}, ThreadChange{Snooze: ptr(p.today + 3)})
		must(t, err)
	}
	rest()
	if p.inInbox(p.source["A"]) != nil || p.inInbox(p.source["F"]) == nil {
		t.Error("A does not rest, or who asks for help does")
	}
	c, err := p.desk.Counts(ctx)
	must(t, err)
	if c.Unread != 4 {
		t.Errorf("%d unread", c.Unread)
	}
	p.tell(p.source["A"], false, "새 소식", []byte("letter of the 8.")[:16])
	if p.inInbox(p.source["A"]) == nil {
		t.Error("something new does not wake a thread")
	}
	p.today += 3
	if p.inInbox(p.source["C"]) == nil {
		t.Error("the day does not wake a thread")
	}
	rest()
	p.tell(p.source["C"], true, "도와주십시오", []byte("letter of the 9.")[:16])
	if r := p.inInbox(p.source["C"]); r == nil || !r.Help {
		t.Error("a call for help does not wake a thread")
	}
}

func TestReadAndUnread(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a := p.source["A"]
	all := []ID{a, p.source["B"]}
	_, err := p.desk.Change(ctx, all, ThreadChange{Read: true})
	must(t, err)
	if p.inInbox(a).Unread || p.inInbox(p.source["B"]).Unread || !p.inInbox(p.source["C"]).Unread {
		t.Error("the wrong threads are read")
	}
	_, err = p.desk.Change(ctx, all[:1], ThreadChange{Unread: true})
	must(t, err)
	if !p.inInbox(a).Unread || p.inInbox(p.source["B"]).Unread {
		t.Error("the wrong threads are unread")
	}
}

func TestRemarks(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id, op, err := p.desk.AddRemark(ctx, p.source["A"], "동료에게: 전화로 확인", "mina")
	must(t, err)
	remarks := func() []RemarkView {
		v, err := p.desk.Thread(ctx, p.source["A"])
		must(t, err)
		return v.Remarks
	}
	if rs := remarks(); len(rs) != 1 || rs[0].By != "mina" || rs[0].Op != op {
		t.Errorf("%+v", rs)
	}
	dropped, err := p.desk.DropRemark(ctx, id, "mina")
	must(t, err)
	if len(remarks()) != 0 {
		t.Error("a dropped note stands")
	}
	_, _, err = p.desk.Undo(ctx, dropped)
	must(t, err)
	if len(remarks()) != 1 {
		t.Error("the note did not come back")
	}
	for _, text := range []string{"", " \n", strings.Repeat("x", maxSheet+1)} {
		if _, _, err := p.desk.AddRemark(ctx, p.source["A"], text, "mina"); err == nil {
			t.Errorf("%.10q was taken", text)
		}
	}
}

func TestCannedReplies(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	id, _, err := r.desk.SetCanned(ctx, ID{}, "받음", map[Lang]string{lang.Korean: "잘 받았습니다.", lang.English: "", lang.Chinese: "收到了。"})
	must(t, err)
	list, err := r.desk.CannedReplies(ctx)
	must(t, err)
	if len(list) != 1 || len(list[0].Text) != 2 || list[0].Text[lang.Chinese] != "收到了。" {
		t.Errorf("%+v", list)
	}
	_, op, err := r.desk.SetCanned(ctx, id, "", nil)
	must(t, err)
	if list, _ := r.desk.CannedReplies(ctx); len(list) != 0 {
		t.Error("a dropped reply stands")
	}
	_, _, err = r.desk.Undo(ctx, op)
	must(t, err)
	if list, _ := r.desk.CannedReplies(ctx); len(list) != 1 {
		t.Error("it did not come back")
	}
	for _, bad := range []map[Lang]string{nil, {"fr": "x"}, {lang.Korean: "a\u202Eb"}, {lang.Korean: strings.Repeat("x", MaxReplySize+1)}} {
		if _, _, err := r.desk.SetCanned(ctx, ID{}, "x", bad); err == nil {
			t.Errorf("%.40v was kept", bad)
		}
	}
}

// Two threads that are one source are one row, one origin and one place for replies; parted
// again, nothing is left of it.
func TestJoinAndPart(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a, c := p.source["A"], p.source["C"]
	_, err := p.desk.Change(ctx, []ID{a}, ThreadChange{Tag: "중요"})
	must(t, err)
	chains := p.rung(t, "C06")
	ops, err := p.desk.Join(ctx, a, c, "mina")
	must(t, err)
	r := p.inInbox(c)
	if p.inInbox(a) != nil || r.Reports != 3 || len(r.Tags) != 1 || !r.Unread {
		t.Errorf("joined: %+v", r)
	}
	v, err := p.desk.Thread(ctx, c)
	must(t, err)
	if len(v.Reports) != 3 || len(v.JoinedIn) != 1 || v.JoinedIn[0].ID != a {
		t.Errorf("%d reports, joined %+v", len(v.Reports), v.JoinedIn)
	}
	if old, err := p.desk.Thread(ctx, a); err != nil || old.Next == nil || old.Next.ID != c || !old.Joined {
		t.Errorf("%+v %v", old, err)
	}
	must(t, p.desk.MarkRead(ctx, c))
	if p.inInbox(c).Unread {
		t.Error("read, and still unread")
	}
	id, _, err := p.desk.Reply(ctx, a, "답", "mina")
	must(t, err)
	if owner, err := p.desk.ownerOf(ctx, "reply", id); err != nil || owner != c {
		t.Errorf("the reply went to %s, %v", owner, err)
	}
	p.tell(a, false, "옛 낱말로 다시", []byte("letter of the 8.")[:16])
	if r := p.inInbox(c); !r.Unread || r.Reports != 4 || !strings.Contains(r.Snippet, "옛") {
		t.Errorf("a letter by the other words: %+v", r)
	}
	for _, bad := range [][2]ID{{a, c}, {c, a}, {a, p.source["D"]}, {c, c}} {
		if _, err := p.desk.Join(ctx, bad[0], bad[1], "mina"); err == nil {
			t.Errorf("%v was joined", bad)
		}
	}
	must(t, p.desk.Vault().Rebuild(ctx, nil))
	if len(ops) != 2 {
		t.Fatalf("%d operations", len(ops))
	}
	_, err = p.desk.UndoAll(ctx, ops)
	must(t, err)
	if p.inInbox(a) == nil || p.inInbox(c).Reports != 1 || p.inInbox(a).Reports != 3 {
		t.Errorf("parted: %+v %+v", p.inInbox(a), p.inInbox(c))
	}
	if got := p.rung(t, "C06"); got != chains {
		t.Errorf("chains after parting: %s, were %s", got, chains)
	}
}

func (p *play) rung(t *testing.T, claim string) string {
	r := p.row(t, claim)
	return string(r.Rung)
}

// Somebody known from calls is joined to the thread, not the thread to the calls.
func TestJoinOfCallsAndLetters(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	called, _, _, err := p.desk.TakeCall(ctx, CallNote{Lang: lang.Korean, Text: "전화로 말함", Taker: "mina"})
	must(t, err)
	if _, err := p.desk.Join(ctx, p.source["A"], called, "mina"); err == nil {
		t.Error("a thread with letters was joined to somebody who can't be answered")
	}
	before := p.state()
	_, err = p.desk.Join(ctx, called, p.source["A"], "mina")
	must(t, err)
	if r := p.inInbox(p.source["A"]); r.Reports != 3 || r.Kind != KindCall {
		t.Errorf("%+v", r)
	}
	p.today += cell.Day(ReplyDays)
	p.reopen() // what steps keys must leave both threads' alone
	_, err = p.desk.Part(ctx, called)
	must(t, err)
	if p.state() != before {
		t.Error("parted, the projections differ")
	}
	if _, err := p.desk.Part(ctx, p.source["A"]); !errors.Is(err, ErrNotFound) {
		t.Errorf("parting what is not joined: %v", err)
	}
}
