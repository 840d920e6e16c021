package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// A waitingIndex says of which sources parts of letters wait. It is read from the ring once
// and dropped when an intake or a tick changes that.
type waitingIndex struct {
	day    map[ID]cell.Day // the newest arrival day of a letter in the making
	newest []ID            // by that day
	empty  int             // sources of which nothing else came yet
}

func (d *Desk) waitingIndex() (*waitingIndex, error) {
	d.waiting.Lock()
	defer d.waiting.Unlock()
	if d.index != nil {
		return d.index, nil
	}
	list, err := d.v.ListSecrets(secretPending)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	x := &waitingIndex{day: map[ID]cell.Day{}}
	for _, s := range list {
		name, _, _ := strings.Cut(strings.TrimPrefix(s.Name, secretPending), "/")
		id, err := ParseID(name)
		if err != nil {
			return nil, fmt.Errorf("desk: a letter that waits for parts: %w", err)
		}
		x.day[id] = max(x.day[id], cell.Day(s.NotAfter)-PendingDays)
	}
	for id := range x.day {
		x.newest = append(x.newest, id)
	}
	slices.SortFunc(x.newest, func(a, b ID) int {
		return cmp.Or(-cmp.Compare(x.day[a], x.day[b]), slices.Compare(a[:], b[:]))
	})
	for _, id := range x.newest {
		var box int
		err := d.v.View().QueryRow(context.Background(), `SELECT box FROM thread WHERE source = ?`, id).Scan(&box)
		if err == nil && box == boxEmpty {
			x.empty++
		}
	}
	d.index = x
	return x, nil
}

// waitingChanged drops the index.
func (d *Desk) waitingChanged() {
	d.waiting.Lock()
	d.index = nil
	d.waiting.Unlock()
}

// pendingsOf gives the letters of a source that wait for parts.
func (d *Desk) pendingsOf(src ID) ([]*pending, error) { return d.pendings(src.String() + "/") }

func (d *Desk) pendingOf(src ID) ([]PendingView, error) {
	list, err := d.pendingsOf(src)
	var out []PendingView
	for _, p := range list {
		out = append(out, p.view())
	}
	return out, err
}

func (d *Desk) pendingSnippet(src ID) (string, error) {
	list, err := d.pendingsOf(src)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return snippet(list[len(list)-1].text()), nil
}
