package desk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// A state is the newest version of a noun's thing that is not undone.
type state struct {
	thing, owner ID
	number       int
	op           OpID
	day          cell.Day
	doc          string
}

func (d *Desk) state(ctx context.Context, noun string, thing ID) (state, error) {
	st := state{thing: thing}
	err := d.v.View().QueryRow(ctx, `SELECT owner, n, op, day, doc FROM state WHERE noun = ? AND thing = ?`, noun, thing).
		Scan(&st.owner, &st.number, &st.op, &st.day, &st.doc)
	if errors.Is(err, sql.ErrNoRows) {
		return state{}, fmt.Errorf("%w: %s %s", ErrNotFound, noun, thing)
	}
	if err != nil {
		return state{}, fmt.Errorf("desk: %s: %w", noun, err)
	}
	return st, nil
}

// states gives all states of a noun in the order of their numbers.
func (d *Desk) states(ctx context.Context, noun string) ([]state, error) {
	rows, err := d.v.View().Query(ctx, `SELECT thing, owner, n, op, day, doc FROM state WHERE noun = ? ORDER BY n`, noun)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", noun, err)
	}
	return collect(rows, func(st *state) []any {
		return []any{&st.thing, &st.owner, &st.number, &st.op, &st.day, &st.doc}
	})
}

// statesOf gives the states of a noun that belong to one owner, in the order of their numbers.
func (d *Desk) statesOf(ctx context.Context, noun string, owner ID) ([]state, error) {
	rows, err := d.v.View().Query(ctx, `SELECT thing, owner, n, op, day, doc FROM state WHERE noun = ? AND owner = ? ORDER BY n`, noun, owner)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", noun, err)
	}
	return collect(rows, func(st *state) []any {
		return []any{&st.thing, &st.owner, &st.number, &st.op, &st.day, &st.doc}
	})
}

// flags gives the things that have a state of a noun, such as the withdrawn ones.
func (d *Desk) flags(ctx context.Context, noun string) (map[ID]state, error) {
	sts, err := d.states(ctx, noun)
	if err != nil {
		return nil, err
	}
	out := make(map[ID]state, len(sts))
	for _, st := range sts {
		out[st.thing] = st
	}
	return out, nil
}

// flagsOf gives those of some things that have a state of a noun.
func (d *Desk) flagsOf(ctx context.Context, noun string, things []ID) (map[ID]state, error) {
	out := map[ID]state{}
	for part := range slices.Chunk(things, 500) {
		args := []any{noun}
		for _, t := range part {
			args = append(args, t)
		}
		rows, err := d.v.View().Query(ctx, `SELECT thing, owner, n, op, day, doc FROM state
			WHERE noun = ? AND thing IN (?`+strings.Repeat(", ?", len(part)-1)+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("desk: %s: %w", noun, err)
		}
		list, err := collect(rows, func(st *state) []any {
			return []any{&st.thing, &st.owner, &st.number, &st.op, &st.day, &st.doc}
		})
		if err != nil {
			return nil, err
		}
		for _, st := range list {
			out[st.thing] = st
		}
	}
	return out, nil
}

// collect reads all rows, each into the fields that into names, and closes them.
func collect[T any](rows *sql.Rows, into func(*T) []any) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		var t T
		if err := rows.Scan(into(&t)...); err != nil {
			return nil, fmt.Errorf("desk: reading the projections: %w", err)
		}
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("desk: reading the projections: %w", err)
	}
	return out, nil
}

// mustHave fails with ErrNotFound unless a table (source, report, reply) holds the thing.
func (d *Desk) mustHave(ctx context.Context, table string, thing ID) error {
	var n int
	if err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE id = ?`, thing).Scan(&n); err != nil {
		return fmt.Errorf("desk: %s: %w", table, err)
	}
	if n == 0 {
		return fmt.Errorf("%w: %s %s", ErrNotFound, table, thing)
	}
	return nil
}

// ownerOf gives the source that a report or a reply belongs to.
func (d *Desk) ownerOf(ctx context.Context, table string, thing ID) (ID, error) {
	var owner ID
	err := d.v.View().QueryRow(ctx, `SELECT source FROM `+table+` WHERE id = ?`, thing).Scan(&owner)
	if errors.Is(err, sql.ErrNoRows) {
		return ID{}, fmt.Errorf("%w: %s %s", ErrNotFound, table, thing)
	}
	return owner, err
}

func unmarshal[T any](doc string) (T, error) {
	var t T
	err := json.Unmarshal([]byte(doc), &t)
	if s, ok := any(&t).(*Story); ok {
		s.compose() // versions from before stories were composed when they are written
	}
	return t, err
}
