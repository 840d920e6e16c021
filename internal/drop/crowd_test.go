package drop_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
)

// The sift is told of a closed day how many cells were offered, and a power of two of prefixes;
// nobody else is, and not before the day is over.
func TestCrowdIsForTheSift(t *testing.T) {
	s := play(t)
	ask := func(role drop.Role) string {
		a := s.ask("GET", "/s/crowd/"+itoa(first), s.as(role), nil)
		return itoa(cell.Day(a.status)) + " " + strings.TrimSpace(string(a.body))
	}
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	for range 9 {
		s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	}
	if got := ask(drop.RoleSift); !strings.HasPrefix(got, "404") {
		t.Errorf("a day that is on: %q", got)
	}
	s.set((first + 1).Time().Add(time.Hour))
	if got := ask(drop.RoleSift); !strings.HasPrefix(got, "200") || !strings.HasSuffix(got, "prefixes 1\noffered 9") {
		t.Errorf("the closed day: %q", got)
	}
	if prefixes, offered, err := s.sift.Crowd(t.Context(), first); err != nil || prefixes != 1 || offered != 9 {
		t.Errorf("by the client: %d prefixes, %d cells, %v", prefixes, offered, err)
	}
	for _, role := range []drop.Role{drop.RoleDesk, drop.RolePress, "nobody"} {
		if got := ask(role); !strings.HasPrefix(got, "404") {
			t.Errorf("%s is told %q", role, got)
		}
	}
}

// The operator's page says what is wrong and nothing of visitors, and to this machine only.
func TestHealth(t *testing.T) {
	s := play(t)
	look := func() (int, string) {
		w := httptest.NewRecorder()
		s.host.Health().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Code, w.Body.String()
	}
	if code, text := look(); code != http.StatusServiceUnavailable || !strings.Contains(text, "start the sift") {
		t.Errorf("without notes: %d %q", code, text)
	}
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	s.must(s.host.Tick(t.Context()))
	before, text := look()
	if before != http.StatusOK || text != "well\n" {
		t.Errorf("a host that is well: %d %q", before, text)
	}
	for range 5 {
		s.must(s.anyone.PostCell(t.Context(), newCell(first)))
	}
	if code, after := look(); code != before || after != text {
		t.Errorf("five visitors show in it: %q", after)
	}
	for d := range cell.Day(2) {
		s.must(s.store.CloseDay(t.Context(), first-2+d))
		if code, text := look(); (code != http.StatusOK) != (d == 1) || d == 1 && !strings.Contains(text, "2 days wait for the sift") {
			t.Errorf("with %d days that wait: %d %q", d+1, code, text)
		}
	}
	s.set((first + 5).Time())
	if code, text := look(); code != http.StatusServiceUnavailable || !strings.Contains(text, "clock") {
		t.Errorf("with old notes: %d %q", code, text)
	}
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	s.must(err)
	defer ln.Close()
	if err := s.host.ServeHealth(t.Context(), ln); err == nil {
		t.Error("the world may ask after the host's health")
	}
}
