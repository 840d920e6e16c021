package sift

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// plain encrypts the folder's files to nobody: thousands of runs would spend their time there.
type plain struct{}

func (plain) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: "plain", Body: slices.Clone(fileKey)}}, nil
}

func (plain) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return stanzas[0].Body, nil }

// looks opens what the model wants to see, each byte string once.
type looks struct {
	seen sync.Map

	mu   sync.Mutex // guards sums
	sums map[*byte]digested
}

type digested struct {
	b   []byte // holds the place, so that no other bytes come to lie there
	sum [32]byte
}

// digest is the SHA-256 of bytes that nobody changes in place. Most of a core is that of the
// core before it: what was digested lately is remembered by its place.
func (l *looks) digest(b []byte) [32]byte {
	if len(b) == 0 {
		return sha256.Sum256(nil)
	}
	l.mu.Lock()
	d, ok := l.sums[&b[0]]
	l.mu.Unlock()
	if ok && len(d.b) == len(b) {
		return d.sum
	}
	d = digested{b, sha256.Sum256(b)}
	l.mu.Lock()
	if len(l.sums) > 4096 || l.sums == nil {
		l.sums = map[*byte]digested{}
	}
	l.sums[&b[0]] = d
	l.mu.Unlock()
	return d.sum
}

func look[T any](l *looks, b []byte, open func() T) T {
	sum := l.digest(b)
	if v, ok := l.seen.Load(sum); ok {
		return v.(T)
	}
	v := open()
	l.seen.Store(sum, v)
	return v
}

// state reads what stands on sift's disk. The caller changes nothing in it.
func (r *modelRoom) state(sealed []byte) *state {
	return look(r.looks, sealed, func() *state { return must(parseState(must(decrypt(sealed, r.box.by)))) })
}

// note reads the sift note of a now.
func (r *modelRoom) note(n *cell.Now) *seal.SiftNote {
	return look(r.looks, n.Notes, func() *seal.SiftNote {
		rootRaw, _, siftRaw, err := seal.SplitNotes(n.Notes)
		if err != nil {
			panic(err)
		}
		day := firstDay
		root := must(seal.ParseRoot(rootRaw, r.id, day))
		return must(seal.ParseSift(siftRaw, root, 0))
	})
}

type roleName string

// role names the letter cell that a record was in; "" is a dummy.
func (r *modelRoom) role(rec *cell.Record) string {
	return string(look(r.looks, rec[:], func() roleName {
		frag, ok := r.inbox.Open(rec)
		if !ok {
			panic("a record does not open")
		}
		f, err := cell.ParseFragment(frag)
		if err != nil {
			return ""
		}
		return roleName(f.Body)
	}))
}

// batch gives the letters of a batch, as the desk's device reads it.
func (r *modelRoom) batch(sealed []byte) []string {
	return look(r.looks, sealed, func() []string {
		plain := must(io.ReadAll(must(age.Decrypt(bytes.NewReader(sealed), r.device))))
		_, recs, err := seal.OpenBatch(r.id, []seal.VerifyKey{r.sign.Public()}, plain)
		if err != nil {
			panic(err)
		}
		var out []string
		for i := range recs {
			if role := r.role(&recs[i]); role != "" {
				out = append(out, role)
			}
		}
		slices.Sort(out)
		return out
	})
}

// public is the public half of the key in a key file; zeros: the file was overwritten.
func (r *modelRoom) public(sealed []byte, day cell.Day) seal.HPKEPublic {
	return look(r.looks, sealed, func() (none seal.HPKEPublic) {
		raw, err := decrypt(sealed, r.box.by)
		if err != nil {
			return none
		}
		_, seed, err := parseDayKey(raw, day)
		if err != nil {
			panic(err)
		}
		return *seed.Public()
	})
}

// names stands for random bytes: equal ones have one name, in the order in which a core is
// told, so that two cores that differ in randomness only are told alike.
type names map[string]int

func (n names) of(b []byte) string {
	if len(b) == 0 || len(bytes.Trim(b, "\x00")) == 0 {
		return "0"
	}
	if _, ok := n[string(b)]; !ok {
		n[string(b)] = len(n) + 1
	}
	return fmt.Sprintf("#%d", n[string(b)])
}

// A telling is a core in words, without what is random: cores that are told alike go on alike.
type telling struct {
	*modelRoom
	c *core
	strings.Builder
	names
	replay map[[32]byte]string // the sealed bytes of each role
}

func (r *modelRoom) tell(c *core) string {
	t := &telling{modelRoom: r, c: c, names: names{}, replay: map[[32]byte]string{}}
	fmt.Fprintf(t, "at %d\n", c.at)
	for _, role := range slices.Sorted(maps.Keys(c.cells)) {
		t.replay[t.digest(c.cells[role][cell.HeaderSize:])] = role
		fmt.Fprintf(t, "cell %s\n", role)
	}
	for _, day := range slices.Sorted(maps.Keys(c.keys)) {
		fmt.Fprintf(t, "published %d %s\n", day, t.of(c.keys[day][:]))
	}
	for _, day := range slices.Sorted(maps.Keys(c.drained)) {
		fmt.Fprintf(t, "drained %d %d\n", day, c.drained[day])
	}
	t.tellDisk()
	t.tellHost()
	for _, name := range slices.Sorted(maps.Keys(c.puts)) {
		sum := c.puts[name]
		fmt.Fprintf(t, "put %s %s\n", name, t.of(sum[:]))
	}
	return t.String()
}

func (t *telling) tellDisk() {
	for _, name := range slices.Sorted(maps.Keys(t.c.files)) {
		data := t.c.files[name]
		day, isKey := parseDayKeyFile(name)
		switch {
		case name == stateFile:
			t.tellState(t.state(data))
		case isKey:
			public := t.public(data, day)
			fmt.Fprintf(t, "%s %s\n", name, t.of(public[:]))
		case name == nowFile:
			sum := t.digest(data)
			fmt.Fprintf(t, "%s %s", name, t.of(sum[:]))
			t.tellObject(nowPrefix, data)
		case !strings.HasPrefix(name, outboxFolder) || halfWritten(name):
			fmt.Fprintf(t, "%s\n", name)
		}
	}
	st := t.state(t.c.files[stateFile])
	for _, o := range st.outbox {
		data := t.c.files[o.file()]
		sum := t.digest(data)
		fmt.Fprintf(t, "outbox %s %s %v", o.name, t.of(sum[:]), data != nil)
		t.tellObject(o.name, data)
	}
	unnamed := 0 // in the outbox, and swept at the next start
	for name := range t.c.files {
		if strings.HasPrefix(name, outboxFolder) && !halfWritten(name) && !slices.ContainsFunc(st.outbox, func(o outgoing) bool { return o.file() == name }) {
			unnamed++
		}
	}
	fmt.Fprintf(t, "unnamed %d\n", unnamed)
}

func (t *telling) tellObject(name string, data []byte) {
	defer fmt.Fprintln(t)
	switch {
	case strings.HasPrefix(name, batchPrefix):
		fmt.Fprintf(t, " %v", t.batch(data))
	case strings.HasPrefix(name, parcelPrefix):
		fmt.Fprintf(t, " %s", t.of(must(cell.ParseParcel(data)).Slots[0][:]))
	case strings.HasPrefix(name, nowPrefix):
		now := must(cell.ParseNow(data))
		note := t.note(now)
		fmt.Fprintf(t, " %d %v", note.Issued, now.Epochs)
		for _, k := range note.Days {
			fmt.Fprintf(t, " %d %s", k.Day, t.of(k.Key[:]))
		}
		for _, b := range note.Bulletins {
			fmt.Fprintf(t, " %d %s", b.Day, t.of(b.Hash[:]))
		}
		hash := now.Bulletin.Hash()
		fmt.Fprintf(t, " %s", t.of(hash[:]))
	}
}

func (t *telling) tellState(st *state) {
	fmt.Fprintf(t, "day %d serial %d of %d", st.day, st.serial, st.noteDay)
	if st.previous != nil {
		fmt.Fprintf(t, " %s", t.of(st.previous[:]))
	}
	for _, b := range st.bulletins {
		fmt.Fprintf(t, " %d %s", b.Day, t.of(b.Hash[:]))
	}
	for n, d := range st.desks {
		fmt.Fprintf(t, " desk %d %d %s", n, d.day, t.of(d.slots[0][:]))
	}
	fmt.Fprintf(t, " seen %d %d %d out %d size %v hard %v crowd %d %d\n", st.seen[0].serial, st.seen[1].serial, st.seen[2].serial, st.outlived, st.sizing, st.hard, st.crowd, st.crowdDay)
	for _, d := range slices.Sorted(maps.Keys(st.arrivals)) {
		fmt.Fprintf(t, "arrival %d %d %d\n", d, st.arrivals[d], st.canaries[d])
	}
	for _, e := range slices.Sorted(maps.Keys(st.replays)) {
		var roles []string
		for k := range st.replays[e] {
			roles = append(roles, t.replay[k])
		}
		slices.Sort(roles)
		fmt.Fprintf(t, "replays %d %v\n", e, roles)
	}
	for _, d := range slices.Sorted(maps.Keys(st.pool)) {
		fmt.Fprintf(t, "pool %d %v\n", d, t.pool(st, d))
	}
}

func (r *modelRoom) pool(st *state, day cell.Day) (roles []string) {
	for i := range st.pool[day] {
		roles = append(roles, r.role(&st.pool[day][i]))
	}
	slices.Sort(roles)
	return roles
}

func (t *telling) tellHost() {
	h := t.c.host
	for _, name := range slices.Sorted(maps.Keys(h.objects)) {
		sum := t.digest(h.objects[name])
		fmt.Fprintf(t, "object %s %s", name, t.of(sum[:]))
		t.tellObject(name, h.objects[name])
	}
	for name, v := range h.values {
		sum := t.digest(v.data)
		fmt.Fprintf(t, "value %s %d %s", name, v.serial, t.of(sum[:]))
		t.tellObject(nowPrefix, v.data)
	}
	for _, days := range []map[cell.Day]bool{h.open, h.closed, h.acked} {
		fmt.Fprintf(t, "days %v\n", slices.Sorted(maps.Keys(days)))
	}
	for _, d := range slices.Sorted(maps.Keys(h.cells)) {
		fmt.Fprintf(t, "cells %d", d)
		for _, c := range h.cells[d] {
			fmt.Fprintf(t, " %s>%d", t.replay[t.digest(c[cell.HeaderSize:])], c.Epoch())
		}
		fmt.Fprintln(t)
	}
}
