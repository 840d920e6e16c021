package main

import (
	"strings"
	"testing"
	"time"
)

const goodConfig = `id = "0000000000000000000000000000000000000000000000000000000000000000"
name = "The Test"
url = "https://news.example"
languages = ["ko", "en"]
[listen]
drop = "127.0.0.1:8400"
`

func TestNewsroomFile(t *testing.T) {
	n, err := parseNewsroom([]byte(goodConfig))
	if err != nil {
		t.Fatal(err)
	}
	if n.Slots != 128 || n.Listen.Desk != "127.0.0.1:0" || n.siteNames().KO != "The Test" {
		t.Errorf("defaults: %+v", n)
	}
	data, err := n.marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := parseNewsroom(data)
	if err != nil {
		t.Fatalf("what is written is not read: %v\n%s", err, data)
	}
	if back.Name != n.Name || back.ID != n.ID || back.Listen != n.Listen || len(back.Languages) != 2 {
		t.Errorf("written %+v, read %+v", n, back)
	}
}

// Each thing that is wrong is named by its field, and by its line where it has one.
func TestNewsroomFileRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`name = `, `nmae = `, `line 2: unknown key "nmae"`},
		{`drop = `, `drip = `, `line 6: unknown key "listen.drip"`},
		{`[listen]`, `[lisden]`, `unknown key "lisden`},
		{`"The Test"`, `5`, `line 2 (last key "name"): `},
		{`"The Test"`, `"The`, `line 2`},
		{`"The Test"`, `""`, `name: `},
		{`id = "0`, `id = "G`, `id: `},
		{`https://`, `http://`, `url: `},
		{`https://news.example`, `https://news.example/`, `url: `},
		{`["ko", "en"]`, `[]`, `languages: `},
		{`"en"]`, `"EN"]`, `languages: "EN"`},
		{`[listen]`, "slots = 5\n[listen]", `slots: 5 is not between`},
		{`[listen]`, "batch = 300\n[listen]", `batch: 300 is not 256 doubled`},
		{`[listen]`, "desks = 9\n[listen]", `desks: 9 is not between`},
		{`[listen]`, "quota = 0\n[listen]", `quota: 0 is not between`},
		{`[listen]`, "difficulty = 17\n[listen]", `difficulty: 17 is not between`},
		{`[listen]`, "canaries = -1\n[listen]", `canaries: -1 is not between`},
		{`[listen]`, "[[partners]]\nname = \"Hands\"\nrecipient = \"age1abc\"\n[listen]", `partners: number 1: recipient is no post-quantum`},
		{`[listen]`, "[[partners]]\nnam = \"Hands\"\n[listen]", `unknown key "partners.nam"`},
		{`name = `, "format = 2\nnew = 1\nname = ", `format: the file is of format 2, and this kkachi knows 1`},
		{`name = `, "format = 0\nname = ", `format: 0 is not between`},
		{`:8400`, ``, `listen.drop: "127.0.0.1" is not HOST:PORT`},
		{`drop = "127.0.0.1:8400"`, `desk = "0.0.0.0:80"`, `listen.desk: "0.0.0.0:80" is not loopback`},
	} {
		text := strings.Replace(goodConfig, c.from, c.to, 1)
		if text == goodConfig {
			t.Fatalf("%q changes nothing", c.from)
		}
		_, err := parseNewsroom([]byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q for %q: got %v, want %q", c.to, c.from, err, c.want)
		}
	}
}

func TestSyncHours(t *testing.T) {
	for _, c := range []struct{ now, want string }{
		{"2026-10-03T00:00:00Z", "2026-10-02T22:00:00Z"},
		{"2026-10-03T05:59:59Z", "2026-10-02T22:00:00Z"},
		{"2026-10-03T06:00:00Z", "2026-10-03T06:00:00Z"},
		{"2026-10-03T17:00:00Z", "2026-10-03T12:00:00Z"},
		{"2026-10-03T23:30:00+09:00", "2026-10-03T12:00:00Z"},
		{"2026-10-03T23:00:00Z", "2026-10-03T22:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := lastSyncHour(now).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: last hour %s, want %s", c.now, got, c.want)
		}
	}
}
