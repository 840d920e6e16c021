package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kkachi/internal/cell"
)

// A VersionRow is one version of a story in the list of all.
type VersionRow struct {
	Op       OpID
	Number   int // from 1, in the order in which they were written
	Day      cell.Day
	Now      bool // the story as it stands
	Undone   bool
	Released uint64 // serial of the release that was made of it first; 0: none
}

// Versions lists all versions of a story, newest first. None is ever lost: each change of a
// story writes it whole.
func (d *Desk) Versions(ctx context.Context, id ID) ([]VersionRow, error) {
	st, err := d.state(ctx, nounStory, id)
	if err != nil {
		return nil, err
	}
	rows, err := d.v.View().Query(ctx, `SELECT op, day, undone FROM version WHERE noun = ? AND thing = ? ORDER BY n`, nounStory, id)
	if err != nil {
		return nil, fmt.Errorf("desk: versions: %w", err)
	}
	list, err := collect(rows, func(v *VersionRow) []any { return []any{&v.Op, &v.Day, &v.Undone} })
	if err != nil {
		return nil, err
	}
	serials, err := d.releasedVersions(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]VersionRow, len(list))
	for i, v := range list {
		v.Number, v.Now, v.Released = i+1, v.Op == st.op, serials[v.Op]
		out[len(list)-1-i] = v
	}
	return out, nil
}

// releasedVersions gives the serial of each version that left the house. Releases that were
// made before versions were noted name none.
func (d *Desk) releasedVersions(ctx context.Context, id ID) (map[OpID]uint64, error) {
	evs, err := d.events(ctx, opRelease, id)
	if err != nil {
		return nil, err
	}
	out := map[OpID]uint64{}
	for _, e := range evs {
		r, err := unmarshal[released](e.doc)
		if err != nil {
			return nil, err
		}
		if out[r.Story] == 0 && !r.Story.IsZero() {
			out[r.Story] = r.Serial
		}
	}
	return out, nil
}

// Version gives a story as one of its versions has it.
func (d *Desk) Version(ctx context.Context, id ID, op OpID) (*Story, error) {
	var doc string
	err := d.v.View().QueryRow(ctx, `SELECT doc FROM version WHERE op = ? AND noun = ? AND thing = ?`, op, nounStory, id).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: version", ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("desk: version: %w", err)
	}
	s, err := unmarshal[Story](doc)
	return &s, err
}

// RestoreVersion writes a former version anew, as the newest: what came between stays in the
// list, and undo brings it back.
func (d *Desk) RestoreVersion(ctx context.Context, id ID, op OpID) (OpID, error) {
	former, err := d.Version(ctx, id, op)
	if err != nil {
		return OpID{}, err
	}
	return d.editStory(ctx, id, func(s *Story) error {
		printed, back, photo, spread, shown, among := s.Corrections, s.Retraction, s.Photo, s.Spread, s.Shown, s.Among
		*s = *former
		// What readers were told stays told, the photograph has a history of its own, and what is known
		// of the world is no part of a text.
		s.Corrections, s.Retraction, s.Photo, s.Spread, s.Shown, s.Among = printed, back, photo, spread, shown, among
		return nil
	})
}
