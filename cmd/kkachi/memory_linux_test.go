package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha3"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// A needle is what no memory may hold, by what it is.
type needles map[string][]byte

// found counts the places of a process's memory where each needle lies.
func (n needles) found(t *testing.T, pid int) map[string]int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	var mem *os.File
	if err == nil {
		mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	}
	if os.IsPermission(err) {
		t.Skip("only root may look into a process that is not dumpable: that is the point of it")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	const window, overlap = 4 << 20, 4096
	hits, buf := map[string]int{}, make([]byte, window+overlap)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || mode[:2] != "rw" || strings.Contains(line, "[v") {
			continue // what nobody writes holds what stood in a file
		}
		for ; from < to; from += window {
			got, _ := mem.ReadAt(buf[:min(window+overlap, to-from)], from) // what is not there is not read
			for name, needle := range n {
				hits[name] += bytes.Count(buf[:got], needle)
			}
		}
	}
	return hits
}

// in names the needles that a process holds.
func (n needles) in(t *testing.T, pid int) (held []string) {
	t.Helper()
	for name, hits := range n.found(t, pid) {
		if hits > 0 {
			held = append(held, name)
		}
	}
	return held
}

// process is the present life's.
func (p *role) process() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// deskKeys are the secrets with which a desk opens and signs, from a copy of its folder.
func (r *killRing) deskKeys() needles {
	key, err := vault.Passphrase([]byte("passphrase of desk"))
	r.check(err)
	folder := filepath.Join(filepath.Dir(r.dir), "copy")
	r.check(os.CopyFS(folder, os.DirFS(filepath.Join(r.dir, "desk"))))
	v, err := vault.Open(folder, key, desk.Projectors(), vault.Options{
		Now: func() time.Time { return readClock(r.clock) }, Rand: rand.Reader,
	})
	r.check(err)
	out := needles{}
	for _, prefix := range []string{"inbox/", "device/"} {
		list, err := v.ListSecrets(prefix)
		r.check(err)
		if len(list) == 0 {
			r.t.Fatalf("the desk has no secret %s…: the search would be blind", prefix)
		}
		for _, s := range list {
			out["the desk's "+s.Name], err = v.Secret(s.Name)
			r.check(err)
		}
	}
	r.check(v.Close())
	return out
}

// dayKey is the seed of a day key as sift's folder holds it, and what it expands to.
func (r *killRing) dayKey(day cell.Day) needles {
	open := func(path string, by age.Identity) []byte {
		sealed, err := os.ReadFile(path)
		r.check(err)
		in, err := age.Decrypt(bytes.NewReader(sealed), by)
		r.check(err)
		plain, err := io.ReadAll(in)
		r.check(err)
		return plain
	}
	pass, err := age.NewScryptIdentity("passphrase of sift")
	r.check(err)
	own, err := age.ParseHybridIdentity(string(open(filepath.Join(r.dir, "sift", "keys", "unlock"), pass)))
	r.check(err)
	raw := open(r.keyFile(day), own)
	seed := raw[len(raw)-32:]
	x := sha3.SumSHAKE256(seed, 96)
	return needles{"day key, seed": seed, "day key, ML-KEM d": x[:32], "day key, ML-KEM z": x[32:64], "day key, X25519": x[64:]}
}

// told is what a teller's letters are made of: each of their fragments holds thread and weekly key.
func (r *killRing) told(words seal.Words, who *teller) needles {
	week := cell.Week(uint32(r.today)/7 - uint32(r.first)/7)
	key, thread := who.conv.Key(week), who.conv.Thread()
	letter := key.LetterKey()
	out := needles{"the thread": thread[:], "the week's key": key[:], "the letter key": letter[:], "the thread in hex": []byte(hex.EncodeToString(thread[:]))}
	for _, lang := range []seal.Lang{"en", "ko", "zh"} {
		if out["the words, "+string(lang)] = []byte(words.String(lang)); len(out["the words, "+string(lang)]) == 0 {
			r.t.Fatalf("no words in %s", lang)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for text := range r.letters {
		out[fmt.Sprintf("a letter of %d bytes", len(text))] = []byte(text)
	}
	return out
}

// post sends so many cells that the host can't tell from others, over connections that stay.
func (r *killRing) post(cells int) {
	c := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer c.CloseIdleConnections()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := i; n < cells; n += 16 {
				var x cell.Cell
				_, _ = rand.Read(x[:]) // it never fails
				binary.BigEndian.PutUint32(x[:], uint32(r.today))
				resp, err := c.Post("http://"+r.w.host+"/c", "", bytes.NewReader(x[:]))
				if err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					err = resp.Body.Close()
				}
				if err != nil || resp.StatusCode != http.StatusNoContent {
					r.t.Error("a cell was not taken: ", errors.Join(err))
					return
				}
			}
		})
	}
	all.Wait()
}

// P1, P4: the real processes, searched by who owns the machine. A running drop that has taken ten
// thousand cells, letters among them, holds no word, letter or key. The sift that has drained
// them holds no word or letter, and the day key in one child alone while it lives, in none
// when it is dead; nor does either hold what the desk opens and signs with. What each must
// hold is found by the same search, and letters and keys are in the desk.
func TestP1P4MemoryOfTheRealProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes")
	}
	r := newKillRing(t, 16384)
	r.cheap()
	r.begin()
	keys := r.deskKeys()
	words, err := seal.NewWords(rand.Reader)
	r.check(err)
	who := &teller{name: "teller 0", conv: words.Open(r.address.ID)}
	r.tellers = append(r.tellers, who)
	r.load(3, 40)
	r.post(10000)
	letters, day, first := r.told(words, who), r.dayKey(r.today), r.today
	known := needles{"planted": []byte("newsroom " + hex.EncodeToString(r.address.ID[:]))} // it stands in the notes
	clean := func(when, what string, pid int, planted bool, all ...needles) {
		t.Helper()
		for _, n := range all {
			if held := n.in(t, pid); len(held) > 0 {
				t.Errorf("%s the %s holds %q", when, what, held)
			}
		}
		if planted && len(known.in(t, pid)) == 0 {
			t.Errorf("%s nothing is found in the %s that must be there: the search is blind", when, what)
		}
	}
	// holders counts the sift's processes with the key, and looks through all for the rest.
	holders := func(when string) (n int) {
		t.Helper()
		sift := r.sift.process()
		clean(when, "sift", sift, true, day, letters, keys)
		for _, child := range childrenOf(sift) {
			clean(when, "child", child, false, letters, keys)
			if len(day.in(t, child)) > 0 {
				n++
			}
		}
		return n
	}
	clean("with the cells on its disk", "drop", r.drop.process(), true, day, letters, keys)
	if n := holders("before the drain"); n != 1 {
		t.Errorf("%d children hold the living key: the search is blind, or the key is in two", n)
	}
	for d := range cell.Day(2) {
		r.at(first+1+d, 0, 10)
		r.turned(true)
		r.sync()
		clean(fmt.Sprintf("%d days later", d+1), "drop", r.drop.process(), true, day, letters, keys)
		if n, want := holders(fmt.Sprintf("%d days later", d+1)), 1-int(d); n != want {
			t.Errorf("%d days later %d children hold the key, want %d", d+1, n, want)
		}
		r.load(0, 1) // a day on which nobody came is none
	}
	r.judgeDesk() // the letters were real, and came
	for name, n := range map[string]needles{"letters": letters, "keys": keys} {
		if len(n.in(t, r.desk.process())) == 0 {
			t.Errorf("no %s are found in the desk, which has them: the search is blind", name)
		}
	}
	t.Logf("%d things searched after %d cells", len(day)+len(letters)+len(keys), 10000+r.w.taken)
}
