package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Rebuild makes all projections anew from the log. Readers see the old tables until the
// new ones are whole. It checks the chains by hash on the way; signatures are Verify's.
func (v *Vault) Rebuild(ctx context.Context, progress func(done, total int)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	return v.rebuild(ctx, progress)
}

func (v *Vault) rebuild(ctx context.Context, progress func(done, total int)) error {
	p := v.view
	p.behind = true
	total, err := v.log.count(ctx, Position{})
	if err != nil {
		return err
	}
	remembered, err := v.keys.heads(ctx)
	if err != nil {
		return err
	}
	tx, err := p.begin(ctx)
	if err != nil {
		return err
	}
	if err := v.refill(ctx, tx, remembered, total, progress); err != nil {
		tx.rollback()
		return err
	}
	if err := tx.commit(); err != nil {
		return err
	}
	p.behind = false
	p.rebuilds.Add(1)
	return p.checkpoint(ctx)
}

func (v *Vault) refill(ctx context.Context, tx *Tx, remembered map[DeviceID]head, total int, progress func(done, total int)) error {
	if err := tx.p.reset(ctx); err != nil {
		return err
	}
	tx.at = state{}
	open, ends := newOpener(v.keys), make(chains)
	for e, err := range v.log.walk(ctx, Position{}) {
		if err == nil {
			if err := ends.next(e); err != nil {
				return damaged(e.fault(err))
			}
		}
		if err := v.step(ctx, tx, open, e, err); err != nil {
			return err
		}
		if tx.at.ops%settleOps == 0 {
			if err := tx.settle(); err != nil {
				return err
			}
		}
		if progress != nil && (tx.at.ops%pageOps == 0 || tx.at.ops == total) {
			progress(tx.at.ops, total)
		}
	}
	if faults := ends.against(remembered); len(faults) > 0 {
		return damaged(faults...)
	}
	return errors.Join(tx.settle(), tx.rebuilt())
}

// settleOps is after how many operations of a rebuild projectors write what they have kept.
const settleOps = 8 * pageOps

// empty takes the rows out of all tables. Dropping a table keeps in memory each page that it overwrites,
// lest the statement fail half-way: of a large archive more than SQLite may have. Deleting all rows does not.
// What the index of words says of itself stays: without it, it can't be dropped.
func (p *projection) empty(ctx context.Context) error {
	rows, err := p.conn.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '%\_config' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return dbError(viewFile, err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(dbError(viewFile, err), rows.Close())
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return dbError(viewFile, err)
	}
	for _, name := range names {
		if _, err := p.conn.ExecContext(ctx, `DELETE FROM `+sqlite3.QuoteIdentifier(name)); err != nil {
			return dbError(viewFile, err)
		}
	}
	return nil
}

// reset empties view.db and creates the projectors' tables.
func (p *projection) reset(ctx context.Context) error {
	p.forget()
	if err := p.empty(ctx); err != nil {
		return err
	}
	for {
		// One at a time: dropping a table drops its indexes and triggers, dropping a
		// virtual table its shadow tables.
		var kind, name string
		row := p.conn.QueryRowContext(ctx, `SELECT type, name FROM sqlite_schema
			WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
			ORDER BY sql NOT LIKE 'CREATE VIRTUAL%', type DESC, name LIMIT 1`)
		if err := row.Scan(&kind, &name); err != nil {
			break
		}
		if _, err := p.conn.ExecContext(ctx, `DROP `+kind+` `+sqlite3.QuoteIdentifier(name)); err != nil {
			return dbError(viewFile, err)
		}
	}
	if _, err := p.conn.ExecContext(ctx, stateSchema); err != nil {
		return dbError(viewFile, err)
	}
	p.guard.mode = guardSchema
	defer func() { p.guard.mode = guardOff }()
	for _, pr := range p.projectors {
		if _, err := p.conn.ExecContext(ctx, pr.Schema()); err != nil {
			return fmt.Errorf("vault: projector %s: schema: %w", pr.Name(), err)
		}
	}
	return nil
}
