package desk

import (
	"errors"
	"fmt"
	"io/fs"

	"kkachi/internal/desk/rules"
)

// RulesFile stands in the desk's folder. Without it the default rules are in force: a file that
// is gone never means that nothing is asked.
const RulesFile = "rules.toml"

// HouseRules gives the rules in force. A mistake in the file is a *rules.Error.
func (d *Desk) HouseRules() ([]rules.Rule, error) {
	list, err := d.house.get(d.cfg.path(RulesFile), rules.Parse)
	var wrong *rules.Error
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rules.Parse(rules.Default())
	case err != nil && !errors.As(err, &wrong):
		return nil, fmt.Errorf("desk: house rules: %w", err)
	}
	return list, err
}
