package main

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// Roles that serve stop when their world ends, with exit code 0, and leave nothing behind.
func TestServersLeaveNothingBehind(t *testing.T) {
	r := newRing(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, role := range []string{"desk", "sift"} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &lineWriter{lines: make(chan string, 100)}
		w := testWorld(ctx, r.clock)
		w.stdout = out
		code := make(chan int, 1)
		go func() { code <- run([]string{role, r.dir, "--passphrase-file", role + "=" + r.pass(role)}, w) }()
		want := map[string]string{"desk": "exchanged with the host", "sift": "works for"}[role]
		for line := range out.lines {
			if strings.Contains(line, want) {
				break
			}
		}
		cancel()
		if got := <-code; got != exitDone {
			t.Errorf("%s: exit code %d", role, got)
		}
	}
}

// A lineWriter hands on each write.
type lineWriter struct{ lines chan string }

func (l *lineWriter) Write(p []byte) (int, error) {
	l.lines <- string(p)
	return len(p), nil
}
