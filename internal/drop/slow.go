package drop

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"kkachi/internal/cell"
)

// Slowing by network prefix (spec/05-host.md, section 10).
const (
	PrefixBits4   = 24    // of an IPv4 address
	PrefixBits6   = 48    // of an IPv6 address
	PrefixBuckets = 16384 // among which prefixes are spread
	PrefixBurst   = 256   // cells of a bucket that nobody slows
	PrefixRate    = 4     // cells a second of a bucket, after that
	PrefixDelay   = 10    // seconds that a cell waits at most
	PrefixWaiting = 256   // cells of a bucket that wait at once, as many as its connections; more are 503
	PrefixConns   = 256   // connections of a bucket at once; more are closed
)

const interval = time.Second / PrefixRate

// Prefixes slows networks that send too much. It never holds an address: only buckets, to
// which a secret of the day leads, and which forget within a minute or so. Two networks that
// share a bucket share its rate.
type prefixes struct {
	rand  io.Reader
	sleep func(context.Context, time.Duration) error

	mu      sync.Mutex // guards all below
	day     cell.Day
	secret  [32]byte
	buckets [PrefixBuckets]bucket
	sketch  sketch
	former  tally // of the day before, once the present one has begun
}

// A tally is the estimate of a day's prefixes.
type tally struct {
	day cell.Day
	n   uint64
}

// A bucket says when all its cells would have come at the allowed rate.
type bucket struct {
	due     time.Time
	waiting int
	conns   int // lives on over midnight: connections do
}

func newPrefixes(rand io.Reader, sleep func(context.Context, time.Duration) error) (*prefixes, error) {
	p := &prefixes{rand: rand, sleep: sleep}
	if p.sleep == nil {
		p.sleep = pause
	}
	if _, err := io.ReadFull(rand, p.secret[:]); err != nil {
		return nil, fmt.Errorf("drop: randomness: %w", err)
	}
	return p, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// hash64 leads from an address to 64 bits that nobody without the secret can lead back.
func hash64(secret *[32]byte, addr string) uint64 {
	var b [32 + 16 + 1]byte
	copy(b[:], secret[:])
	if at, err := netip.ParseAddrPort(addr); err == nil {
		ip := at.Addr().Unmap()
		size := PrefixBits6
		if ip.Is4() {
			size = PrefixBits4
		}
		if prefix, err := ip.WithZone("").Prefix(size); err == nil {
			raw := prefix.Addr().As16()
			copy(b[32:], raw[:])
			b[48] = byte(size)
		}
	}
	sum := sha256.Sum256(b[:])
	return binary.BigEndian.Uint64(sum[:])
}

// turn takes the day's secret and forgets what the former day knew, but for its estimate. A cell that
// looked at the clock before midnight, and comes here after another one, doesn't turn it back.
func (p *prefixes) turn(day cell.Day) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.day == day || p.day == day+1 {
		return nil
	}
	var secret [32]byte
	if _, err := io.ReadFull(p.rand, secret[:]); err != nil {
		return fmt.Errorf("drop: randomness: %w", err)
	}
	p.former = tally{p.day, p.sketch.estimate()}
	p.day, p.secret, p.sketch = day, secret, sketch{}
	for i := range p.buckets {
		p.buckets[i].due = time.Time{}
	}
	return nil
}

// tallies are the estimates of the present day and of the one before.
func (p *prefixes) tallies() [2]tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	return [2]tally{p.former, {p.day, p.sketch.estimate()}}
}

// latest is the last moment at which a bucket can be due: nobody waits for longer than PrefixDelay,
// however long a flood has lasted, and though the clock was put back.
func latest(now time.Time) time.Time { return now.Add(PrefixBurst*interval + PrefixDelay*time.Second) }

// forget empties the buckets that slow nobody any more, so that they don't tell when
// somebody was here last.
func (p *prefixes) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.buckets {
		if b := &p.buckets[i]; b.due.Before(now) || b.due.After(latest(now)) {
			b.due = time.Time{}
		}
	}
}

// slow waits as long as a cell from addr has to, and says whether it may go on.
func (p *prefixes) slow(ctx context.Context, addr string, now time.Time) bool {
	if p.turn(cell.DayOf(now)) != nil {
		return false
	}
	p.mu.Lock()
	h := hash64(&p.secret, addr)
	p.sketch.add(h)
	b := &p.buckets[h%PrefixBuckets]
	if b.due.Before(now) {
		b.due = now
	}
	if last := latest(now); b.due.After(last) {
		b.due = last
	}
	wait := b.due.Sub(now) - PrefixBurst*interval
	if wait <= 0 {
		b.due = b.due.Add(interval)
		p.mu.Unlock()
		return true
	}
	if b.waiting >= PrefixWaiting {
		p.mu.Unlock()
		return false
	}
	b.waiting++
	b.due = b.due.Add(interval)
	p.mu.Unlock()
	err := p.sleep(ctx, wait)
	p.mu.Lock()
	b.waiting--
	p.mu.Unlock()
	return err == nil
}

// A fairListener closes connections of a bucket that has too many, so that one network can't
// take all the room there is. It has a secret of its own, since connections stand over midnight.
type fairListener struct {
	net.Listener
	p      *prefixes
	secret [32]byte
}

func (p *prefixes) listener(ln net.Listener) (net.Listener, error) {
	l := &fairListener{Listener: ln, p: p}
	if _, err := io.ReadFull(p.rand, l.secret[:]); err != nil {
		return nil, fmt.Errorf("drop: randomness: %w", err)
	}
	return l, nil
}

// Accept implements net.Listener.
func (l *fairListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		b := &l.p.buckets[hash64(&l.secret, conn.RemoteAddr().String())%PrefixBuckets]
		l.p.mu.Lock()
		ok := b.conns < PrefixConns
		if ok {
			b.conns++
		}
		l.p.mu.Unlock()
		if ok {
			return &fairConn{Conn: conn, leave: sync.OnceFunc(func() {
				l.p.mu.Lock()
				b.conns--
				l.p.mu.Unlock()
			})}, nil
		}
		_ = conn.Close() // there is nobody to tell
	}
}

type fairConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *fairConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
