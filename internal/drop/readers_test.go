package drop_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kkachi/internal/cell"
)

// BenchmarkReaders is the load of readers with cover, over real connections to the real handler and
// a store on disk: so many views a second, each of which fetches a page and sends two cells, t1 =
// U[1,5] s after it began and U[2,8] s after that, whether those before are answered or not. Two of five
// views begin a document, which has a network and a connection of its own and fetches notes
// and bulletin once. It prints what was offered, accepted and lost, and how long answers
// took; each cell that was answered with 204 must stand once in the closed day (P8).
func BenchmarkReaders(b *testing.B) {
	for _, views := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("views=%d", views), func(b *testing.B) {
			for b.Loop() {
				loadOf(b, views, 20*time.Second, 1).report(b)
			}
		})
	}
}

// TestReadersLoseNothing is a moment of the same load, with the waits of a view cut short.
func TestReadersLoseNothing(t *testing.T) {
	c := loadOf(t, 50, time.Second, 50)
	if c.offered < 80 || c.accepted != c.offered || c.pagesLost > 0 {
		t.Errorf("%d cells offered, %d accepted, %d pages lost", c.offered, c.accepted, c.pagesLost)
	}
}

// A crowd is readers and what became of what they sent.
type crowd struct {
	addr   string
	hurry  float64 // waits of a view are that many times shorter
	wg     sync.WaitGroup
	serial atomic.Int64 // of documents
	open   atomic.Int64 // connections

	mu                 sync.Mutex
	idle               []*document // oldest first
	offered, accepted  int
	refused, lost      int // answered otherwise; not answered
	pages, pagesLost   int
	most               int64 // connections at once
	cellTook, pageTook []time.Duration
	kept               map[[32]byte]bool // answered with 204
}

// A document is what a reader has open: one connection, one request at a time.
type document struct {
	*visitor
	again func() (*visitor, error) // connects anew, from the same address
	used  bool                     // a request was answered
	mu    sync.Mutex
	since time.Time // last used
	views int       // that are still sending
}

// ask sends a request and reads the whole answer. If the connection was used before and ends
// without a byte of an answer, the host has let it go meanwhile: it connects anew and asks
// once more, as a browser does.
func (d *document) ask(method, path string, body []byte) (status int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if status, err = d.once(method, path, body); err == nil || !d.used || d.r.Buffered() > 0 {
		return status, err
	}
	_ = d.conn.Close()
	if d.visitor, err = d.again(); err != nil {
		return 0, err
	}
	d.used = false
	return d.once(method, path, body)
}

func (d *document) once(method, path string, body []byte) (status int, err error) {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n", method, path)
	if body != nil {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	if _, err := d.conn.Write(append([]byte(head+"\r\n"), body...)); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(d.r, &http.Request{Method: method})
	if err != nil {
		return 0, err
	}
	d.used = true
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, errors.Join(err, res.Body.Close())
}

// loadOf plays so many views a second for a while, and waits until the last has sent its cells.
func loadOf(b testing.TB, views int, during time.Duration, hurry float64) *crowd {
	var waits atomic.Int64
	store, addr := bigHost(b, int(2*during.Seconds()*float64(views))+1000, 10*time.Second, &waits)
	c := &crowd{addr: addr, hurry: hurry, kept: map[[32]byte]bool{}}
	begin := time.Now()
	for n := 0; ; n++ {
		at := begin.Add(time.Duration(n) * time.Second / time.Duration(views))
		if at.Sub(begin) >= during {
			break
		}
		time.Sleep(time.Until(at))
		c.wg.Go(c.view)
	}
	c.wg.Wait()
	for _, d := range c.idle {
		_ = d.conn.Close()
	}
	if err := store.CloseDay(b.Context(), first); err != nil {
		b.Fatal(err)
	}
	if err := store.ReadDay(b.Context(), first, func(x *cell.Cell) error {
		sum := sha256.Sum256(x[:])
		if !c.kept[sum] && c.lost == 0 { // what was not answered may stand
			return errors.New("a cell stands twice, or nobody sent it")
		}
		delete(c.kept, sum)
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if len(c.kept) > 0 {
		b.Errorf("%d cells were answered with 204 and do not stand", len(c.kept))
	}
	return c
}

// view is one page load or soft navigation.
func (c *crowd) view() {
	d, fresh := c.document()
	if d == nil {
		return
	}
	paths := []string{"/"}
	if fresh {
		paths = append(paths, "/d", "/r")
	}
	for _, path := range paths {
		begin := time.Now()
		status, err := d.ask("GET", path, nil)
		c.mu.Lock()
		if c.pages++; err != nil || status != 200 {
			c.pagesLost++
		}
		c.pageTook = append(c.pageTook, time.Since(begin))
		c.mu.Unlock()
	}
	first, then := 1+4*rand.Float64(), 2+6*rand.Float64()
	for _, wait := range []float64{first, then} {
		time.Sleep(time.Duration(wait / c.hurry * float64(time.Second)))
		c.send(d)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.views--; d.views == 0 {
		d.since = time.Now()
		c.idle = append(c.idle, d)
	}
}

func (c *crowd) send(d *document) {
	x := newCell(first)
	begin := time.Now()
	status, err := d.ask("POST", "/c", x[:])
	took := time.Since(begin)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cellTook = append(c.cellTook, took)
	switch c.offered++; {
	case err != nil:
		c.lost++
	case status != 204:
		c.refused++
	default:
		c.accepted++
		c.kept[sha256.Sum256(x[:])] = true
	}
}

// document takes one that is open, or opens one; those that nobody used for ten seconds are closed.
func (c *crowd) document() (d *document, fresh bool) {
	c.mu.Lock()
	for len(c.idle) > 0 && time.Since(c.idle[0].since) > 10*time.Second {
		_ = c.idle[0].conn.Close()
		c.open.Add(-1)
		c.idle = c.idle[1:]
	}
	if len(c.idle) > 0 && rand.Float64() < 0.6 {
		d = c.idle[len(c.idle)-1]
		c.idle = c.idle[:len(c.idle)-1]
		d.views++
		c.mu.Unlock()
		return d, false
	}
	c.mu.Unlock()
	n := int(c.serial.Add(1))
	again := func() (*visitor, error) { return visit(10+n/250%200, n%250, c.addr) }
	v, err := again()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.pages, c.pagesLost = c.pages+1, c.pagesLost+1
		c.offered, c.lost = c.offered+2, c.lost+2
		return nil, false
	}
	c.most = max(c.most, c.open.Add(1))
	return &document{visitor: v, again: again, views: 1}, true
}

func (c *crowd) report(b *testing.B) {
	for name, list := range map[string][]time.Duration{"cell": c.cellTook, "page": c.pageTook} {
		slices.Sort(list)
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(list[(len(list)-1)*p/100].Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, p))
		}
	}
	for name, n := range map[string]int{
		"offered": c.offered, "accepted": c.accepted, "refused": c.refused, "lost": c.lost, "pages": c.pages, "pages-lost": c.pagesLost, "connections": int(c.most),
	} {
		b.ReportMetric(float64(n), name)
	}
	b.ReportMetric(0, "ns/op")
}
