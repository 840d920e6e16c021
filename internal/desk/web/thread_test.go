package web

import (
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
)

// A source who asked for erasure is not shown, but knowingly, once.
func TestErasureHidesWords(t *testing.T) {
	const words = "잊혀야 할 말"
	r := newRoom(t)
	r.letter("A", cell.KindLetter, words, cell.ReplyID{})
	r.name("A")
	r.letter("A", cell.KindErase, "", cell.ReplyID{})
	h := newHouse(t, r).enter()
	id := r.ids["A"].String()
	for _, path := range []string{"/inbox", "/thread/" + id, "/inbox?box=all"} {
		if page := body(t, h.ask("GET", path, "", nil)); strings.Contains(page, words) {
			t.Errorf("%s shows what is to be erased", path)
		}
	}
	if page := body(t, h.ask("GET", "/thread/"+id, "", nil)); !strings.Contains(page, "/thread/reveal") {
		t.Error("the words can't be opened knowingly")
	}
	if page := body(t, h.ask("POST", "/thread/reveal", "id="+id, nil)); !strings.Contains(page, words) {
		t.Error("opened knowingly, the words are not there")
	}
	if page := body(t, h.ask("GET", "/thread/"+id, "", nil)); strings.Contains(page, words) {
		t.Error("the next view shows the words again")
	}
}

func TestBlockAndUndo(t *testing.T) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "junk and more junk", cell.ReplyID{})
	r.name("A")
	h := newHouse(t, r).enter()
	id := r.ids["A"].String()
	if res := h.ask("POST", "/thread/block", "id="+id, nil); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("block: %s", res.Status)
	}
	page := body(t, h.ask("GET", "/inbox", "", nil))
	if strings.Contains(page, "/thread/"+id) {
		t.Error("the thread is in the inbox still")
	}
	if blocked := body(t, h.ask("GET", "/inbox?box=blocked", "", nil)); !strings.Contains(blocked, "/thread/"+id) {
		t.Error("the thread is not among those blocked")
	}
	_, op, ok := strings.Cut(page, `name="op" value="`)
	if !ok {
		t.Fatal("no undo is offered")
	}
	h.ask("POST", "/undo", "op="+op[:64], nil)
	if page := body(t, h.ask("GET", "/inbox", "", nil)); !strings.Contains(page, "/thread/"+id) {
		t.Error("undone, the thread is not back")
	}
}

// What was typed comes back with what was wrong, in the writer's language.
func TestFormsKeepWhatWasTyped(t *testing.T) {
	r := newRoom(t)
	r.letter("A", cell.KindLetter, "a letter", cell.ReplyID{})
	r.name("A")
	claim, _, err := r.desk.NewClaim(t.Context(), desk.Claim{Statement: "a claim"})
	must(t, err)
	view, err := r.desk.Thread(t.Context(), r.ids["A"])
	must(t, err)
	h := newHouse(t, r).enter()
	h.ask("POST", "/language", "lang=ko", nil)
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct{ path, form, want, kept string }{
		"reply too long":   {"/thread/reply", "thread=" + r.ids["A"].String() + "&text=" + long, "글이 비었거나 너무 깁니다.", long},
		"call without day": {"/call", "lang=ko&day=2022-99-99&text=typed", "날짜가 틀렸거나", "typed"},
		"story no title":   {"/story/new", "title=&original=ko", "가제를 지으십시오.", ""},
		"own relay":        {"/evidence/new", "claim=" + claim.String() + "&report=" + view.Reports[0].ID.String() + "&stance=supports&path=told&grade=3&relays=" + strings.ReplaceAll(view.Handle, " ", "+"), "전한 사람을 살피십시오.", view.Handle},
		"empty claim":      {"/claim/new", "text=+", "내용이 비었거나", ""},
	} {
		res := h.ask("POST", c.path, c.form, nil)
		page := body(t, res)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, c.want) || !strings.Contains(page, c.kept) {
			t.Errorf("%s: %s; says %v, keeps %v", name, res.Status, strings.Contains(page, c.want), strings.Contains(page, c.kept))
		}
	}
}
