package demo

import (
	"sync"
	"time"

	"kkachi/internal/cell"
)

// A clock stands until it is set: the demo's ten days pass in seconds.
type clock struct {
	mu sync.Mutex // guards t
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// set moves the clock to an hour of a day, UTC.
func (c *clock) set(day cell.Day, hour int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = day.Time().Add(time.Duration(hour) * time.Hour)
}
