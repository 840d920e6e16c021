package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/contacts"
)

//go:embed case
var caseFiles embed.FS

//go:embed contacts.txt
var contactsFile []byte

// Contacts is the demo newsroom's file of contacts, checked some days before today: examples, each
// named as one. They are no part of the case.
func Contacts(today cell.Day) ([]byte, error) {
	list, err := contacts.Parse(contactsFile)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for i := range list {
		list[i].Checked = uint32(today) - 2 - 10*uint32(i)
	}
	return contacts.Encode(list), nil
}

// A telling is one report of the motivating case: who tells it, how it comes in, and on
// which day, counted from the case's first.
type telling struct {
	report string // "01" to "07"
	teller string // a letter of the case's own page; the desk makes its own handles
	way    string // letter, call, help
	lang   string // ko, zh, en
	day    int    // days after 3 October 2022
}

// tellings is the table of the case's README.
var tellings = []telling{
	{"01", "A", "letter", "ko", 0},
	{"02", "B", "call", "ko", 2},
	{"03", "C", "letter", "zh", 3},
	{"04", "A", "letter", "ko", 5},
	{"05", "D", "letter", "en", 5},
	{"06", "F", "help", "ko", 6},
	{"07", "E", "letter", "zh", 7},
}

// caseText is one text file of the case.
func caseText(name string) (string, error) {
	b, err := fs.ReadFile(caseFiles, "case/"+name)
	if err != nil {
		return "", fmt.Errorf("demo: the embedded case lacks %s: %w", name, err)
	}
	return string(b), nil
}

// An expectedClaim is a row of expected/claims.tsv: the statement, and what must be derived.
type expectedClaim struct {
	id, statement string
	reports       []string // all that bear on it
	chains        string
	rung          string
	disputed      bool
}

func expectedClaims() ([]expectedClaim, error) {
	text, err := caseText("expected/claims.tsv")
	if err != nil {
		return nil, err
	}
	var out []expectedClaim
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, fmt.Errorf("demo: expected/claims.tsv line %d has %d columns, want 7", i+1, len(f))
		}
		if i == 0 {
			continue
		}
		c := expectedClaim{id: f[0], statement: f[1], chains: f[4], rung: f[5], disputed: f[6] == "yes"}
		for _, list := range f[2:4] {
			if list != "" {
				c.reports = append(c.reports, strings.Split(list, ",")...)
			}
		}
		out = append(out, c)
	}
	return out, nil
}
