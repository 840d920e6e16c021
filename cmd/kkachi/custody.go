package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kkachi/internal/desk"
)

type custodyCmd struct {
	Verify custodyVerifyCmd `cmd:"" help:"Read every original, and name those that are not as they came."`
}

type custodyVerifyCmd struct {
	pressFlags
	JSON bool `help:"Print the report as JSON." name:"json"`
}

// Help is shown by --help.
func (*custodyVerifyCmd) Help() string {
	return `Reads each original in desk/custody to its end and compares it with the SHA-256 that was written into the log when it came. Names each one that is missing, cut or changed, down to a single byte. Writes nothing there; needs no network; the desk must not be running. Exit code 1 if anything is wrong.

Example:

    kkachi custody verify mynews --json`
}

var errOriginals = errors.New("originals are damaged")

// An originalJSON is a fault for scripts.
type originalJSON struct {
	Original string `json:"original"` // SHA-256
	What     string `json:"what"`
	Detail   string `json:"detail"`
}

// Run verifies the originals.
func (c *custodyVerifyCmd) Run(w *world) (err error) {
	_, d, err := c.open(w, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	r, err := d.VerifyOriginals(w.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		out := struct {
			Originals int            `json:"originals"`
			Unnamed   int            `json:"unnamed"`
			Faults    []originalJSON `json:"faults"`
		}{r.Originals, r.Unnamed, []originalJSON{}}
		for _, f := range r.Faults {
			out.Faults = append(out.Faults, originalJSON{f.Sum.String(), f.What, f.Detail})
		}
		if err := w.json(out); err != nil {
			return err
		}
	} else {
		w.say("%d originals are as they came, %d faults; %d files belong to nothing that the log still names.", r.Originals, len(r.Faults), r.Unnamed)
		for _, f := range r.Faults {
			w.say("%s: %s: %s", f.Sum, f.What, f.Detail)
		}
	}
	if len(r.Faults) > 0 {
		return withHint(fmt.Errorf("%s: %w: %d of %d", c.Dir, errOriginals, len(r.Faults), len(r.Faults)+r.Originals),
			"keep this folder as it is, and bring those files back from a backup's folder "+originalsBeside)
	}
	return nil
}

// originalsBeside ends the name of the folder in which a backup's originals lie, beside its
// file. They are as they lie at the desk: encrypted, under keys that the backup holds.
const originalsBeside = ".originals"

// custodyFolder is where a desk's originals lie.
func custodyFolder(dir string) string { return filepath.Join(dir, "desk", desk.CustodyDir) }

// copyOriginals brings to the folder to what it lacks of the originals in from. Files there are
// written once: what stands under a name is not written again. It gives how many there are.
func copyOriginals(from, to string) (int, error) {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		if !e.Type().IsRegular() || len(e.Name()) != 64 || strings.Trim(e.Name(), "0123456789abcdef") != "" {
			continue
		}
		n++
		path := filepath.Join(to, e.Name())
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.MkdirAll(to, 0o700); err != nil {
			return n, err
		}
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return n, err
		}
		if err := writeFile(path, data, 0o400); err != nil {
			return n, err
		}
	}
	return n, nil
}
