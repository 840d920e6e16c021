package main

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `help:"Print as JSON." name:"json"`
}

// Help is shown by --help.
func (*versionCmd) Help() string {
	return `Reads and writes nothing.

Example:

    kkachi version --json`
}

// A build says what this binary was made of.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Changed  bool   `json:"changed,omitempty"` // made from a tree with changes that are in no commit
	Go       string `json:"go"`
	System   string `json:"system"`
}

// Run prints the version.
func (c *versionCmd) Run(w *world) error {
	b := build{Version: "devel", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.modified":
				b.Changed = s.Value == "true"
			}
		}
	}
	if c.JSON {
		return w.json(b)
	}
	w.say("kkachi %s (%s, %s)", b.Version, b.Go, b.System)
	if b.Revision != "" {
		w.say("revision %s", b.Revision)
	}
	return nil
}

// json prints v, indented, for scripts.
func (w *world) json(v any) error {
	e := json.NewEncoder(w.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
