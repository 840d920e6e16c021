package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"kkachi/internal/lab/figure"
	"kkachi/internal/lab/observer"
)

// costDir names the environment variable with the folder whose cost.md is written anew.
const costDir = "KKACHI_COST"

// costRounds is how often each figure is measured, with the script and without in turn.
const costRounds = 7

// A throttle is the telephone that stands for a reader's: what it is slower by, and its network.
var throttle = struct {
	cpu           float64
	latency       float64 // ms
	down, up      float64 // bytes a second
	width, height int64
}{6, 150, 1.6e6 / 8, 0.75e6 / 8, 360, 760}

// A price is one thing measured: of the site without the script, and with it.
type price struct {
	name, unit    string
	without, with []float64
}

// middle is the median of what was measured.
func middle(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

func (f *price) row() string {
	a, b := middle(f.without), middle(f.with)
	ratio := "–"
	if a > 0 {
		ratio = fmt.Sprintf("%.2f", b/a)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", f.name, number(a, f.unit), number(b, f.unit), ratio)
}

func number(n float64, unit string) string {
	if unit == "" || unit == "ms" || n >= 100 {
		return strings.TrimSpace(fmt.Sprintf("%.0f %s", n, unit))
	}
	return fmt.Sprintf("%.1f %s", n, unit)
}

// A measuring is one site, reached over TLS through a wire that counts, in a browser.
type measuring struct {
	t       *testing.T
	browser context.Context
	r       *ring
	w       *wire
	with    bool
}

func newMeasuring(t *testing.T, with bool) *measuring {
	t.Helper()
	m := &measuring{t: t, with: with, browser: startChromium(t, trusted(t))}
	if with {
		m.r = pageSite(t, nil)
	} else {
		m.r = pageSite(t, fstest.MapFS{}) // press prints no script where there is no bundle
	}
	m.w = newWire(t, m.r.listen)
	if err := chromedp.Do(m.browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return m
}

// trusted makes a browser believe the certificate of test servers: where it only ignores errors, it keeps nothing
// in its cache, and each worker fetches the script once more.
func trusted(t *testing.T) chromedp.ExecAllocatorOption {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	return chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(sum[:]))
}

// paints writes down paints and long tasks from a document's beginning.
const paints = `;(() => { window.long = 0; window.painted = 0;
	new PerformanceObserver((l) => l.getEntries().forEach((e) => (long += Math.max(0, e.duration - 50)))).observe({ type: "longtask", buffered: true });
	new PerformanceObserver((l) => l.getEntries().forEach((e) => (painted = e.startTime))).observe({ type: "largest-contentful-paint", buffered: true }); })()`

// tab is a new tab without a cache: a telephone's, or as fast as the machine.
func (m *measuring) tab(slow bool) (context.Context, context.CancelFunc) {
	t := m.t
	t.Helper()
	ctx, cancel := chromedp.NewContext(m.browser)
	before, err := os.ReadFile(filepath.Join(pageTests, "before.js"))
	if err != nil {
		t.Fatal(err)
	}
	calls := []error{chromedp.Do(ctx, chromedp.EmulateViewport(throttle.width, throttle.height))}
	note := func(_ any, err error) { calls = append(calls, err) }
	note(chromedp.Call(ctx, performance.Enable, performance.EnableParams{TimeDomain: "threadTicks"}))
	note(chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{}))
	note(chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: string(before) + "(" + m.r.settings(0, false) + ")" + paints}))
	if slow {
		note(chromedp.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: throttle.cpu}))
		note(chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: throttle.latency, DownloadThroughput: throttle.down, UploadThroughput: throttle.up}},
		}))
	}
	if err := errors.Join(calls...); err != nil {
		t.Fatal(err)
	}
	return ctx, cancel
}

// cpu gives the seconds of processor time of each process that draws and runs pages.
func (m *measuring) cpu(ctx context.Context) map[int64]float64 {
	m.t.Helper()
	got, err := chromedp.CallBrowser(ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		m.t.Fatal(err)
	}
	out := map[int64]float64{}
	for _, p := range got.ProcessInfo {
		if p.Type == "renderer" {
			out[p.ID] = p.CPUTime
		}
	}
	return out
}

// since is the milliseconds of processor time since a former count.
func since(before, now map[int64]float64) (ms float64) {
	for id, n := range now {
		ms += 1000 * (n - before[id])
	}
	return ms
}

// rest waits until a view's cells have left, or as long where there are none.
func (m *measuring) rest(v *observer.Visit, cells int) {
	m.t.Helper()
	sent := func() (n int) {
		m.w.mu.Lock()
		defer m.w.mu.Unlock()
		for _, q := range v.Requests {
			if q.Path == "/c" {
				n++
			}
		}
		return n
	}
	if m.with && !eventually(func() bool { return sent() >= cells }) {
		m.t.Errorf("%d cells, not %d", sent(), cells)
	}
	time.Sleep(time.Second)
}

// traffic is what passed so far, in KiB, and how often something was asked for.
func (m *measuring) traffic(v *observer.Visit) (down, up, requests float64) {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	for _, r := range v.Reads {
		if r.Up {
			up += float64(r.Size) / 1024
		} else {
			down += float64(r.Size) / 1024
		}
	}
	for _, q := range v.Requests {
		if q.Path != "/favicon.ico" {
			requests++
		}
	}
	return down, up, requests
}

// next follows a link, and waits until the page stands there; gives the milliseconds until it is drawn.
func (m *measuring) next(ctx context.Context) float64 {
	m.t.Helper()
	const click = `document.querySelector("footer a[href$='index.html']").click()`
	if m.with {
		return in[float64](m.t, ctx, `(async () => {
			const from = performance.now(), main = document.querySelector("main"), frame = () => new Promise(requestAnimationFrame);
			`+click+`;
			while (document.querySelector("main") === main) await frame();
			await frame();
			return performance.now() - from;
		})()`)
	}
	in[any](m.t, ctx, `(setTimeout(() => `+click+`), 0)`)
	if !becomes(ctx, `location.pathname.endsWith("/index.html") && document.readyState === "complete" && painted > 0`) {
		m.t.Fatal("no next page")
	}
	return in[float64](m.t, ctx, "painted")
}

// What a reader pays for the script: the same pages printed without it and with it, in turn, in one run.
func TestCost(t *testing.T) {
	doc := os.Getenv(costDir)
	if doc == "" {
		t.Skip(costDir + " names no folder")
	}
	arms := []*measuring{newMeasuring(t, false), newMeasuring(t, true)}
	var figures []*price
	add := func(m *measuring, name, unit string, value float64) {
		i := slices.IndexFunc(figures, func(f *price) bool { return f.name == name })
		if i < 0 {
			i, figures = len(figures), append(figures, &price{name: name, unit: unit})
		}
		if m.with {
			figures[i].with = append(figures[i].with, value)
		} else {
			figures[i].without = append(figures[i].without, value)
		}
	}
	for range costRounds {
		for _, m := range arms {
			at := "https://" + strings.TrimPrefix(m.w.url, "https://") + "/en/about.html"
			v := &observer.Visit{}
			m.w.begin(v)
			before := m.cpu(m.browser)
			ctx, cancel := m.tab(false)
			open(t, ctx, at)
			m.rest(v, 2)
			down, up, asked := m.traffic(v)
			add(m, "first page: down", "KiB", down)
			add(m, "first page: up", "KiB", up)
			add(m, "first page: requests", "", asked)
			all := m.cpu(ctx)
			add(m, "first page: processor, all threads", "ms", since(before, all))
			metrics, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
			if err != nil {
				t.Fatal(err)
			}
			for _, metric := range metrics.Metrics {
				if metric.Name == "TaskDuration" {
					add(m, "first page: of these, main thread", "ms", 1000*metric.Value)
				}
			}
			m.next(ctx)
			m.rest(v, 4)
			down2, up2, asked2 := m.traffic(v)
			add(m, "next page: down", "KiB", down2-down)
			add(m, "next page: up", "KiB", up2-up)
			add(m, "next page: requests", "", asked2-asked)
			add(m, "next page: processor, all threads", "ms", since(all, m.cpu(ctx)))
			m.w.begin(nil)
			cancel()

			ctx, cancel = m.tab(true)
			open(t, ctx, at)
			if !becomes(ctx, `painted > 0 && document.readyState === "complete"`) {
				t.Fatal("nothing is painted")
			}
			time.Sleep(3 * time.Second) // sealing is over, slowed down too
			add(m, "telephone, first page: largest paint", "ms", in[float64](t, ctx, "painted"))
			add(m, "telephone, first page: loaded", "ms", in[float64](t, ctx, `performance.getEntriesByType("navigation")[0].loadEventEnd`))
			add(m, "telephone, first page: main thread held up", "ms", in[float64](t, ctx, "long"))
			add(m, "telephone, next page: drawn", "ms", m.next(ctx))
			cancel()
		}
	}
	table := "\n| | plain site | with the script | ratio |\n|---|---|---|---|\n"
	for _, f := range figures {
		table += f.row() + "\n"
	}
	t.Log(table)
	if err := figure.Fill(filepath.Join(doc, "cost.md"), "found", table); err != nil {
		t.Fatal(err)
	}
}
