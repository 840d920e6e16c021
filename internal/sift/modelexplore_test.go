package sift

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// Bounds of an exploration.
type modelBounds struct {
	days    int // on which something may happen; sift and desk then have time to finish
	letters int // that clients write
	again   int // of them sealed anew and posted once more
	replays int // old cells posted again, with their own epoch's stamp or another's
	covers  int
	parcels int // of the desk, for the next day
	faults  faults
	hold    bool // the newsroom is watched, and no canary comes
}

// faults says which effects are broken as "not done" and "done but reported as failed",
// besides the crashes at each effect.
type faults int

const (
	noFaults   faults = iota
	hostFaults        // those that change the host
	allFaults         // those that change disk or host, and the host's answers
)

// A post is a cell that the host answered 204.
type post struct {
	role    string   // Lna@E: letter n, sealed for the a-th time, to the key of day E
	stamp   cell.Day // the epoch that the cell says
	arrival cell.Day
}

func (p post) String() string { return fmt.Sprintf("%s>%d", p.role, p.stamp-firstDay) }

// sealed is the epoch to whose key the cell is sealed.
func (p post) sealed() cell.Day {
	var n int
	fmt.Sscanf(p.role[strings.IndexByte(p.role, '@')+1:], "%d", &n)
	return firstDay + cell.Day(n)
}

func (p post) genuine() bool { return p.role[0] == 'L' && p.stamp == p.sealed() }

// before puts the copies under another epoch first: whatever they could keep out comes after.
func before(a, b post) int {
	return cmp.Or(cmp.Compare(a.arrival, b.arrival), cmp.Compare(btoi(a.stamp == a.sealed()), btoi(b.stamp == b.sealed())), strings.Compare(a.String(), b.String()))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A node is a state of the model: a core, what was posted, and how far the desk has read.
type node struct {
	core    int
	posts   []post
	parcels int
	desk    map[cell.Day]int // batches: deskLogged, deskRead

	from  *node
	label string
}

const (
	deskLogged = 1 + iota // the letters stand in the log; that the batch was read does not
	deskRead
)

func (n *node) key() string { return fmt.Sprint(n.core, n.posts, n.parcels, n.desk) }

// An edge is something that a core alone can do.
type edge struct {
	label string
	to    int
	good  bool
	bad   string
}

// standing core: interned, with what follows from it alone.
type coreInfo struct {
	*core
	edges    []edge
	expanded bool
	accepts  []cell.Day
	st       *state
	pool     map[string]int
	batches  map[string][]cell.Day // role → batches that hold it, at the host or in the outbox
	keysLeft map[cell.Day]bool
	done     bool // a run that nothing broke changes nothing more today
}

type explorer struct {
	*modelRoom
	modelBounds
	plant plant

	mu    sync.Mutex // guards ids and cores
	ids   map[[32]byte]int
	cores []*coreInfo

	nodes       map[string]*node
	transitions int
	runs        int
	depth       int
	ends        map[string]bool // nodes beyond the bounds, finished by good steps
	came, gone  int             // cells of letters that were in the log in the end, and that outlived their key
}

// A violation is what must never be, and the shortest way to it.
type violation struct {
	what  string
	trace []string
}

func (v *violation) String() string {
	return v.what + "\n\t" + strings.Join(v.trace, "\n\t")
}

func fail(n *node, what string, labels ...string) *violation {
	for ; n != nil && n.from != nil; n = n.from {
		labels = append([]string{n.label}, labels...)
	}
	return &violation{what, labels}
}

func (x *explorer) intern(c *core) int {
	sum := sha256.Sum256([]byte(x.tell(c)))
	x.mu.Lock()
	id, ok := x.ids[sum]
	if !ok {
		id = len(x.cores)
		x.ids[sum] = id
		x.cores = append(x.cores, &coreInfo{core: c})
	}
	x.mu.Unlock()
	return id
}

func (x *explorer) info(id int) *coreInfo {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cores[id]
}

// prepare finds what follows from a core alone: what it holds, and where sift's runs lead.
func (x *explorer) prepare(id int, cuts bool) {
	c := x.info(id)
	c.st = x.state(c.files[stateFile])
	c.pool, c.batches, c.keysLeft = map[string]int{}, map[string][]cell.Day{}, map[cell.Day]bool{}
	for day := range c.st.pool {
		for _, role := range x.modelRoom.pool(c.st, day) {
			c.pool[role]++
		}
	}
	hold := func(name string, data []byte) {
		day, ok := batchDay(name)
		if !ok {
			return
		}
		for _, role := range x.batch(data) {
			c.batches[role] = append(c.batches[role], day)
		}
	}
	for name, data := range c.host.objects {
		hold(name, data)
	}
	for _, o := range c.st.outbox {
		if c.host.objects[o.name] == nil {
			hold(o.name, c.files[o.file()])
		}
	}
	for name, data := range c.files {
		if day, ok := parseDayKeyFile(name); ok && x.public(data, day) != (seal.HPKEPublic{}) {
			c.keysLeft[day] = true
		}
	}
	x.sift(c, id, cuts)
	c.accepts = x.probe(c.core)
	c.expanded = true
}

// sift finds where runs of the order of the day lead.
func (x *explorer) sift(c *coreInfo, id int, cuts bool) {
	whole := x.run(c.core, x.plant, -1, notDone, cuts)
	bad := whole.bad
	switch {
	case bad != "":
	case whole.err != nil:
		bad = "P8: a run that nothing breaks fails: " + whole.err.Error()
	case !whole.report.Done && len(whole.report.Held) == 0 && !x.neverOpened(c.core):
		bad = fmt.Sprintf("P8: a run that nothing breaks leaves work: %v", whole.report.Waiting)
	}
	to := x.intern(whole.c)
	c.done = to == id
	runs := 1
	seen := map[int]bool{id: true}
	add := func(label string, to int, bad string, good bool) {
		if !seen[to] || bad != "" {
			seen[to] = true
			c.edges = append(c.edges, edge{label, to, good, bad})
		}
	}
	if cuts {
		for _, cut := range whole.cuts {
			add("sift runs and is killed "+cut.label, x.intern(cut.c), "", false)
		}
	}
	seen[to] = false
	add("sift runs", to, bad, true)
	for at, name := range whole.names {
		if !cuts || bad != "" || !x.faults.break_(name) {
			continue
		}
		for _, m := range []mode{notDone, doneFailed} {
			if m == doneFailed && !changes(name) {
				continue
			}
			o := x.run(c.core, x.plant, at, m, false)
			runs++
			add(fmt.Sprintf("sift runs; %s: %s", name, m), x.intern(o.c), o.bad, false)
		}
	}
	x.mu.Lock()
	x.runs += runs
	x.mu.Unlock()
}

// neverOpened says whether the host had nothing for yesterday, because sift never let it take
// cells: its notes came a day late. Sift can't know that, and waits for the day until the next.
func (x *explorer) neverOpened(c *core) bool {
	yesterday := c.today() - 1
	return !c.host.open[yesterday] && !c.host.closed[yesterday]
}

func changes(name string) bool {
	for _, p := range []string{"write", "destroy", "host takes", "host forgets", "host switches"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

func (f faults) break_(name string) bool {
	return f == allFaults || f == hostFaults && changes(name) && strings.HasPrefix(name, "host")
}

// probe asks the real host which epochs it takes cells of.
func (x *explorer) probe(c *core) (out []cell.Day) {
	visitor := client(x.tokens.start(c.host.clone(), c.now()), "")
	for e := c.today() - 2; e <= c.today()+2; e++ {
		if visitor.PostCell(x.t.Context(), underEpoch(&cell.Cell{}, e)) == nil {
			out = append(out, e)
		}
	}
	return out
}

// pass lets time pass to the next instant. At midnight the host closes the day.
func (x *explorer) pass(n *node) *node {
	c := x.info(n.core).clone()
	now := c.now()
	ctx := x.t.Context()
	if err := x.tokens.start(c.host, now).Tick(ctx); err != nil { // it ticks each minute
		x.t.Fatal(err)
	}
	today := c.today()
	c.at++
	if c.today() != today {
		for _, p := range n.posts {
			if p.arrival != today {
				continue
			}
			if c.cells[p.role] == nil {
				c.cells[p.role] = x.sealRole(c, p.role, p.sealed())
			}
			if err := c.host.PutCell(ctx, today, underEpoch(c.cells[p.role], p.stamp)); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	if err := x.tokens.start(c.host, c.now()).Tick(ctx); err != nil {
		x.t.Fatal(err)
	}
	return &node{core: x.intern(c), posts: n.posts, parcels: n.parcels, desk: n.desk, from: n, label: "time passes: " + instant(c.at)}
}

func underEpoch(c *cell.Cell, epoch cell.Day) *cell.Cell {
	x := *c
	binary.BigEndian.PutUint32(x[:4], uint32(epoch))
	return &x
}

func instant(at int) string {
	return fmt.Sprintf("day %d %s", at/2, [...]string{"00:00Z", "23:45Z"}[at%2])
}

// with is a node after something that leaves its core alone.
func (n *node) with(label string, change func(*node)) *node {
	m := &node{core: n.core, posts: slices.Clone(n.posts), parcels: n.parcels, desk: maps.Clone(n.desk), from: n, label: label}
	change(m)
	slices.SortFunc(m.posts, before)
	return m
}
