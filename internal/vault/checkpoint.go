package vault

import (
	"context"
	"database/sql"
	"sync"
)

// Of the write-ahead log of view.db: from walDue bytes on it is moved into view.db beside whoever
// writes; a writer who finds walMost pages there moves them itself before it answers, so that a log
// that is written to all the time ends too.
const (
	walDue  = 16 << 20
	walMost = 16_384
)

// A checkpointer moves the write-ahead log into view.db on a connection of its own: some 40 ms for
// 16 MB, for which nobody who writes has to wait.
type checkpointer struct {
	db   *sql.DB
	mu   sync.Mutex // one at a time
	due  chan struct{}
	done chan struct{}
}

func newCheckpointer(db *sql.DB) *checkpointer {
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(0)
	c := &checkpointer{db: db, due: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for range c.due {
			c.mu.Lock()
			// What can't be moved stays in the log and is read from there.
			_, _ = c.db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(PASSIVE)`)
			c.mu.Unlock()
		}
	}()
	return c
}

// wake has the log moved, if that isn't under way.
func (c *checkpointer) wake() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

// close waits for what is under way.
func (c *checkpointer) close() error {
	close(c.due)
	<-c.done
	return c.db.Close()
}

// checkpoint moves the write-ahead log into view.db and empties it, as far as readers let
// it: old pages should not live on there.
func (p *projection) checkpoint(ctx context.Context) error {
	p.moves.mu.Lock()
	defer p.moves.mu.Unlock()
	var busy, frames, moved int
	err := p.conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	return dbError(viewFile, err)
}
