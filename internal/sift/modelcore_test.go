package sift

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A core is what survives a crash of everything: sift's disk, the host's store, the clock, and
// what the model has seen. A core is never changed once it stands.
type core struct {
	at    int               // the instant: two a day, 00:00Z and 23:45Z
	files map[string][]byte // sift's disk
	host  *modelStore
	cells map[string]*cell.Cell // sealed by clients, by role

	puts    map[string][32]byte           // each name's bytes as they were on the wire (P13)
	keys    map[cell.Day]*seal.HPKEPublic // that notes named
	drained map[cell.Day]cell.Day         // when an arrival day's drain became durable
}

func (c *core) clone() *core {
	return &core{
		c.at, maps.Clone(c.files), c.host.clone(), maps.Clone(c.cells),
		maps.Clone(c.puts), maps.Clone(c.keys), maps.Clone(c.drained),
	}
}

func timeOf(at int) time.Time {
	t := (firstDay + cell.Day(at/2)).Time()
	if at%2 == 1 {
		t = t.Add(23*time.Hour + 45*time.Minute)
	}
	return t
}

func (c *core) now() time.Time { return timeOf(c.at) }

func (c *core) today() cell.Day { return firstDay + cell.Day(c.at/2) }

// A modelRoom is what does not change: the people, sift's lasting keys, and what was opened
// once to be looked at.
type modelRoom struct {
	*world
	box    box
	sign   *seal.SigningKey
	tokens *hostTokens
	inbox  *seal.InboxOpener
	*looks
}

func newModelRoom(t testing.TB) *modelRoom {
	w := newWorld(t)
	r := &modelRoom{
		world: w, box: box{by: plain{}, to: plain{}}, sign: must(seal.NewSigningKey(seal.RoleSift, rand.Reader)),
		tokens: newHostTokens(rand.Reader), inbox: seal.NewInboxOpener(w.id, &w.inbox), looks: &looks{},
	}
	w.cfg.Isolation, w.cfg.Batch, w.cfg.Desks, w.cfg.Workers = InProcess, 2, 1, 1
	return r
}

// first is the core before anything has happened: an empty folder, and the people's notes.
func (r *modelRoom) first() *core {
	c := &core{
		files: map[string][]byte{}, host: newModelStore(), cells: map[string]*cell.Cell{},
		puts: map[string][32]byte{}, keys: map[cell.Day]*seal.HPKEPublic{}, drained: map[cell.Day]cell.Day{},
	}
	if err := r.box.write(memFiles{c.files}, stateFile, newState().marshal()); err != nil {
		r.t.Fatal(err)
	}
	r.host = client(r.tokens.start(c.host, c.now()), r.tokens.desk)
	r.signNotes(r.sign.Public())
	return c
}

// A tap is between sift and everything else. It counts the effects, breaks one of them, looks
// at what must hold before anything is sent, and keeps what a crash at each would leave.
type tap struct {
	r       *modelRoom
	c       *core // what the run changes
	s       *Sift
	plant   plant
	cuts    []cut
	names   []string
	at      int  // the effect to break; -1: none
	cutting bool // keep what a crash would leave
	mode    mode
	bad     string
}

// A cut is what a crash leaves.
type cut struct {
	label string
	c     *core
}

func (t *tap) wrong(format string, args ...any) {
	if t.bad == "" {
		t.bad = fmt.Sprintf(format, args...)
	}
}

func (t *tap) crash(label string) {
	if t.at < 0 && t.cutting {
		t.cuts = append(t.cuts, cut{label, t.c.clone()})
	}
}

// effect is one step by which sift touches disk or host. change says that it leaves something.
func (t *tap) effect(name string, change bool, do func() error) error {
	at := len(t.names)
	t.names = append(t.names, name)
	if at == t.at && t.mode == notDone {
		return errBroken
	}
	err := do()
	if at == t.at && err == nil {
		err = errBroken
	}
	if change {
		t.crash("after: " + name)
	}
	return err
}

type tapFiles struct{ *tap }

func (f tapFiles) read(name string) ([]byte, error) { return memFiles{f.c.files}.read(name) }

func (f tapFiles) list(folder string) ([]string, error) { return memFiles{f.c.files}.list(folder) }

func (f tapFiles) sync(string) error { return nil }

func (f tapFiles) write(name string, b []byte) error {
	half := folderOf(name) + "/.half"
	f.c.files[half] = b[:len(b)/2]
	f.crash("amid: write " + plainName(name))
	delete(f.c.files, half)
	for _, early := range f.plant.write(f.tap, name, b) {
		f.c.files[name] = early
		f.crash("amid: write " + plainName(name))
	}
	return f.effect("write "+plainName(name), true, func() error {
		f.c.files[name] = b
		if name == stateFile {
			f.wrote(f.r.state(b))
		}
		return nil
	})
}

// wrote notes when a drain became durable.
func (t *tap) wrote(st *state) {
	for day, step := range st.arrivals {
		if _, before := t.c.drained[day]; step >= drained && !before {
			t.c.drained[day] = t.c.today()
		}
	}
}

// destroy overwrites and unlinks: a crash may come between the two, and so may an error.
func (f tapFiles) destroy(name string) error {
	if f.plant.keepsKeys && strings.HasPrefix(name, dayPrefix) {
		return nil
	}
	old, ok := f.c.files[name]
	if ok {
		f.c.files[name] = make([]byte, len(old))
		f.crash("amid: destroy " + plainName(name))
		f.c.files[name] = old
	}
	return f.effect("destroy "+plainName(name), ok, func() error { delete(f.c.files, name); return nil })
}

// plainName leaves the digest out of the names in the outbox: it differs each time.
func plainName(name string) string {
	if strings.HasPrefix(name, outboxFolder) {
		return outboxFolder
	}
	return name
}

type tapHost struct {
	*tap
	h Host
}

// call is a request to the host. Before it, what P4 says must hold.
func (t *tap) call(name string, change bool, do func() error) error {
	t.checkKeys("before: " + name)
	return t.effect(name, change, do)
}

// checkKeys is P4: no key past its time or whose last arrival day is drained, on disk or in
// memory, and no replay key without the key of its epoch.
func (t *tap) checkKeys(when string) {
	st := t.r.state(t.c.files[stateFile])
	var alive []cell.Day
	for name := range t.c.files {
		if day, ok := parseDayKeyFile(name); ok {
			alive = append(alive, day)
		}
		if strings.HasPrefix(name, keysFolder) && halfWritten(name) {
			t.wrong("P4: a half-written key lies on disk %s", when)
		}
	}
	for _, day := range append(alive, t.s.living()...) {
		switch {
		case keyExpired(day, t.c.today()):
			t.wrong("P4: the key of day %d is past its time %s", day-firstDay, when)
		case st.arrivals[day+1] >= drained:
			t.wrong("P4: the key of day %d outlives the drain of its last arrival day %s", day-firstDay, when)
		}
	}
	for epoch := range st.replays {
		if t.plant.keyDiesEarly {
			break // that is looked for as what it does to letters
		}
		if !slices.Contains(alive, epoch) {
			t.wrong("P4: replay keys of day %d outlive its key %s", epoch-firstDay, when)
		}
	}
}

// puts is P13: of each name there is one byte string for ever.
func (t *tap) puts(name string, b []byte) {
	sum := sha256.Sum256(b)
	if before, ok := t.c.puts[name]; ok && before != sum {
		t.wrong("P13: %s goes out in other bytes", plainDay(name))
	}
	t.c.puts[name] = sum
	t.crash("before: host takes " + plainDay(name))
}

// plainDay counts days from the first.
func plainDay(name string) string {
	var n int
	if _, err := fmt.Sscanf(name, batchPrefix+"%d", &n); err == nil {
		return fmt.Sprintf("batch of day %d", n-int(firstDay))
	}
	return name
}

func (h tapHost) Days(ctx context.Context) (d []cell.Day, err error) {
	err = h.call("host lists days", false, func() error { d, err = h.h.Days(ctx); return err })
	return d, err
}

func (h tapHost) ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error {
	return h.call("host reads a day", false, func() error {
		err := h.h.ReadDay(ctx, day, yield)
		h.plant.read(h, day)
		return err
	})
}

func (h tapHost) AckDay(ctx context.Context, day cell.Day) error {
	return h.call(fmt.Sprintf("host forgets day %d", day-firstDay), true, func() error { return h.h.AckDay(ctx, day) })
}

func (h tapHost) PutObject(ctx context.Context, name string, b []byte) error {
	b = h.plant.put(h.tap, b)
	h.puts(name, b)
	return h.call("host takes "+plainDay(name), true, func() error { return h.h.PutObject(ctx, name, b) })
}

func (h tapHost) GetObject(ctx context.Context, name string) (b []byte, err error) {
	err = h.call("host gives "+name, false, func() error { b, err = h.h.GetObject(ctx, name); return err })
	return b, err
}

func (h tapHost) ListObjects(ctx context.Context, prefix string) (l []string, err error) {
	err = h.call("host lists "+prefix, false, func() error { l, err = h.h.ListObjects(ctx, prefix); return err })
	return l, err
}

func (h tapHost) PutNow(ctx context.Context, n *cell.Now) error {
	n = h.plant.switches(h.tap, n)
	name := fmt.Sprintf("now/%d", n.Serial)
	h.puts(name, must(n.Marshal()))
	for _, k := range h.r.note(n).Days {
		if before := h.c.keys[k.Day]; before != nil && *before != k.Key {
			h.wrong("P13: day %d has a second day key", k.Day-firstDay)
		}
		h.c.keys[k.Day] = &k.Key
	}
	return h.call("host switches to "+name, true, func() error { return h.h.PutNow(ctx, n) })
}

func (h tapHost) CurrentNow(ctx context.Context) (n *cell.Now, err error) {
	err = h.call("host gives now", false, func() error { n, err = h.h.CurrentNow(ctx); return err })
	return n, err
}

// An outcome is one run of sift from a core, from its start to its death.
type outcome struct {
	*tap
	report *Report
	err    error
}

// run starts sift on a core and runs the order of the day, breaking one effect.
func (r *modelRoom) run(from *core, p plant, at int, m mode, cutting bool) outcome {
	t := &tap{r: r, c: from.clone(), plant: p, at: at, mode: m, cutting: cutting}
	cfg := r.cfg
	cfg.Now = from.now
	cfg.Connect = func(string) (Host, error) {
		return tapHost{t, client(r.tokens.start(t.c.host, from.now()), r.tokens.sift)}, nil
	}
	// As open does, but for what never changes: it is unlocked once for all runs.
	t.s = &Sift{cfg: cfg, files: tapFiles{t}, box: r.box, sign: r.sign}
	o := outcome{tap: t}
	if _, o.err = destroyExpired(t.s.files, from.today()); o.err != nil {
		return o
	}
	if o.err = t.s.load(); o.err != nil {
		return o
	}
	p.loaded(t.s)
	o.report, o.err = t.s.Day(context.Background())
	if !t.s.stale {
		t.checkKeys("at the end of a run")
		if !p.keyDiesEarly && !p.mixesEpochs { // these are planted in memory
			t.checkMemory()
		}
	}
	return o
}

// checkMemory wants that the process holds what its disk holds. So it makes no difference
// whether it goes on or is started anew, and the model starts it anew for each run.
func (t *tap) checkMemory() {
	disk := *t.r.state(t.c.files[stateFile])
	disk.seen = t.s.st.seen // becomes durable with the next save: it only keeps older ones out
	if !slices.Equal(disk.marshal(), t.s.st.marshal()) {
		t.wrong("memory holds another state than the disk")
	}
	var alive []cell.Day
	for name := range t.c.files {
		if day, ok := parseDayKeyFile(name); ok {
			alive = append(alive, day)
		}
	}
	slices.Sort(alive)
	if !slices.Equal(alive, t.s.living()) {
		t.wrong("memory holds other keys than the disk")
	}
}

// sealRole makes the cell of a role, sealed to the key of an epoch. Its text is its role.
func (r *modelRoom) sealRole(c *core, role string, epoch cell.Day) *cell.Cell {
	if role[0] == 'c' {
		return must(seal.SealCoverCell(rand.Reader, r.id, epoch, c.keys[epoch], r.world.inbox.Public()))
	}
	f := cell.FragmentFields{Count: 1, Body: []byte(role)}
	return must(seal.SealLetterCell(rand.Reader, r.id, epoch, c.keys[epoch], r.world.inbox.Public(), must(f.Marshal(rand.Reader))))
}
