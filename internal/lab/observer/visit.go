// Package observer holds the instruments that try to tell a source's visit from a reader's: what is
// drawn out of a recorded visit, two classifiers, the area under their curve with its interval,
// and leaks to be planted. cmd/kkachi records the visits in a real browser; `make lab` measures.
//
// What enters: times, directions and sizes of what a browser sent, whose visit it was, a seed. What leaves:
// scores and areas. What may never be known here: a byte of what was sent. Nothing of the program imports it.
package observer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A Record is one TLS record as it passes on the wire: its header is in clear.
type Record struct {
	At   float64 // seconds from the visit's first connection
	Conn int     // connections are numbered as they are opened
	Up   bool    // from the browser to the host
	Size int     // bytes, header included
}

// A Read is what one read from a socket gave: some bytes of some records.
type Read struct {
	At   float64
	Conn int
	Up   bool
	Size int
}

// A Request is what the host sees of a request.
type Request struct {
	At     float64 // seconds from the visit's first connection
	Method string
	Path   string
	Header int // bytes of names and values
	Size   int // bytes of the body
}

// A Seal is how long a worker took for the two cells of a view, as the page saw it.
type Seal struct {
	Letters int     // of the two cells
	Took    float64 // milliseconds from question to answer
	Frame   float64 // milliseconds: the longest time between two frames meanwhile
}

// A Visit is what was recorded of one visit.
type Visit struct {
	Pair     int // reader and source of a pair have the same clicks and the same dwell times
	Source   bool
	Planted  string  // the leak that its page had, or ""
	Firefox  bool    // made there; else in Chromium
	Scale    float64 // how many times as fast as a reader's its pauses passed
	Letters  int     // cells that held a piece of a letter
	Argon    float64 // seconds from the last word to the echo word; 0 for a reader
	Records  []Record
	Reads    []Read
	Requests []Request
	Seals    []Seal
	Wrong    string // what the page or its composer complained of
}

// Save keeps a visit as a file of JSON, written as a whole or not at all.
func (v *Visit) Save(path string) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// Load reads all visits of a folder, in the order of their names.
func Load(dir string) ([]*Visit, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []*Visit
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v := &Visit{}
		if err := json.Unmarshal(data, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, v)
	}
	return out, nil
}
