package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// caseFolder is the embedded copy of the motivating case.
var caseFolder = filepath.Join("..", "..", "internal", "demo", "case")

// deskScript makes the command "desk" of one run of scripts: each script has a desk of its own.
func deskScript() func(*testscript.TestScript, bool, []string) {
	clients := map[*testscript.TestScript]*deskClient{}
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if args[0] == "open" {
			client, err := openDeskPages(args[1])
			ts.Check(err)
			clients[ts] = client
			return
		}
		clients[ts].script(ts, neg, args)
	}
}

// script runs one command of a script, which must fail if neg.
func (d *deskClient) script(ts *testscript.TestScript, neg bool, args []string) {
	err := d.command(ts.MkAbs("."), args)
	if neg && err == nil {
		ts.Fatalf("desk %s went well", args[0])
	}
	if !neg && err != nil {
		ts.Fatalf("desk %s: %v", args[0], err)
	}
}

// wordsOf are the eight words of each teller of the case; X is nobody.
var wordsOf = map[string]string{
	"A": "abandon ability able about above absent absorb abstract",
	"C": "absurd abuse access accident account accuse achieve acid",
	"D": "acoustic acquire across act action actor actress actual",
	"E": "adapt add addict address adjust admit adult advance",
	"F": "advice aerobic affair afford afraid again age agent",
	"X": "zoo zone zero zebra youth young you yellow",
}

// letter sends a report of the case as its teller would.
func letter(ts *testscript.TestScript, args []string) {
	text, err := os.ReadFile(filepath.Join(caseFolder, "reports", args[1]+".txt"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("typed"), []byte(wordsOf[args[0]]+"\n"+string(text)), 0o600))
	out := runSource(ts, append([]string{"write", address(ts)}, args[2:]...)...)
	if !strings.Contains(out, "The whole letter has left") {
		ts.Fatalf("the letter has not left:\n%s", out)
	}
}

// reads looks for replies with a teller's words.
func reads(ts *testscript.TestScript, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs("typed"), []byte(wordsOf[args[0]]+"\n"), 0o600))
	if out := runSource(ts, "read", address(ts)); !regexp.MustCompile(args[1]).MatchString(out) {
		ts.Fatalf("%s reads no %s:\n%s", args[0], args[1], out)
	}
}

func address(ts *testscript.TestScript) string {
	if url := ts.Getenv("URL"); url != "" {
		return "kkachi:" + ts.Getenv("ID") + "@" + url
	}
	return "kkachi:" + ts.Getenv("ID") + "@http://" + ts.Getenv("ADDR")
}

// runSource runs kkachi source with what was typed, as a process of its own.
func runSource(ts *testscript.TestScript, args ...string) string {
	line := "exec kkachi source " + strings.Join(args, " ") + " <typed >told"
	ts.Check(ts.Exec("sh", "-c", line))
	return ts.ReadFile("told")
}

// fetch gets a page of the site as a reader does.
func fetch(url, re string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !regexp.MustCompile(re).Match(body) {
		return fmt.Errorf("%s: %s, and no %s in it", url, resp.Status, re)
	}
	return nil
}
