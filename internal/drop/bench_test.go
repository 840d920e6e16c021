package drop_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
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
	"kkachi/internal/store"
	"kkachi/internal/store/disk"
)

// BenchmarkDropShare measures durable cells a second over loopback HTTP as a share of what
// the same server answers without storing: of-limit 1 would be storage for nothing. Pairs
// alternate, and the median of five shares is reported.
func BenchmarkDropShare(b *testing.B) {
	for _, clients := range []int{64, 256} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { dropShare(b, clients) })
	}
}

const (
	benchPairs = 5
	benchCells = 20000 // of a run
)

func dropShare(b *testing.B, clients int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + disk.Waiters)) // as kkachi drop does
	d, err := disk.Open(b.TempDir(), disk.Options{Quota: benchCells + 1000, Rand: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	day := first
	clock := func() time.Time { return first.Time() }
	now, err := newNow(first, 0).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	if err := d.Switch(b.Context(), "now", uint64(first), now); err != nil {
		b.Fatal(err)
	}
	run := func(s store.Store) float64 {
		h, err := drop.New(b.Context(), drop.Config{Store: s, Now: clock})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- h.Serve(ctx, ln) }()
		rate := load(b, ln.Addr().String(), clients)
		cancel()
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		return rate
	}
	for b.Loop() {
		var shares, rates []float64
		for pair := range benchPairs {
			day++
			if err := d.OpenDay(b.Context(), day); err != nil {
				b.Fatal(err)
			}
			var durable, limit float64
			if pair%2 == 0 {
				durable, limit = run(onDay{d, day}), run(nowhere{d})
			} else {
				limit, durable = run(nowhere{d}), run(onDay{d, day})
			}
			shares, rates = append(shares, durable/limit), append(rates, durable)
			if err := d.CloseDay(b.Context(), day); err != nil {
				b.Fatal(err)
			}
			if err := d.AckDay(b.Context(), day); err != nil {
				b.Fatal(err)
			}
		}
		slices.Sort(shares)
		slices.Sort(rates)
		b.ReportMetric(shares[benchPairs/2], "of-limit")
		b.ReportMetric(rates[benchPairs/2], "cells/s")
	}
}

// onDay puts each cell on a day of the benchmark's own, so that each run begins empty.
type onDay struct {
	store.Store
	day cell.Day
}

func (o onDay) PutCell(ctx context.Context, _ cell.Day, c *cell.Cell) error {
	return o.Store.PutCell(ctx, o.day, c)
}

// nowhere answers for cells without keeping them.
type nowhere struct{ store.Store }

func (nowhere) PutCell(context.Context, cell.Day, *cell.Cell) error { return nil }

// load posts benchCells cells over as many connections as there are clients, and gives the
// cells answered 204 a second.
func load(b *testing.B, addr string, clients int) float64 {
	var left atomic.Int64
	left.Store(benchCells)
	request := append([]byte("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n"), newCell(first)[:]...)
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			for left.Add(-1) >= 0 {
				if _, err := conn.Write(request); err != nil {
					b.Error(err)
					return
				}
				status, err := r.ReadString('\n')
				if err != nil || !strings.Contains(status, " 204 ") {
					b.Errorf("answer %q, %v", status, err)
					return
				}
				for line := ""; line != "\r\n"; {
					if line, err = r.ReadString('\n'); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	return benchCells / time.Since(begin).Seconds()
}
