package sift

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// next gives all that may happen at a node. The first for which good holds is what happens
// where nothing goes wrong: sift runs, else the desk reads, else time passes.
func (x *explorer) next(n *node, closing bool) (out []*node, bad *violation) {
	c := x.info(n.core)
	for _, e := range c.edges {
		if e.bad != "" {
			return nil, fail(n, e.bad, e.label)
		}
		if closing && !e.good || e.to == n.core {
			continue
		}
		m := n.with(e.label, func(m *node) { m.core = e.to })
		if closing {
			return []*node{m}, nil
		}
		out = append(out, m)
	}
	for _, m := range x.deskReads(n) {
		if closing {
			return []*node{m}, nil
		}
		out = append(out, m)
	}
	if closing {
		return []*node{x.pass(n)}, nil
	}
	if c.at < 2*x.days-1 {
		out = append(out, x.pass(n))
	}
	return append(append(out, x.posted(n)...), x.parcel(n)...), nil
}

// posted gives what clients, and whoever copied a cell, may post.
func (x *explorer) posted(n *node) (out []*node) {
	c := x.info(n.core)
	today := c.today()
	letters, again, covers, replays := 0, 0, 0, 0
	var roles []post // cells that were made
	for _, p := range n.posts {
		first := !slices.ContainsFunc(roles, func(q post) bool { return q.role == p.role })
		if first {
			roles = append(roles, post{role: p.role})
		}
		switch {
		case p.role[0] == 'c':
			covers++
			continue
		case strings.Contains(p.role, "b@"):
			again++
		case first:
			letters++
		}
		if !first || p.stamp != p.sealed() {
			replays++
		}
	}
	add := func(what, role string, stamp cell.Day) {
		p := post{role, stamp, today}
		out = append(out, n.with(fmt.Sprintf("%s: %s, for day %d: 204", what, role, stamp-firstDay), func(m *node) { m.posts = append(m.posts, p) }))
	}
	for _, e := range c.accepts {
		if c.keys[e] == nil {
			continue
		}
		role := func(kind string) string { return fmt.Sprintf("%s@%d", kind, e-firstDay) }
		if letters < x.letters {
			next := role(fmt.Sprintf("L%da", letters+1))
			add("a client posts a letter", next, e)
			for _, other := range c.accepts {
				if other != e && replays < x.replays {
					add("somebody holds up a letter, and posts a copy first", next, other)
				}
			}
		}
		if letters > 0 && again < x.again {
			add("a client posts a letter once more, sealed anew", role("L1b"), e)
		}
		if covers < x.covers {
			add("a client posts cover", role("c1"), e)
		}
		for _, p := range roles {
			switch {
			case p.role[0] != 'L':
			case e == p.sealed() && !slices.ContainsFunc(n.posts, func(q post) bool { return q.role == p.role && q.genuine() }):
				add("the letter that was held up comes", p.role, e)
			case replays < x.replays:
				add("somebody posts a copy", p.role, e)
			}
		}
	}
	return out
}

// parcel lets the desk put one more parcel for the next day.
func (x *explorer) parcel(n *node) []*node {
	if n.parcels == x.parcels {
		return nil
	}
	c := x.info(n.core).clone()
	p := cell.Parcel{Day: c.today() + 1}
	for range x.cfg.Slots {
		p.Slots = append(p.Slots, *must(seal.RandomSlot(x.cfg.Rand)))
	}
	desk := client(x.tokens.start(c.host, c.now()), x.tokens.desk)
	if err := desk.PutObject(x.t.Context(), fmt.Sprintf("parcel/%d/0/%d", p.Day, n.parcels+1), must(p.Marshal())); err != nil {
		return nil
	}
	id := x.intern(c)
	return []*node{n.with(fmt.Sprintf("the desk puts parcel %d for day %d", n.parcels+1, p.Day-firstDay), func(m *node) { m.core, m.parcels = id, m.parcels+1 })}
}

// deskReads gives what the desk may do with the batches at the host: read one, or be killed
// when its letters stand in the log and that it was read does not. It knows a letter by its
// id, as desk.TestP8IntakeStoppedAnywhere shows for the real one.
func (x *explorer) deskReads(n *node) (out []*node) {
	c := x.info(n.core)
	var days []cell.Day
	for name := range c.host.objects {
		if day, ok := batchDay(name); ok {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	for _, day := range days {
		step := n.desk[day]
		if step == deskRead {
			continue
		}
		read := func(label string, to int) {
			out = append(out, n.with(fmt.Sprintf("the desk reads the batch of day %d%s", day-firstDay, label), func(m *node) {
				if m.desk == nil {
					m.desk = map[cell.Day]int{}
				}
				m.desk[day] = to
			}))
		}
		read("", deskRead)
		if step == 0 {
			read(" and is killed before it says so", deskLogged)
		}
		break // in order
	}
	return out
}

// check looks at what must hold in each state.
func (x *explorer) check(n *node) string {
	c := x.info(n.core)
	outlived := uint64(0)
	for _, p := range n.posts {
		on, drainedIt := c.drained[p.arrival]
		if drainedIt && on >= p.stamp+KeyDeath {
			outlived++
		}
		if p.genuine() {
			if what := x.checkLetter(c, n, p); what != "" {
				return what
			}
		}
	}
	if outlived != c.st.outlived {
		return fmt.Sprintf("P8: %d cells outlived their key, and %d are counted", outlived, c.st.outlived)
	}
	for day := range n.desk {
		if c.host.objects[batchName(day)] == nil {
			return "P8: a batch that the desk read is gone"
		}
	}
	return ""
}

// checkLetter wants each cell of a letter in exactly one place: where it can still come to the
// desk from, or among those that outlived their key.
func (x *explorer) checkLetter(c *coreInfo, n *node, p post) string {
	places := len(c.batches[p.role]) + c.pool[p.role]
	epoch, today := p.sealed(), c.today()
	for _, q := range n.posts {
		if q.role != p.role || !q.genuine() {
			continue
		}
		on, drainedIt := c.drained[q.arrival]
		switch {
		case q.arrival == today, drainedIt && on >= epoch+KeyDeath: // on its way, or counted
		case !drainedIt:
			if !c.keysLeft[epoch] && today < epoch+KeyDeath {
				return fmt.Sprintf("P8: %s can be opened no more, before its time", p.role)
			}
			if c.host.acked[q.arrival] {
				return fmt.Sprintf("P8: the host has forgotten %s, and nobody has read it", p.role)
			}
		default: // its key lived when it was drained
			if places == 0 {
				return fmt.Sprintf("P8: %s is lost", p.role)
			}
		}
	}
	if places > 1 {
		return fmt.Sprintf("P8: %s stands in two places", p.role)
	}
	return ""
}

// end wants at the end of a good continuation each letter in the desk's log, but those that
// outlived their key.
func (x *explorer) end(n *node) string {
	c := x.info(n.core)
	for _, p := range n.posts {
		if !p.genuine() {
			continue
		}
		on, drainedIt := c.drained[p.arrival]
		if drainedIt && on >= p.sealed()+KeyDeath {
			x.gone++
			continue
		}
		in := 0
		for _, day := range c.batches[p.role] {
			if n.desk[day] == deskRead {
				in++
			}
		}
		if in != 1 {
			return fmt.Sprintf("P8: at the end %s stands %d times in the log", p.role, in)
		}
		x.came++
	}
	return ""
}

// siftOff is how many days sift stays off, before it goes on where nothing goes wrong: enough
// for every key to die.
const siftOff = 3

// last is the instant at which all that was posted must have come, or be counted.
func (x *explorer) last() int {
	if x.hold {
		return 2 * (x.days + HoldDays + 2)
	}
	return 2 * (x.days + siftOff)
}

// finish goes on where nothing goes wrong any more, until all that may come has come.
func (x *explorer) finish(n *node) *violation {
	for {
		if key := n.key(); x.ends[key] {
			return nil
		} else {
			x.ends[key] = true
		}
		c := x.info(n.core)
		if !c.expanded {
			x.prepare(n.core, c.at < 2*x.days)
		}
		if what := x.check(n); what != "" {
			return fail(n, what)
		}
		if c.at == x.last() {
			if what := x.end(n); what != "" {
				return fail(n, what)
			}
			return nil
		}
		next, bad := x.next(n, true)
		if bad != nil {
			return bad
		}
		n = next[0]
	}
}

// explore goes through all states within the bounds, breadth first, and gives the first
// violation that it meets: one with the shortest way to it.
func (r *modelRoom) explore(b modelBounds, p plant, workers int) (*explorer, *violation) {
	room, people := *r, *r.world
	room.world = &people
	x := &explorer{modelRoom: &room, modelBounds: b, plant: p, ids: map[[32]byte]int{}, nodes: map[string]*node{}, ends: map[string]bool{}}
	if b.hold {
		x.cfg.Canaries = 1
	}
	first := &node{core: x.intern(r.first())}
	x.nodes[first.key()] = first
	for level := []*node{first}; len(level) > 0; x.depth++ {
		x.prepareAll(level, workers)
		var later []*node
		for _, n := range level {
			if what := x.check(n); what != "" {
				return x, fail(n, what)
			}
			next, bad := x.next(n, false)
			if bad != nil {
				return x, bad
			}
			x.transitions += len(next)
			for _, m := range next {
				if key := m.key(); x.nodes[key] == nil {
					x.nodes[key] = m
					later = append(later, m)
				}
			}
			if x.info(n.core).at == 2*x.days-1 {
				off := n
				for range 2*siftOff - 1 {
					off = x.pass(off)
				}
				for _, n := range []*node{n, off} {
					if bad := x.finish(n); bad != nil {
						return x, bad
					}
				}
			}
		}
		level = later
	}
	return x, nil
}

func (x *explorer) prepareAll(level []*node, workers int) {
	todo := make(chan int, len(level))
	seen := map[int]bool{}
	for _, n := range level {
		if !seen[n.core] && !x.info(n.core).expanded {
			seen[n.core] = true
			todo <- n.core
		}
	}
	close(todo)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for id := range todo {
				x.prepare(id, true)
			}
		})
	}
	wg.Wait()
}
