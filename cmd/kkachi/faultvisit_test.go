package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/lang"
)

// muted makes the page's workers known to a test, and one of them deaf where it says so.
const muted = `), ((Real) => {
	window.workers = [];
	window.Worker = class extends Real {
		constructor(url) { super(url); workers.push(this); }
		postMessage(m) { this.mute || super.postMessage(m); }
	};
})(Worker`

// Whatever fails, a source's page asks for what a reader's does (P2); nothing is called sent that
// the host has not taken, and nothing that waits is lost while the page stands. In Firefox the clock
// is two days behind meanwhile: that stops nothing. At the end the reader takes no part any more.
func TestP2FaultsTellNobodyApart(t *testing.T) { // P2
	r := pageSite(t, nil)
	f := r.fail()
	visit, err := os.ReadFile(filepath.Join(pageTests, "faults.js"))
	if err != nil {
		t.Fatal(err)
	}
	site := r.proxy.URL + "/en/about.html"
	run := map[string]func(text string) map[string]string{
		"Chromium": func(text string) map[string]string {
			ctx, _ := strictBrowser(t, r.settings(0, true)+opened+muted)
			open(t, ctx, site)
			data, err := os.ReadFile(driver)
			if err != nil {
				t.Fatal(err)
			}
			in[int](t, ctx, string(data))
			return in[map[string]string](t, ctx, fmt.Sprintf("%s(%q)", visit, text))
		},
		"Firefox": func(text string) (said map[string]string) {
			got := firefox(t, site, r.settings(-2*24*time.Hour, true)+opened+muted, driver, script(t, fmt.Sprintf("%s(%q)", visit, text)))
			if err := json.Unmarshal(got[1], &said); err != nil {
				t.Fatal(err)
			}
			return said
		},
	}
	letters := []string{}
	for browser, visit := range run {
		letter := "kept through all of it in " + browser
		letters = append(letters, letter)
		f.begin("")
		visit("")
		reader := f.take()
		f.begin("")
		said := visit(letter)
		source := f.take()
		sameRequests(t, reader, source)
		if got := fmt.Sprint(source["apart"]); got != "[GET /en/about.html 0 GET /en/index.html 0]" {
			t.Errorf("%s: who takes no part asked for %s", browser, got)
		}
		for _, fault := range []string{"503", "away", "deaf", "died", "gone", "slow"} {
			if !strings.Contains(said[fault], "0 of 1 pieces have left") || strings.Contains(said[fault], "All pieces") || !strings.Contains(said[fault], "1 more") {
				t.Errorf("%s, %s: the composer says %q", browser, fault, said[fault])
			}
		}
		if !strings.Contains(said["arrived"], "1 of 1 pieces have left") || !strings.Contains(said["arrived"], "Only a receipt says") {
			t.Errorf("%s: at the end the composer says %q", browser, said["arrived"])
		}
		if said["unreached"] != "true "+lang.T("en", "site.unreached") || said["after"] != "0" {
			t.Errorf("%s: by a host that is away the page says %q, and %q lines of it stay", browser, said["unreached"], said["after"])
		}
		apart := lang.T("en", "site.apart")
		if said["apart"] != apart+" take hint" || !strings.Contains(said["apart, waiting"], apart) || !strings.Contains(said["apart, waiting"], "0 of 1") ||
			!strings.Contains(said["apart, before"], apart) || said["apart, ways"] != "Where your letter is" {
			t.Errorf("%s: who takes no part is told %q", browser, said)
		}
		if said["broken"] != "" {
			t.Errorf("%s: %s", browser, said["broken"])
		}
	}
	// The host took it twice from each, by an answer that was lost: the desk has it once.
	at := r.answerThreads("yes", len(letters), 1)
	for _, letter := range letters {
		if strings.Count(strings.Join(at, "\n"), letter) != 1 || len(at) != len(letters) {
			t.Errorf("the desk read %q", at)
		}
	}
}
