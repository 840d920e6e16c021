package house

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A room's row of the import law: what it may import of the house, and what it can
// therefore never do. Sub-folders obey their room's row.
type row struct {
	may   []string
	never string
}

var law = map[string]row{
	"cell":     {nil, "know a key, a story, a person"},
	"store":    {[]string{"cell"}, "know a key, a story, a person"},
	"chart":    {[]string{"lang"}, "know a key, a story, a person"},
	"clean":    {nil, "know a key, a story, a person"},
	"contacts": {[]string{"lang"}, "know who reads them: they are printed for everybody alike"},
	"look":     {nil, "know a key, a story, a person, a word"},
	"lang":     {nil, "know a key, a story, a person"},
	"seal":     {[]string{"cell"}, "touch disk or network"},
	"relay":    {[]string{"cell"}, "touch disk, or open anything"},
	"watch":    {[]string{"cell", "seal", "relay", "contacts", "lang"}, "open a letter"},
	"drop":     {[]string{"cell", "store"}, "read a letter: no key is in reach"},
	"sift":     {[]string{"cell", "seal", "store", "relay"}, "know a thread, a story or a person"},
	"source":   {[]string{"cell", "seal", "relay", "lang"}, "keep anything"},
	"vault":    {[]string{"seal"}, "know what a story is"},
	"custody":  {[]string{"seal"}, "know what a story is"},
	"risk":     {[]string{"lang", "chart"}, "act: it only judges"},
	"record":   {[]string{"vault", "lang", "chart"}, "name a thread or a source"},
	"release":  {[]string{"lang"}, "hold a handle, by type"},
	"desk": {
		[]string{"cell", "seal", "relay", "vault", "record", "risk", "clean", "custody", "release", "chart", "look", "lang"},
		"be the host, or print",
	},
	"press":  {[]string{"release", "contacts", "lang", "chart", "look"}, "print what was not released and signed by two, or know that sources exist"},
	"fault":  {nil, "be imported but by tests, or know what a play is about"},
	"doctor": {[]string{"cell", "seal", "vault"}, "change anything, or ask anybody: it looks at names, modes and clear headers"},
	"demo":   {[]string{"*"}, "be imported by anything but cmd"},
	"house":  {nil, "be imported"},
	"lab":    {[]string{"chart"}, "be part of the program: it holds tests and what draws their figures"},
}

// forbidden standard and foreign packages of a room, beyond the law of rooms: what the
// room's promise needs.
var forbidden = map[string][]string{
	"cell":     {"os", "net", "net/http", "crypto/hpke", "crypto/ed25519", "crypto/aes", "crypto/cipher"},
	"store":    {"net/http", "crypto/hpke", "crypto/ed25519", "crypto/aes", "crypto/cipher", "crypto/hkdf", "filippo.io/age"},
	"drop":     {"crypto/hpke", "crypto/ed25519", "crypto/aes", "crypto/cipher", "crypto/hkdf", "filippo.io/age", "log"},
	"seal":     {"os", "net", "net/http", "log"},
	"relay":    {"os", "crypto/hpke", "filippo.io/age", "log"},
	"risk":     {"os", "net/http"},
	"look":     {"os", "net/http"},
	"chart":    {"os", "net/http"},
	"contacts": {"os", "net/http"},
	"clean":    {"net/http", "os/exec"},

	"doctor": {"net", "net/http", "os/exec", "crypto/hpke", "filippo.io/age"},
}

// The law is parsed from the source itself, tests of a room apart: a test may use a
// neighbour to play the other side, so it is held to the same ban on foreign packages only
// by review.
func TestImportLaw(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		room := roomOf(s.dir)
		if room != "" && room != "cmd" {
			seen[room] = true
			if _, ok := law[room]; !ok {
				t.Errorf("%s: room %q has no row in the import law", s.rel, room)
				continue
			}
		}
		if s.test {
			continue
		}
		for _, imp := range s.file.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(forbidden[room], path) {
				t.Errorf("%s imports %s: room %s must never %s", s.rel, path, room, law[room].never)
			}
			if why := breach(room, path); why != "" {
				t.Errorf("%s imports %s: %s", s.rel, path, why)
			}
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %d rooms seen: %v", len(seen), seen)
	}
}

// roomOf names the room that a folder belongs to: internal/desk/web is in desk, cmd/kkachi
// is in cmd, anything else is in none.
func roomOf(dir string) string {
	parts := strings.Split(dir, "/")
	switch {
	case parts[0] == "cmd":
		return "cmd"
	case parts[0] == "internal" && len(parts) > 1:
		return parts[1]
	}
	return ""
}

func breach(room, path string) string {
	rest, inside := strings.CutPrefix(path, "kkachi/")
	if !inside {
		return ""
	}
	to := roomOf(rest)
	switch {
	case to == "demo" && room != "cmd":
		return "only cmd may import demo"
	case to == "house" || to == "cmd" || to == "fault" && room != to:
		return "nothing may import " + to
	case to == "" || to == room || room == "" || room == "cmd":
		return ""
	}
	may := law[room].may
	if slices.Contains(may, "*") || slices.Contains(may, to) {
		return ""
	}
	return "room " + room + " may import only " + strings.Join(may, ", ") + ", so that it can never " + law[room].never
}

// The law itself is tested: each row must refuse what it is there to refuse.
func TestImportLawRefuses(t *testing.T) {
	for _, c := range []struct {
		room, path string
		refused    bool
	}{
		{"drop", "kkachi/internal/seal", true},
		{"drop", "kkachi/internal/store/disk", false},
		{"press", "kkachi/internal/desk", true},
		{"press", "kkachi/internal/seal", true},
		{"sift", "kkachi/internal/vault", true},
		{"desk", "kkachi/internal/press", true},
		{"desk", "kkachi/internal/drop", true},
		{"release", "kkachi/internal/vault", true},
		{"source", "kkachi/internal/demo", true},
		{"cell", "kkachi/internal/seal", true},
		{"demo", "kkachi/internal/desk", false},
		{"cmd", "kkachi/internal/demo", false},
		{"look", "kkachi/internal/lang", true},
		{"contacts", "kkachi/internal/seal", true},
		{"demo", "kkachi/internal/fault", true},
		{"cmd", "kkachi/internal/fault", true},
	} {
		if got := breach(c.room, c.path) != ""; got != c.refused {
			t.Errorf("%s → %s: refused %v, want %v", c.room, c.path, got, c.refused)
		}
	}
}
