package drop_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
)

// furnish makes a stage on which one of everything stands, and the digest of its one file.
func furnish(t *testing.T) (s *stage, file string) {
	t.Helper()
	s = play(t)
	ctx := t.Context()
	s.must(s.sift.PutNow(ctx, newNow(first, 0)))
	s.must(s.anyone.PostCell(ctx, newCell(first)))
	s.must(s.sift.PutObject(ctx, "batch/20690", []byte("b")))
	s.must(s.desk.PutObject(ctx, "parcel/20690/1/1", []byte("p")))
	s.must(s.desk.PutObject(ctx, "note/root/1", []byte("n")))
	s.must(s.publish(1, map[string]string{"index.html": "x"}))
	s.set((first + 1).Time())
	if _, err := s.sift.Days(ctx); err != nil {
		t.Fatal(err)
	}
	return s, fmt.Sprintf("%x", sha256.Sum256([]byte("x")))
}

// Whoever isn't let in gets the answer of a path that leads nowhere, whether or not the thing
// exists: the intruder plays all methods on all paths.
func TestIntruderSeesNothing(t *testing.T) {
	s, file := furnish(t)
	paths := []string{
		"/s/days", "/s/day/20700", "/s/day/20700/ack", "/s/day/1", "/s/o/batch/20690", "/s/o/batch/1", "/s/o/parcel/20690/1/1", "/s/o/note/root/1",
		"/s/o/site/" + file, "/s/list/", "/s/list/batch/", "/s/now", "/s/now/20701", "/s/site", "/s/site/2", "/s/", "/s/x", "/s/o/../days",
	}
	sift := s.tokens[drop.RoleSift]
	intruders := map[string]http.Header{
		"no token":    nil,
		"empty":       {"Authorization": {""}},
		"no word":     {"Authorization": {sift}},
		"basic":       {"Authorization": {"Basic " + sift}},
		"cut":         {"Authorization": {"Bearer " + sift[:42]}},
		"longer":      {"Authorization": {"Bearer " + sift + "A"}},
		"two headers": {"Authorization": {"Bearer " + sift, "Bearer " + sift}},
		"hash":        {"Authorization": {fmt.Sprintf("Bearer %x", sha256.Sum256([]byte(sift)))}},
		"nothing":     {"Authorization": {"Bearer "}},
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"} {
		nowhere := s.ask(method, "/no/such/page", nil, nil).String()
		for _, path := range paths {
			for name, header := range intruders {
				if a := s.ask(method, path, header.Clone(), strings.NewReader("body")); a.String() != nowhere {
					t.Errorf("%s %s with %s:\n%v\na path that leads nowhere:\n%v", method, path, name, a, nowhere)
				}
			}
		}
	}
	if got := s.readDay(first); len(got) != 1 {
		t.Errorf("%d cells left after all this", len(got))
	}
}

// The insider, whose token is good for something else, gets the same.
func TestInsiderSeesItsOwnOnly(t *testing.T) {
	s, file := furnish(t)
	nowhere := s.ask("GET", "/no/such/page", nil, nil).String()
	no := func(role drop.Role, method, path string, body io.Reader) {
		t.Helper()
		if a := s.ask(method, path, s.as(role), body); a.String() != nowhere {
			t.Errorf("%s: %s %s: %v", role, method, path, a)
		}
	}
	for _, role := range []drop.Role{drop.RoleDesk, drop.RolePress} {
		no(role, "GET", "/s/days", nil)
		no(role, "GET", "/s/day/20700", nil)
		no(role, "POST", "/s/day/20700/ack", nil)
		no(role, "PUT", "/s/now/20702", strings.NewReader("n"))
	}
	for _, path := range []string{"/s/o/batch/20690", "/s/o/batch/1", "/s/o/parcel/20690/1/1", "/s/o/note/root/1", "/s/o/note/root/2", "/s/now"} {
		no(drop.RolePress, "GET", path, nil)
		no(drop.RolePress, "PUT", path, strings.NewReader("n"))
	}
	for _, role := range []drop.Role{drop.RoleSift, drop.RoleDesk} {
		no(role, "PUT", "/s/site/2", bytes.NewReader(manifest(2, map[string]string{"index.html": "x"})))
	}
	for _, role := range []drop.Role{drop.RoleSift, drop.RoleDesk, drop.RolePress} {
		for _, path := range []string{
			"/s/", "/s/x", "/s/days/", "/s/day/", "/s/day/07", "/s/day/-1", "/s/day/4294967296", "/s/day/20700/", "/s/o/", "/s/o/x", "/s/o/batch", "/s/o/batch/", "/s/o/batch/01",
			"/s/o/batch/1/2", "/s/o/parcel/1/1", "/s/o/parcel/1/4/1", "/s/o/note/sift/1", "/s/o/site/00", "/s/o/site/" + strings.ToUpper(file), "/s/now/", "/s/now/x", "/s/list",
			"/s/days?x", "/s/o/%62atch/20690", "/s/o/batch/../batch/20690",
		} {
			no(role, "GET", path, nil)
		}
	}
	if a := s.ask("GET", "/s/list/", s.as(drop.RolePress), nil); a.body != "site/"+file+"\n" {
		t.Errorf("the press lists %v", a)
	}
	if a := s.ask("GET", "/s/list/", s.as(drop.RoleDesk), nil); strings.Count(a.body, "\n") != 4 {
		t.Errorf("the desk lists %v", a)
	}
	if a := s.ask("PUT", "/s/o/batch/20691", s.as(drop.RoleDesk), strings.NewReader("b")); a.status != 405 {
		t.Errorf("the desk put a batch: %v", a)
	}
	if a := s.ask("PUT", "/s/o/parcel/20691/1/1", s.as(drop.RoleSift), strings.NewReader("b")); a.status != 405 {
		t.Errorf("the sift put a parcel: %v", a)
	}
	if got := s.readDay(first); len(got) != 1 {
		t.Errorf("%d cells left after all this", len(got))
	}
}

// Write-once and switched values answer as the specification says.
func TestAnswersOfTheInside(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	put := func(role drop.Role, path, body string) int {
		return s.ask("PUT", path, s.as(role), strings.NewReader(body)).status
	}
	nowOf := func(day cell.Day, edit func(*cell.Now)) string {
		n := newNow(day, 0)
		edit(n)
		b, err := n.Marshal()
		s.must(err)
		return string(b)
	}
	same := nowOf(first, func(*cell.Now) {})
	for _, x := range []struct {
		what string
		got  int
		want int
	}{
		{"a batch", put(drop.RoleSift, "/s/o/batch/1", "one"), 204},
		{"again", put(drop.RoleSift, "/s/o/batch/1", "one"), 204},
		{"other bytes", put(drop.RoleSift, "/s/o/batch/1", "two"), 409},
		{"a file under another digest", put(drop.RolePress, "/s/o/site/"+strings.Repeat("0", 64), "x"), 400},
		{"a hold, by the sift", put(drop.RoleSift, "/s/o/note/hold/20690", "h"), 204},
		{"a hold, by a desk", put(drop.RoleDesk, "/s/o/note/hold/20691", "h"), 405},
		{"a free note, by a desk", put(drop.RoleDesk, "/s/o/note/free/20690", "f"), 204},
		{"a free note, by the sift", put(drop.RoleSift, "/s/o/note/free/20691", "f"), 405},
		{"a free note, by the press", put(drop.RolePress, "/s/o/note/free/20691", "f"), 404},
		{"another free note", put(drop.RoleDesk, "/s/o/note/free/20690", "g"), 409},
		{"a hold of a day that is none", put(drop.RoleSift, "/s/o/note/hold/4294967296", "h"), 404},
		{"too large a note", put(drop.RoleDesk, "/s/o/note/desk/1", strings.Repeat("x", drop.MaxNoteObject+1)), 413},
		{"the largest note", put(drop.RoleDesk, "/s/o/note/desk/1", strings.Repeat("x", drop.MaxNoteObject)), 204},
		{"a body of unknown length", s.ask("PUT", "/s/o/batch/2", s.as(drop.RoleSift), io.MultiReader(strings.NewReader("x"))).status, 400},
		{"a method", s.ask("POST", "/s/o/batch/1", s.as(drop.RoleSift), strings.NewReader("x")).status, 405},
		{"a method on days", s.ask("PUT", "/s/days", s.as(drop.RoleSift), nil).status, 405},
		{"no now", s.ask("GET", "/s/now", s.as(drop.RoleSift), nil).status, 404},
		{"no site", s.ask("GET", "/s/site", s.as(drop.RolePress), nil).status, 404},
		{"a now", put(drop.RoleSift, "/s/now/20700", same), 204},
		{"the same now", put(drop.RoleSift, "/s/now/20700", same), 204},
		{"other bytes, same serial", put(drop.RoleSift, "/s/now/20700", nowOf(first, func(n *cell.Now) { n.Notes = []byte("other") })), 409},
		{"a lower serial", put(drop.RoleSift, "/s/now/20699", nowOf(first-1, func(*cell.Now) {})), 409},
		{"another serial than its path", put(drop.RoleSift, "/s/now/20702", nowOf(first+1, func(*cell.Now) {})), 400},
		{"no now at all", put(drop.RoleSift, "/s/now/20702", "KKN1"), 400},
		{"an open day", s.ask("POST", "/s/day/20700/ack", s.as(drop.RoleSift), nil).status, 404},
		{"a site without its files", put(drop.RolePress, "/s/site/1", string(manifest(1, map[string]string{"index.html": "x"}))), 409},
	} {
		if x.got != x.want {
			t.Errorf("%s: %d, want %d", x.what, x.got, x.want)
		}
	}
	if notes, err := s.anyone.Notes(ctx); err != nil || string(notes) != "notes of 20700\n" {
		t.Errorf("after refused ones the notes are %q, %v", notes, err)
	}
	s.must(s.anyone.PostCell(ctx, newCell(first)))
	if got := s.ask("POST", "/s/day/20700/ack", s.as(drop.RoleSift), nil).status; got != 409 {
		t.Errorf("acknowledging an open day: %d", got)
	}
	if got := s.ask("GET", "/s/day/20700", s.as(drop.RoleSift), nil).status; got != 409 {
		t.Errorf("reading an open day: %d", got)
	}
}
