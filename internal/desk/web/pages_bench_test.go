package web

import (
	"context"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"testing"
	"time"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// BenchmarkPages walks through what a journalist does, with an archive below it, and tells
// each by name. A write is measured to its answer, the page that it leads to by itself. What
// was done is undone at the end, so that an archive can be measured again.
func BenchmarkPages(b *testing.B) {
	ctx := context.Background()
	d := openArchive(b)
	w := newWalker(b, d)
	rows, err := d.Inbox(ctx)
	must(b, err)
	rows = slices.DeleteFunc(rows, func(r desk.InboxRow) bool { return r.Help })
	claims, err := d.Claims(ctx)
	must(b, err)
	stories, err := d.Stories(ctx)
	must(b, err)
	marks, err := d.Marks(ctx)
	must(b, err)
	newest, err := d.Newest(ctx)
	must(b, err)
	round := int(time.Now().Unix()) // so that nothing is so already
	runtime.LockOSThread()
	for b.Loop() {
		row := rows[round%len(rows)]
		w.inboxes(marks, newest)
		w.threads(round, row.ID.String())
		w.many(round, rows)
		note := w.calls(row.ID.String())
		t, err := d.Thread(ctx, row.ID)
		must(b, err)
		w.claims(t.Reports[0], claims[round%len(claims)].ID.String(), note)
		w.stories(stories[round%len(stories)].ID.String())
		w.cases(row.ID.String())
		w.searches()
		for _, path := range []string{"/sources", "/newsroom", "/corrections", "/canned"} {
			w.get(path[1:], path)
		}
		round++
	}
	for _, op := range slices.Backward(w.undo) {
		w.post("undo", "/undo", "op", op)
	}
	w.report(50)
}

// inboxes opens the parts of the inbox.
func (w *walker) inboxes(m desk.Marks, newest int64) {
	w.b.Helper()
	w.get("inbox, every day", "/inbox")
	for name, q := range map[string]desk.InboxQuery{
		"inbox: unread": {Box: desk.BoxUnread}, "inbox: to be answered": {Box: desk.BoxWaiting}, "inbox: resting": {Box: desk.BoxSnoozed},
		"inbox: blocked": {Box: desk.BoxBlocked}, "inbox: in Korean": {Lang: lang.Korean}, "inbox: of a topic": {Topic: m.Topics[0]},
		"inbox: of a tag": {Tag: m.Tags[0]}, "inbox: of a colleague": {Assigned: m.People[0]}, "inbox: Korean and unread": {Box: desk.BoxUnread, Lang: lang.Korean},
	} {
		w.get(name, w.s.listHref("/inbox", q, false))
	}
	w.get("inbox: all by days", "/inbox?box=all")
	page, err := w.desk.InboxPage(w.b.Context(), desk.InboxQuery{})
	must(w.b, err)
	w.get("inbox: the second page", "/inbox?box=all&after="+page.Next)
	w.get("inbox: news", fmt.Sprintf("/news?since=%d", newest-3))
}

// threads reads a thread, and says of it what journalists say.
func (w *walker) threads(round int, id string) {
	w.b.Helper()
	w.get("thread: first opened", "/thread/"+id)
	w.get("thread: among all by days", "/thread/"+id+"?box=all")
	w.get("thread: among unread", "/thread/"+id+"?box=unread")
	for name, form := range map[string][]string{
		"thread: tag": {"do", "tag", "value", fmt.Sprintf("river %d", round)}, "thread: topic": {"do", "topic", "value", fmt.Sprintf("patrols %d", round)},
		"thread: assign": {"do", "assign", "value", fmt.Sprintf("jin %d", round)}, "thread: snooze": {"do", "rest", "days", "3"},
	} {
		w.post(name, "/inbox/change", append(form, "ids", id)...)
	}
	w.post("thread: wake", "/inbox/change", "do", "rest", "days", "0", "ids", id)
	w.post("thread: unread", "/inbox/change", "do", "unread", "ids", id)
	w.post("thread: note", "/thread/note", "id", id, "text", "Ask again on Monday.")
	w.post("thread: note draft", "/draft", "for", "remark/"+id, "text", "Ask again on")
	w.post("reply: draft", "/draft", "for", "reply/"+id, "text", "Thank you. Could you")
	w.post("reply: send", "/thread/reply", "thread", id, "text", "Thank you. Could you say on which days?")
	w.get("thread: just answered", "/thread/"+id)
	w.post("source: sheet", "/thread/source", "thread", id, "access", "lives near the river", "danger", "2", "reliability", "B", "reason", "told right before")
	w.post("thread: block", "/thread/block", "id", id)
	w.post("undo one", "/undo", "op", w.undo[len(w.undo)-1])
	w.undo = w.undo[:len(w.undo)-1]
}

// many does one thing to many threads.
func (w *walker) many(round int, rows []desk.InboxRow) {
	w.b.Helper()
	for _, n := range []int{20, 100} {
		form := []string{"do", "tag", "value", fmt.Sprintf("many %d %d", n, round)}
		for i := range n {
			form = append(form, "ids", rows[(round*n+i)%len(rows)].ID.String())
		}
		w.post(fmt.Sprintf("bulk: tag %d threads", n), "/inbox/change", form...)
	}
}

// calls takes a call, and gives its address.
func (w *walker) calls(source string) string {
	w.b.Helper()
	w.get("call: new", "/call?thread="+source)
	w.post("call: autosave", "/draft", "for", "call", "text", `{"text":"- we were counted"}`)
	note := w.post("call: keep", "/call", "thread", source, "kind", "call", "day", "", "lang", "en", "known", "voice", "text", "- We were counted twice a day.")
	w.get("call: just kept", note)
	return note
}

// claims makes a claim from words, and looks at it and others.
func (w *walker) claims(r desk.ReportView, other, note string) {
	w.b.Helper()
	report, to := r.ID.String(), lang.Korean
	if r.Lang == to {
		to = lang.English
	}
	w.get("claims", "/claims")
	w.get("claim: a blank form", "/claim/new")
	c := last(w.post("claim: from words", "/claim/new", "text", "People are counted twice a day", "report", report, "words", "", "stance", "supports", "path", "direct", "relays", "", "grade", "3"))
	w.get("claim: just made", "/claim/"+c)
	w.get("claim: another", "/claim/"+other)
	w.post("claim: edit", "/claim/"+c+"/edit", "text", "People are counted two times a day")
	w.post("evidence: new", "/evidence/new", "claim", c, "report", report, "words", "", "stance", "contradicts", "path", "direct", "relays", "", "grade", "4")
	w.get("claim: with evidence", "/claim/"+c)
	w.post("claim: doubt", "/claim/"+c+"/dispute", "reason", "Nobody saw it.")
	w.get("withdraw a report: what would follow", "/withdraw/report/"+report)
	w.get("translate", "/translate/"+report+"/"+string(to))
	if q, err := url.Parse(note); err == nil {
		w.get("thread: just judged", q.Path)
	}
}

// stories writes one, and looks at it and another.
func (w *walker) stories(other string) {
	w.b.Helper()
	w.get("stories", "/stories")
	st := last(w.post("story: new", "/story/new", "title", "Counted", "original", "en"))
	w.get("story: just made", "/story/"+st)
	w.post("story: headline", "/story/"+st+"/edition", "lang", "en", "headline", "Counted twice a day", "standfirst", "", "reason", "")
	w.get("story: with a headline", "/story/"+st)
	w.post("story: comment", "/story/"+st+"/comment", "text", "Who saw it?", "sentence", "")
	w.get("story: versions", "/story/"+st+"/versions")
	w.get("story: another", "/story/"+other)
}

// cases opens one, works on it and closes it.
func (w *walker) cases(source string) {
	w.b.Helper()
	w.get("cases", "/cases")
	w.post("case: open", "/case/open", "id", source)
	w.get("case", "/case/"+source)
	w.post("case: sheet", "/case/sheet", "id", source, "need", "a place", "danger", "has to go home")
	w.post("case: step", "/case/step", "id", source, "text", "called them")
	w.post("case: close", "/case/close", "id", source, "outcome", "safe", "note", "")
}

// searches asks for common and for rare words.
func (w *walker) searches() {
	w.b.Helper()
	w.get("search: empty", "/search")
	for name, q := range map[string][]string{
		"search: common": {"q", "the"}, "search: two words": {"q", "police border"}, "search: Korean": {"q", "사람"}, "search: Chinese": {"q", "工作"},
		"search: narrowed": {"q", "river", "in", "en"}, "search: nothing": {"q", "zzzz"},
	} {
		to := w.post("search: ask", "/search", q...)
		w.get(name, to)
	}
}
