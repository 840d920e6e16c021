package desk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"kkachi/internal/desk/rules"
)

// RulesFile stands in the desk's folder. Without it the default rules are in force: a file that
// is gone never means that nothing is asked.
const RulesFile = "rules.toml"

// houseRules is the file as it was read last.
type houseRules struct {
	mu   sync.Mutex // guards all below
	at   time.Time  // when the file was written
	size int64
	list []rules.Rule
	err  error // a *rules.Error
	read bool
}

// HouseRules gives the rules in force. A mistake in the file is a *rules.Error.
func (d *Desk) HouseRules() ([]rules.Rule, error) {
	h := &d.house
	h.mu.Lock()
	defer h.mu.Unlock()
	info, err := os.Stat(d.cfg.path(RulesFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		h.read = false
		return rules.Parse(rules.Default())
	case err != nil:
		return nil, fmt.Errorf("desk: house rules: %w", err)
	case h.read && info.ModTime().Equal(h.at) && info.Size() == h.size:
		return h.list, h.err
	case info.Size() > rules.MaxSize:
		_, err := rules.Parse(make([]byte, rules.MaxSize+1))
		return nil, err
	}
	data, err := os.ReadFile(d.cfg.path(RulesFile))
	if err != nil {
		return nil, fmt.Errorf("desk: house rules: %w", err)
	}
	h.list, h.err = rules.Parse(data)
	h.at, h.size, h.read = info.ModTime(), info.Size(), true
	return h.list, h.err
}
