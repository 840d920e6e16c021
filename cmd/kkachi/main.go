package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kkachi/internal/doctor"
	"kkachi/internal/sift"
)

func main() {
	if sift.Child(os.Args[1:], rand.Reader) {
		return // this process was one that holds a day key, and is done
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(os.Args[1:], &world{
		ctx:    ctx,
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		now:    time.Now,
		rand:   rand.Reader,
		sleep:  sleep,
		poll:   20 * time.Second,
		tty:    controllingTerminal,
		looks:  doctor.This,
		guard:  harden,
	}))
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
