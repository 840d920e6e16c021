package drop_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/cell"
)

// chiSquare of counts that should be equal.
func chiSquare(counts []int) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	expect, sum := float64(n)/float64(len(counts)), 0.0
	for _, c := range counts {
		sum += (float64(c) - expect) * (float64(c) - expect) / expect
	}
	return sum
}

// The chi-square value that 63 degrees of freedom exceed once in a million times.
const limit63 = 126.0

// P7: at whichever place of the day a cell comes, each place in the day's file is equally
// likely, by the whole way through the host; and which of two neighbours came first can't be
// told. Arrivals are permuted: the senders come in another order on each day.
func TestP7OrderWithinADayIsLost(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	const days, cells = 240, 16 // of 64 places
	place := [4][]int{}         // counts of places, by quarter of the arrivals
	for q := range place {
		place[q] = make([]int, 64)
	}
	before := 0 // how often the earlier of two neighbours stands before the later
	for d := range cell.Day(days) {
		day := first + d
		s.set(day.Time().Add(time.Hour))
		s.must(s.sift.PutNow(ctx, newNow(day, 0)))
		order := map[[32]byte]int{}
		for n := range cells {
			c := newCell(day)
			order[c.ReplayKey()] = n
			s.must(s.anyone.PostCell(ctx, c))
		}
		data, err := os.ReadFile(filepath.Join(s.dir, "days", itoa(day)+".open"))
		s.must(err)
		at := make([]int, cells)
		for slot := range 64 {
			c := (*cell.Cell)(data[slot*cell.Size:])
			if n, ok := order[c.ReplayKey()]; ok {
				at[n] = slot
				place[n/4][slot]++
			}
		}
		for n := 1; n < cells; n++ {
			if at[n-1] < at[n] {
				before++
			}
		}
	}
	for q, counts := range place {
		if x := chiSquare(counts); x > limit63 {
			t.Errorf("quarter %d of a day's arrivals: chi-square %.1f over %d: places %v", q, x, int(limit63), counts)
		}
	}
	// Rises of a random order: mean pairs/2, variance about pairs/12 a pair of neighbours.
	pairs := float64(days * (cells - 1))
	if off := float64(before) - pairs/2; off*off > 25*pairs/4 {
		t.Errorf("of %v neighbours the earlier stands first %d times", pairs, before)
	}
	// The test can fail: the same counts for places given one after another.
	inOrder := make([]int, 64)
	for range days {
		for n := range 4 {
			inOrder[n]++
		}
	}
	if chiSquare(inOrder) <= limit63 {
		t.Error("chi-square takes places in order of arrival for random ones")
	}
}

// P7: no header of any answer tells a time, or what serves.
func TestP7NoTimeInHeaders(t *testing.T) {
	s := play(t)
	s.must(s.sift.PutNow(t.Context(), newNow(first, 0)))
	s.must(s.publish(1, map[string]string{"index.html": strings.Repeat("front ", 200), "ko/index.html": "앞"}))
	body := string(newCell(first)[:])
	for _, request := range []string{
		"GET / HTTP/1.1\r\n", "HEAD / HTTP/1.1\r\n", "GET /ko HTTP/1.1\r\n", "GET /none HTTP/1.1\r\n", "GET /d HTTP/1.1\r\n", "GET /r HTTP/1.1\r\n",
		"PUT / HTTP/1.1\r\n", "GET /c HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "GET / HTTP/1.1\r\nRange: bytes=900-\r\n",
		"GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\n",
		"GET / HTTP/1.1\r\nRange: bytes=0-1,3-4\r\n", "GET / HTTP/1.1\r\nIf-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT\r\n",
		"POST /c HTTP/1.1\r\nContent-Length: 4096\r\n", "POST /c HTTP/1.1\r\nContent-Length: 4095\r\n",
		"GET /s/days HTTP/1.1\r\nAuthorization: Bearer " + s.tokens["sift"] + "\r\n", "GET / HTTP/2.0\r\n", "nonsense\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		s.must(err)
		_, err = io.WriteString(conn, request+"Host: x\r\nConnection: close\r\n\r\n"+body)
		s.must(err)
		_ = conn.(*net.TCPConn).CloseWrite() // it may be answered and closed already
		r := bufio.NewReader(conn)
		lines, packed := 0, false
		for {
			line, err := r.ReadString('\n')
			if err != nil || line == "\r\n" {
				break
			}
			lines++
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			packed = packed || name == "content-encoding"
			switch name {
			case "date", "last-modified", "expires", "age", "server", "via", "x-powered-by", "set-cookie":
				t.Errorf("%q is answered with %q", request, line)
			}
			if strings.Contains(line, "GMT") {
				t.Errorf("%q is answered with a time: %q", request, line)
			}
		}
		if packed != strings.Contains(request, "gzip") {
			t.Errorf("%q is answered in gzip: %v", request, packed)
		}
		if packed { // nor does the stream's own header
			var head [10]byte
			if _, err := io.ReadFull(r, head[:]); err != nil || head[3] != 0 || binary.LittleEndian.Uint32(head[4:8]) != 0 {
				t.Errorf("a file in gzip begins with %x, which tells a time or a name (%v)", head, err)
			}
		}
		if lines == 0 {
			t.Errorf("%q has no answer", request)
		}
		_ = conn.Close()
	}
}
