package drop

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"kkachi/internal/cell"
)

func newSlow(t *testing.T, waits *[]time.Duration) *prefixes {
	t.Helper()
	p, err := newPrefixes(rand.Reader, func(_ context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// P9: a network that sends a hundred times as much waits, and is not refused; who comes from
// elsewhere doesn't wait, unless he shares its bucket.
func TestP9FloodSlowsItsOwnPrefix(t *testing.T) {
	var waits []time.Duration
	p := newSlow(t, &waits)
	now := cell.Day(20700).Time().Add(9 * time.Hour)
	for i := range 25600 {
		if !p.slow(t.Context(), fmt.Sprintf("192.0.2.%d:%d", i%250, 1024+i%60000), now) {
			t.Fatal("a cell of the flood was refused")
		}
	}
	if n := 25600 - PrefixBurst - 1; len(waits) < n || len(waits) > n+1 {
		t.Errorf("%d cells of the flood waited, not all after the first %d", len(waits), PrefixBurst)
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] < waits[i-1] || waits[i] > PrefixDelay*time.Second {
			t.Fatalf("the waits fall or have no end: %v after %v", waits[i], waits[i-1])
		}
	}
	waits = nil
	for i := range 200 {
		for range 2 {
			if !p.slow(t.Context(), fmt.Sprintf("198.51.%d.7:443", i), now) {
				t.Fatal("a visitor was refused")
			}
		}
	}
	if len(waits) > 6 { // two share the flood's bucket with probability 2/10⁴
		t.Errorf("%d cells of other networks waited", len(waits))
	}
	if p.slow(t.Context(), "192.0.2.1:5", now.Add(25600*interval)); len(waits) > 6 {
		t.Error("after the flood its network is slowed for ever")
	}
}

// At most PrefixWaiting cells of a bucket wait at once: a flood holds no more memory than that.
func TestP9WaitingIsBounded(t *testing.T) {
	entered, leave := make(chan bool, 4*PrefixWaiting), make(chan struct{})
	p, err := newPrefixes(rand.Reader, func(context.Context, time.Duration) error { entered <- true; <-leave; return nil })
	if err != nil {
		t.Fatal(err)
	}
	now := cell.Day(20700).Time()
	if err := p.turn(cell.DayOf(now)); err != nil {
		t.Fatal(err)
	}
	p.buckets[hash64(&p.secret, "192.0.2.1:1")%PrefixBuckets].due = now.Add(time.Hour)
	answers := make(chan bool, 4*PrefixWaiting)
	for range 4 * PrefixWaiting {
		go func() { answers <- p.slow(t.Context(), "192.0.2.1:1", now) }()
	}
	for range 3 * PrefixWaiting {
		if <-answers {
			t.Fatal("a cell went on without waiting")
		}
	}
	for range PrefixWaiting {
		<-entered
	}
	close(leave)
	for range PrefixWaiting {
		if !<-answers {
			t.Fatal("a cell that waited was refused")
		}
	}
	// Who goes while he waits leaves his place.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	p.sleep = pause
	for range 2 * PrefixWaiting {
		if p.slow(gone, "192.0.2.1:1", now) {
			t.Fatal("a cell whose sender is gone went on")
		}
	}
	p.sleep = func(context.Context, time.Duration) error { return nil }
	if !p.slow(t.Context(), "192.0.2.1:1", now) {
		t.Error("after many have gone away nobody may wait any more")
	}
}

// P7: what slows visitors forgets them: within minutes by itself, and with the day's secret.
func TestP7BucketsForget(t *testing.T) {
	var waits []time.Duration
	p := newSlow(t, &waits)
	now := cell.Day(20700).Time().Add(23 * time.Hour)
	left := func() (n int) {
		for _, b := range p.buckets {
			if !b.due.IsZero() {
				n++
			}
		}
		return n
	}
	for i := range 100 {
		p.slow(t.Context(), fmt.Sprintf("198.51.%d.7:443", i), now)
	}
	if left() < 90 {
		t.Fatal("the test is blind: no bucket is in use")
	}
	p.forget(now.Add(time.Minute))
	if n := left(); n > 0 {
		t.Errorf("%d buckets tell of a minute ago", n)
	}
	before, h := p.secret, hash64(&p.secret, "198.51.1.7:443")
	p.slow(t.Context(), "198.51.1.7:443", now.Add(2*time.Hour))
	if p.secret == before || hash64(&p.secret, "198.51.1.7:443") == h {
		t.Error("the secret outlived its day")
	}
	if n := p.sketch.estimate(); n != 1 {
		t.Errorf("the new day begins with %d prefixes", n)
	}
	if hash64(&before, "198.51.1.7:443") != hash64(&before, "198.51.1.99:80") || hash64(&before, "[2001:db8:1::1]:80") != hash64(&before, "[2001:db8:1:ff::2]:81") ||
		hash64(&before, "198.51.1.7:443") == hash64(&before, "198.51.2.7:443") || hash64(&before, "198.51.1.7:443") != hash64(&before, "[::ffff:198.51.1.7]:443") {
		t.Error("the prefixes are not /24 and /48")
	}
	// The host does both by itself, though no cell comes.
	clock := cell.Day(20701).Time().Add(time.Hour)
	host, err := New(t.Context(), Config{Store: put{}, Now: func() time.Time { return clock }, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	p = host.prefixes
	p.slow(t.Context(), "198.51.1.7:443", clock)
	clock = clock.Add(10 * time.Minute)
	_ = host.Tick(t.Context()) // what the store says is of no interest
	if left() > 0 {
		t.Error("nobody came for ten minutes, and a bucket tells of the last")
	}
	before = p.secret
	clock = clock.Add(24 * time.Hour)
	_ = host.Tick(t.Context())
	if p.secret == before {
		t.Error("nobody came, and the secret outlived its day")
	}
}

// P9: a network is slowed for no longer than a minute or so after its flood has ended, nor where the clock is put back.
func TestP9SlowingEnds(t *testing.T) {
	var waits []time.Duration
	p := newSlow(t, &waits)
	now := cell.Day(20700).Time().Add(9 * time.Hour)
	for i := range 100 * PrefixBurst {
		p.slow(t.Context(), "192.0.2.1:1", now.Add(time.Duration(i)*time.Millisecond))
	}
	now = now.Add(100 * PrefixBurst * time.Millisecond)
	for name, after := range map[string]time.Time{"after the flood": now.Add(PrefixBurst*interval + 2*PrefixDelay*time.Second), "with a clock that was put back": now.Add(-time.Hour)} {
		q := newSlow(t, &waits)
		q.secret, q.buckets, q.day = p.secret, p.buckets, p.day
		q.forget(after)
		for _, b := range q.buckets {
			if !b.due.IsZero() {
				t.Errorf("%s a bucket tells of it", name)
			}
		}
	}
	if waits = nil; !p.slow(t.Context(), "192.0.2.1:1", now.Add(-time.Hour)) || waits[0] > PrefixDelay*time.Second {
		t.Errorf("with a clock that was put back a cell waits for %v", waits)
	}
	waits = nil
	if p.slow(t.Context(), "192.0.2.1:1", now.Add((PrefixDelay+1)*time.Second)); len(waits) > 0 {
		t.Errorf("a cell waits for %v, long after the flood", waits)
	}
}

// Prefixes of a day's last minute count, and a cell that comes by a little late doesn't begin the day anew.
func TestCrowdOverMidnight(t *testing.T) {
	h, err := New(t.Context(), Config{Store: put{}, Now: func() time.Time { return cell.Day(20701).Time().Add(time.Hour) }, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	midnight := cell.Day(20701).Time()
	visit := func(from int, at time.Time) {
		h.prefixes.slow(t.Context(), fmt.Sprintf("198.51.%d.1:1", from), at)
		h.offer(cell.DayOf(at))
	}
	for i := range 100 {
		visit(i, midnight.Add(-time.Minute))
	}
	for i := range 40 {
		visit(100+i, midnight)
		visit(i, midnight.Add(-time.Nanosecond))
	}
	h.count()
	if n := h.crowds[20700].prefixes; n != 64 && n != 128 {
		t.Errorf("of 100 prefixes %d are told", n)
	}
	if n := h.crowds[20701].prefixes; n < 32 || n > 128 { // with those who were late
		t.Errorf("of the new day's prefixes %d are told", n)
	}
	before := h.prefixes.secret
	if err := h.prefixes.turn(20702); err != nil || h.prefixes.secret == before {
		t.Error("a day without a cell keeps the secret of the one before")
	}
}

// A host behind a proxy forgets old days too.
func TestCrowdIsForgotten(t *testing.T) {
	now := cell.Day(20700)
	h, err := New(t.Context(), Config{Store: put{}, Now: func() time.Time { return now.Time() }})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		h.offer(now)
		h.count()
		now++
	}
	if len(h.crowds) > UnreadDays+2 {
		t.Errorf("%d days are remembered", len(h.crowds))
	}
}

// The estimate is a power of two that is right to a factor of two, whatever the number.
func TestCrowdEstimate(t *testing.T) {
	for _, n := range []int{0, 1, 3, 100, 640, 1500, 50_000, 1_000_000} {
		var s sketch
		var secret [32]byte
		if _, err := rand.Read(secret[:]); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			addr := fmt.Sprintf("%d.%d.%d.1:80", 1+i>>16, i>>8&255, i&255)
			h := hash64(&secret, addr)
			s.add(h)
			s.add(h)
		}
		got := s.estimate()
		if got&(got-1) != 0 || float64(got) > 1.4*float64(n) || float64(got) < 0.4*float64(n) {
			t.Errorf("%d prefixes are estimated at %d", n, got)
		}
	}
}
