package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tyler-smith/go-bip39/wordlists"

	"kkachi/internal/lab/observer"
)

// A pace is how the lab's visits are made.
type pace struct {
	// scale is how many times as fast as a reader's the pauses and dwell times pass. Work is not scaled: by 5, a
	// second of Argon2id lasts as long as five of a reader's.
	scale float64
	// reserve is how long the first second of a view takes. In it the page seals what leaves later: were it scaled too,
	// sealing would not be done in time, and the lab would measure its own haste.
	reserve time.Duration
	views   int // of a visit, the load of the first page included
	// writing is how many seconds of a reader reader and source stay, at the least, where the source writes: until
	// its words are entered and Argon2id has ended.
	writing float64
	lanes   int // visits made at once, each in a browser of its own; few, or one source holds up another's visit
	firefox int // of so many pairs one is made in Firefox, reader and source alike; 0: none
}

var labPace = pace{scale: 5, reserve: 600 * time.Millisecond, views: 7, writing: 45, lanes: 12, firefox: 8}

// labKey is a person's time for one key, in seconds: about thirty keys enter eight words, so that both cells of that
// view have left when Argon2id begins, as with a reader's clock.
const labKey = 0.7

// A click is where a visit goes next, and how long it stays there, in a reader's seconds.
type click struct {
	path string
	stay float64
}

// A clicks is what reader and source of a pair do alike, and what the source writes meanwhile.
type clicks struct {
	views []click
	write int // the view in which the source writes; both stay longer there
	words []string
	text  string
}

// clicks draws the script of a pair from a seed: the same pair, the same script.
func (p pace) clicks(seed uint64, pair int) clicks {
	r := rand.New(rand.NewPCG(seed, uint64(pair)))
	out := clicks{write: r.IntN(2)}
	last := ""
	for i := range p.views {
		path := last
		for path == last {
			path = []string{"en", "en", "ko", "zh"}[r.IntN(4)] + "/" + []string{"index", "about", "contact"}[r.IntN(3)] + ".html"
			if i <= out.write {
				path = "en" + path[2:]
			}
		}
		last = path
		stay := 2 + 6*r.Float64()
		if i == out.write {
			stay += p.writing + 20*r.Float64() // somebody reads a long text, or writes a letter
		}
		out.views = append(out.views, click{path, stay})
	}
	for range 8 {
		out.words = append(out.words, wordlists.English[r.IntN(2048)])
	}
	noise := make([]byte, 50+r.IntN(5000)) // hex digits deflate to about half: up to 3 or 4 cells
	for i := range noise {
		noise[i] = byte(r.IntN(256))
	}
	out.text = hex.EncodeToString(noise)
	return out
}

// scaled is a reader's time in the lab's.
func (p pace) scaled(seconds float64) time.Duration {
	return time.Duration(seconds / p.scale * float64(time.Second))
}

// visitWith turns one visit in a browser: no connection and no cache is left of the one before.
func (w *wire) visitWith(b visitor, prelude string, p pace, c clicks, v *observer.Visit) error {
	w.begin(v)
	defer w.begin(nil)
	if err := b.begin(prelude, w.url+"/"+c.views[0].path); err != nil {
		return err
	}
	next := time.Now()
	for i, view := range c.views {
		if i > 0 {
			if _, err := b.run(fmt.Sprintf("lab.follow(%q)", view.path)); err != nil {
				return err
			}
		}
		time.Sleep(p.scaled(1))
		if err := b.touch(); err != nil {
			return err
		}
		if i == c.write && v.Source {
			if _, err := b.run(fmt.Sprintf("lab.write(%s, %q, %d)", list(c.words), c.text, p.scaled(labKey).Milliseconds())); err != nil {
				return err
			}
		}
		next = next.Add(p.reserve + p.scaled(view.stay))
		time.Sleep(time.Until(next))
	}
	time.Sleep(p.reserve + p.scaled(13)) // until the last view's cells have left
	w.begin(nil)
	got, err := b.run(`JSON.stringify({ Seals: lab.seals, Argon: lab.argon, Wrong: [...broken, ...lab.wrong].join("; ") })`)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(got), v); err != nil { // its Seals, Argon and Wrong
		return err
	}
	for _, s := range v.Seals {
		v.Letters += s.Letters
	}
	return b.end()
}

// prelude is what stands in the page of a visit before its own script.
func (r *ring) prelude(t *testing.T, p pace, planted string) string {
	t.Helper()
	out := ""
	for _, file := range []struct{ name, args string }{
		{"before.js", fmt.Sprintf(`{"now": %d, "scale": %v, "reserve": %d, "storage": false}`, readClock(r.clock).UnixMilli(), p.scale, p.reserve.Milliseconds())},
		{"lab.js", fmt.Sprintf("%q", planted)},
	} {
		data, err := os.ReadFile(filepath.Join(pageTests, file.name))
		if err != nil {
			t.Fatal(err)
		}
		out += string(data) + "(" + file.args + ");\n"
	}
	return out
}
