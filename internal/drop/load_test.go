package drop_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/drop"
	"kkachi/internal/store/disk"
)

// bigHost is a host with room for quota cells that slows by prefix, its waits cut to at most pause. Its
// site is one page of 28 KB.
func bigHost(t testing.TB, quota int, pause time.Duration, waits *atomic.Int64) (*disk.Store, string) {
	t.Helper()
	d, err := disk.Open(t.TempDir(), disk.Options{Quota: quota, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	now, err := newNow(first, 0).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Switch(t.Context(), "now", uint64(first), now); err != nil {
		t.Fatal(err)
	}
	page := strings.Repeat("a page of the site ", 1500)
	digest := fmt.Sprintf("site/%x", sha256.Sum256([]byte(page)))
	if err := errors.Join(d.PutObject(t.Context(), digest, []byte(page)), d.Switch(t.Context(), "site", 1, manifest(1, map[string]string{"index.html": page}))); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	h, err := drop.New(t.Context(), drop.Config{
		Store: d, Rand: rand.Reader,
		Now: func() time.Time { return first.Time().Add(time.Hour + time.Since(begin)) },
		Sleep: func(ctx context.Context, d time.Duration) error {
			waits.Add(1)
			timer := time.NewTimer(min(d, pause))
			defer timer.Stop()
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-timer.C:
				return nil
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, serve(t, h)
}

// A visitor is a connection from an address of its own.
type visitor struct {
	conn net.Conn
	r    *bufio.Reader
}

// visit connects from 127.a.b.1, its own network of 256 addresses.
func visit(a, b int, addr string) (*visitor, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(a), byte(b), 1)}}
	conn, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &visitor{conn, bufio.NewReader(conn)}, nil
}

// post sends a cell and gives the status of its answer, such as "204".
func (v *visitor) post(c *cell.Cell) (string, error) {
	if _, err := v.conn.Write(append([]byte("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n"), c[:]...)); err != nil {
		return "", err
	}
	status, err := v.r.ReadString('\n')
	if err != nil || len(status) < 12 {
		return "", fmt.Errorf("answer %q: %w", status, err)
	}
	for line := ""; line != "\r\n"; {
		if line, err = v.r.ReadString('\n'); err != nil {
			return "", err
		}
	}
	return status[9:12], nil
}

// P8: cells of 256 networks at once are all answered for, and each stands once.
func TestP8CellsOf256Networks(t *testing.T) {
	const clients = 256
	cells := 20000
	if testing.Short() {
		cells = 2000
	}
	var waits atomic.Int64
	d, addr := bigHost(t, cells+100, time.Millisecond, &waits)
	var left atomic.Int64
	left.Store(int64(cells))
	sent := make([]map[cell.Cell]bool, clients)
	var wg sync.WaitGroup
	for i := range clients {
		sent[i] = map[cell.Cell]bool{}
		wg.Go(func() {
			v, err := visit(1+i/200, i%200, addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer v.conn.Close()
			for left.Add(-1) >= 0 {
				c := newCell(first)
				sent[i][*c] = true
				if status, err := v.post(c); err != nil || status != "204" {
					t.Errorf("client %d: %s, %v", i, status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	ctx := t.Context()
	if err := d.CloseDay(ctx, first); err != nil {
		t.Fatal(err)
	}
	all := map[cell.Cell]bool{}
	for _, m := range sent {
		for c := range m {
			all[c] = true
		}
	}
	if err := d.ReadDay(ctx, first, func(c *cell.Cell) error {
		if !all[*c] {
			t.Error("a cell stands twice, or nobody sent it")
		}
		delete(all, *c)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) > 0 {
		t.Errorf("%d cells of %d that were sent don't stand in the day", len(all), cells)
	}
	t.Logf("%d cells of %d networks, %d waited", cells, clients, waits.Load())
}

// others posts 20 cells each from 40 networks, and gives the 99th percentile of the times.
func others(t testing.TB, addr string) time.Duration {
	t.Helper()
	return paced(t, addr, func(int64) {})
}

// paced is others, each of whose cells waits for its turn first: the nth of a network until wait
// returns.
func paced(t testing.TB, addr string, wait func(n int64)) time.Duration {
	t.Helper()
	return networks(t, func(i int, sent func(begun time.Time, status string, err error) bool) {
		v, err := visit(3, i, addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer v.conn.Close()
		for n := range networkCells {
			wait(n)
			begun := time.Now()
			if status, err := v.post(newCell(first)); !sent(begun, status, err) {
				return
			}
		}
	})
}

// So many others send so many cells each.
const (
	networkCount = 40
	networkCells = int64(20)
)

// networks lets as many networks do what each does, at once, and gives the 99th percentile of the
// times of the cells that it says were sent. sent says whether it may go on.
func networks(t testing.TB, each func(i int, sent func(begun time.Time, status string, err error) bool)) time.Duration {
	t.Helper()
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	for i := range networkCount {
		wg.Go(func() {
			each(i, func(begun time.Time, status string, err error) bool {
				if err != nil || status != "204" {
					t.Errorf("a visitor's cell: %s, %v", status, err)
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(begun))
				return true
			})
		})
	}
	wg.Wait()
	slices.Sort(took)
	if len(took) == 0 {
		return 0
	}
	return took[len(took)*99/100]
}

// P9: one network that floods the host waits; the cells of others are all kept, at once.
func TestP9FloodHarmsNobodyElse(t *testing.T) {
	var waits atomic.Int64
	_, addr := bigHost(t, 1<<15, drop.PrefixDelay*time.Second, &waits)
	alone := others(t, addr)
	if waits.Load() > 0 {
		t.Errorf("%d cells waited without a flood", waits.Load())
	}
	var stop atomic.Bool
	var kept, refused atomic.Int64
	var wg sync.WaitGroup
	var flood []net.Conn
	for range 100 {
		v, err := visit(200, 1, addr)
		if err != nil {
			t.Fatal(err)
		}
		flood = append(flood, v.conn)
		wg.Go(func() {
			for !stop.Load() {
				switch status, err := v.post(newCell(first)); {
				case err != nil:
					if !stop.Load() {
						t.Error(err)
					}
					return
				case status == "204":
					kept.Add(1)
				default:
					refused.Add(1)
				}
			}
		})
	}
	for kept.Load() < drop.PrefixBurst { // the flood is on
		runtime.Gosched()
	}
	amid := others(t, addr)
	stop.Store(true)
	for _, conn := range flood {
		_ = conn.Close()
	}
	wg.Wait()
	if refused.Load() > 0 {
		t.Errorf("%d cells of the flood were refused, not slowed", refused.Load())
	}
	if waits.Load() == 0 || kept.Load() > drop.PrefixBurst+waits.Load()+drop.PrefixRate*60 {
		t.Errorf("of the flood %d cells were kept, and %d had waited", kept.Load(), waits.Load())
	}
	t.Logf("others' 99th percentile: %v alone, %v amid a flood of which %d cells were kept and %d waited", alone, amid, kept.Load(), waits.Load())
}

// What a network sends in normal times is a cell each normalPause; a flood is floodTimes as many
// from one network.
const (
	normalPause = 25 * time.Millisecond
	floodTimes  = 100
)

// normally lets 40 networks send 20 cells each at their pace, the nth when ready says so, and
// gives the 99th percentile of the times.
func normally(t *testing.T, addr string, ready func(n int64) bool) time.Duration {
	t.Helper()
	return paced(t, addr, func(n int64) {
		for time.Sleep(normalPause); !ready(n); {
			time.Sleep(normalPause / 10)
		}
	})
}

// P9: one network sends a hundred times as much as each other one, and waits for no answer. It is
// slowed: what is kept of it is its burst and its rate. The cells of the others are all kept.
func TestP9HundredfoldFlood(t *testing.T) {
	var waits, flooded atomic.Int64
	d, addr := bigHost(t, 1<<15, drop.PrefixDelay*time.Second, &waits)
	alone := normally(t, addr, func(int64) bool { return true })
	begun := time.Now()
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range floodTimes {
		wg.Go(func() {
			for !stop.Load() {
				v, err := visit(200, 1, addr)
				if err != nil {
					t.Error(err)
					return
				}
				c := newCell(first)
				if _, err = v.conn.Write(append([]byte("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n"), c[:]...)); err == nil {
					flooded.Add(1)
				}
				time.Sleep(normalPause)
				_ = v.conn.(*net.TCPConn).SetLinger(0) // gone, without a word
				_ = v.conn.Close()
			}
		})
	}
	for waits.Load() == 0 { // the flood is on
		runtime.Gosched()
	}
	from := flooded.Load()
	amid := normally(t, addr, func(n int64) bool { return flooded.Load()-from >= floodTimes*n })
	sent, lasted := flooded.Load(), time.Since(begun)
	stop.Store(true)
	wg.Wait()
	if err := d.CloseDay(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	kept := -2 * networkCount * int(networkCells) // of the others
	if err := d.ReadDay(t.Context(), first, func(*cell.Cell) error { kept++; return nil }); err != nil {
		t.Fatal(err)
	}
	if most := drop.PrefixBurst + drop.PrefixRate*int(time.Since(begun).Seconds()+1); kept < 1 || kept > most {
		t.Errorf("of %d cells of the flood %d were kept, and %d are the most", sent, kept, most)
	}
	t.Logf("others' 99th percentile: %v alone, %v (%.2f times that) amid a flood of %d cells in %v, of which %d were kept",
		alone, amid, amid.Seconds()/alone.Seconds(), sent, lasted.Round(time.Millisecond), kept)
}

// newcomers posts 20 cells each from 40 networks, each over a connection of its own, and gives the
// 99th percentile of the times.
func newcomers(t *testing.T, addr string) time.Duration {
	t.Helper()
	return networks(t, func(i int, sent func(begun time.Time, status string, err error) bool) {
		for range networkCells {
			begun := time.Now()
			v, err := visit(3, i, addr)
			if err != nil {
				t.Error(err)
				return
			}
			status, err := v.post(newCell(first))
			_ = v.conn.Close()
			if !sent(begun, status, err) {
				return
			}
		}
	})
}

// P9: a host whose every place is taken by requests that never become whole, from many networks,
// goes on for others, and its memory is flat: as many again, and again, take no more of it.
func TestP9HostFullOfHalfRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of connections")
	}
	var waits atomic.Int64
	_, addr := bigHost(t, 4096, time.Millisecond, &waits)
	newcomers(t, addr)
	halves := []string{
		"GET / HTTP/1.1\r\nHos", "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\nx", "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nx",
		"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nx", "GET /d HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
	}
	var heaps []int64
	for round := range 3 {
		var bad []net.Conn
		for i := range drop.MaxConns + 200 {
			v, err := visit(130+round, i%20, addr)
			if err != nil {
				t.Fatal(err)
			}
			bad = append(bad, v.conn)
			_, _ = io.WriteString(v.conn, halves[i%len(halves)]) // it may be ended already
		}
		amid := newcomers(t, addr)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heaps = append(heaps, int64(m.HeapAlloc+m.StackInuse))
		t.Logf("round %d: %d connections, newcomers' 99th percentile %v, %d MiB", round, len(bad), amid, heaps[round]>>20)
		for _, conn := range bad {
			_ = conn.Close()
		}
	}
	if grown := heaps[2] - heaps[0]; grown > 8<<20 {
		t.Errorf("memory grows by %d MiB as connections come and go", grown>>20)
	}
}

// P9: connections that send a byte now and then, too much, in chunks, or nothing any more hold
// no memory to speak of, and harm nobody; one network has only so many of them.
func TestP9BadConnections(t *testing.T) {
	var waits atomic.Int64
	_, addr := bigHost(t, 4096, time.Millisecond, &waits)
	others(t, addr)
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var bad []net.Conn
	for i := range 1200 {
		v, err := visit(100+i%6, 1, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer v.conn.Close()
		bad = append(bad, v.conn)
		switch i % 6 {
		case 0:
			_, err = io.WriteString(v.conn, "POST /c HTTP/1.1\r\nHos") // and no more
		case 1:
			_, err = io.WriteString(v.conn, "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\nx") // and no more
		case 2:
			_, err = io.WriteString(v.conn, "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n"+strings.Repeat("x", 10000))
		case 3:
			_, err = io.WriteString(v.conn, "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n"+strings.Repeat("x", 10000))
		case 4:
			if _, err = io.WriteString(v.conn, "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\nxy"); err == nil {
				err = v.conn.(*net.TCPConn).CloseWrite()
			}
		case 5:
			_, err = io.WriteString(v.conn, "GET /d HTTP/1.1\r\nX: "+strings.Repeat("x", 7000))
		}
		if err != nil {
			t.Logf("connection %d was ended: %v", i, err) // it may be answered already
		}
	}
	amid := others(t, addr)
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("%d bad connections hold %d MiB", len(bad), grown>>20)
	}
	t.Logf("others' 99th percentile amid %d bad connections: %v", len(bad), amid)
	ended := 0
	for range drop.PrefixConns + 40 {
		v, err := visit(120, 1, addr)
		if err != nil {
			t.Fatal(err)
		}
		defer v.conn.Close()
		if status, err := v.post(newCell(first)); err != nil {
			ended++ // the connections before it stand idle
		} else if status != "204" {
			t.Error(status)
		}
	}
	if ended < 40 || ended > 240 { // 40, unless it shares its bucket with one of the bad networks
		t.Errorf("%d connections over those of a network were closed, not 40", ended)
	}
	others(t, addr)
}
