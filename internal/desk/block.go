package desk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/cell"
)

// A flood can't be told from letters by a machine, so nothing is judged by what it says.
// Journalists block a thread, or sweep away at once all new threads that say the same as
// one that they have read. What is blocked stays at hand in a box of its own.

// blocked is the content of blocking a thread, and of a sweep.
type blocked struct {
	By string `json:"by"`
}

// Block takes a thread out of the inbox and refuses its further letters, except those that
// ask for erasure or take that back. Undo lets it in again.
func (d *Desk) Block(ctx context.Context, src ID, by string) (OpID, error) {
	if strings.TrimSpace(by) == "" {
		return OpID{}, field("by", "say who blocks it")
	}
	if err := d.mustHave(ctx, "source", src); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opBlock, src, src, blocked{by})
}

// BlockAlike takes out of the inbox all threads that nobody has dealt with and whose newest
// letter says the same as that of this one, figures and punctuation aside; it gives how
// many they are. A thread of them that says something else later comes back. Undo brings
// all of them back.
func (d *Desk) BlockAlike(ctx context.Context, src ID, by string) (int, OpID, error) {
	if strings.TrimSpace(by) == "" {
		return 0, OpID{}, field("by", "say who blocks them")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var same []byte
	err := d.v.View().QueryRow(ctx, `SELECT alike FROM thread WHERE source = ? AND known = 0 AND alike IS NOT NULL`, src).Scan(&same)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, OpID{}, field("source", "was dealt with, or has no whole letter")
	}
	var n int
	if err == nil {
		err = d.v.View().QueryRow(ctx, `SELECT count(*) FROM thread WHERE alike = ? AND known = 0 AND swept = 0 AND box = 0`, same).Scan(&n)
	}
	if err != nil {
		return 0, OpID{}, fmt.Errorf("desk: %w", err)
	}
	op, err := d.append1(ctx, opSweep, ID(same), deskThing, blocked{by})
	return n, op, err
}

// A BlockView says who blocked a thread and when, or swept it away with all that say the same.
type BlockView struct {
	By    string
	Day   cell.Day
	Alike bool
}

// block is what keeps a thread out of the inbox; nil if nothing does.
func (d *Desk) block(ctx context.Context, src ID) (*BlockView, OpID, error) {
	st, err := d.state(ctx, nounBlocked, src)
	alike := errors.Is(err, ErrNotFound)
	if alike {
		var same []byte
		err = d.v.View().QueryRow(ctx, `SELECT alike FROM thread WHERE source = ? AND swept = 1`, src).Scan(&same)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, OpID{}, nil
		}
		if err == nil {
			st, err = d.state(ctx, nounSwept, ID(same))
		}
	}
	if err != nil {
		return nil, OpID{}, fmt.Errorf("desk: blocked: %w", err)
	}
	b, err := unmarshal[blocked](st.doc)
	return &BlockView{b.By, st.day, alike}, st.op, err
}

// LetIn lets a blocked thread into the inbox again, however long it was blocked and however often;
// one that was swept away brings back all that say the same. What it gives can be undone.
func (d *Desk) LetIn(ctx context.Context, src ID) ([]OpID, error) {
	var out []OpID
	for {
		b, op, err := d.block(ctx, src)
		if err != nil {
			return out, err
		}
		if b == nil {
			break
		}
		_, undo, err := d.Undo(ctx, op)
		if err != nil {
			return out, err
		}
		out = append(out, undo)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: block of %s", ErrNotFound, src)
	}
	return out, nil
}

// alike is the same for texts that differ in figures, spaces, punctuation, case and Unicode
// form only; nil for a text without a letter.
func alike(text string) []byte {
	var b strings.Builder
	for _, r := range norm.NFKC.String(text) {
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	if b.Len() == 0 {
		return nil
	}
	sum := sha256.Sum256([]byte(b.String()))
	return sum[:len(ID{})]
}
