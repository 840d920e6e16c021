package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"kkachi/internal/desk"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
	"kkachi/internal/sift"
	"kkachi/internal/store/disk"
	"kkachi/internal/vault"
	lookout "kkachi/internal/watch"
)

// Exit codes of every verb.
const (
	exitDone   = 0
	exitFailed = 1
	exitBad    = 2 // bad input, or usage
	exitHold   = 3
	exitBlock  = 4
)

// A failure is an error with the exit code and the next step that a verb knows better than
// the table of hints.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// bad marks err as bad input: exit code 2.
func bad(err error, hint string) error { return &failure{exitBad, err, hint} }

// badf is bad with a message and no further step than what the message says.
func badf(format string, args ...any) error { return bad(fmt.Errorf(format, args...), "") }

// withHint keeps err a plain failure (exit code 1), and says the next step.
func withHint(err error, hint string) error { return &failure{exitFailed, err, hint} }

// report is the one place where errors become text and exit codes.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "kkachi: interrupted")
		return exitFailed
	}
	code, hint := judge(err)
	fmt.Fprintf(stderr, "kkachi: %s\n", saidOnce(err))
	if hint != "" {
		fmt.Fprintf(stderr, "  next: %s\n", hint)
	}
	return code
}

// saidOnce is the text of err. A host that can't be reached is so to each request of a role: that is
// said once.
func saidOnce(err error) string {
	var out []string
	said := false
	for _, line := range strings.Split(err.Error(), "\n") {
		unreached := strings.Contains(line, relay.ErrUnavailable.Error())
		if !unreached || !said {
			out = append(out, line)
		}
		said = said || unreached
	}
	return strings.Join(out, "\n")
}

// judge gives the exit code of err and the step that helps.
func judge(err error) (code int, hint string) {
	var f *failure
	if errors.As(err, &f) {
		if f.hint != "" || f.code != exitFailed {
			return f.code, f.hint
		}
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return exitFailed, "the host's certificate has ended, is for another name, or from nobody whom this machine trusts: look at it there (kkachi doctor --tls-chain), and at the clock here"
	}
	for _, h := range hints {
		if errors.Is(err, h.is) {
			return h.code, h.say
		}
	}
	return exitFailed, ""
}

// hints leads from the errors of the rooms to what a person can do about them. The first
// that fits counts.
var hints = []struct {
	is   error
	code int
	say  string
}{
	{vault.ErrWrongKey, exitBad, "the passphrase is the desk's: from init, restore or renew, whichever was last"},
	{vault.ErrLocked, exitFailed, "another kkachi has this vault open: end it first"},
	{vault.ErrNoVault, exitBad, "name the folder that holds desk/ with its vault"},
	{vault.ErrNewer, exitFailed, "a newer kkachi wrote this vault: use that version"},
	{vault.ErrOlder, exitFailed, "kkachi vault upgrade DIR -o FILE makes a backup and brings the vault to this version"},
	{vault.ErrDamaged, exitFailed, "kkachi vault verify says what is wrong; kkachi vault restore makes a new one from a backup"},
	{vault.ErrBackup, exitBad, "the passphrase is the backup's own; if it is right, take another backup"},
	{vault.ErrDisk, exitFailed, "make room, then run the same command again; if there is room, look at the disk: kkachi doctor"},
	{sift.ErrUnlock, exitBad, "the passphrase is the sift's: from init or renew, whichever was last"},
	{sift.ErrNewer, exitFailed, "use the kkachi that wrote it"},
	{sift.ErrOlder, exitFailed, "use the kkachi that wrote it; or lay out a new sift: kkachi renew sift DIR"},
	{disk.ErrNewer, exitFailed, "use the kkachi that wrote it"},
	{sift.ErrClock, exitFailed, "set the clock of this machine (kkachi doctor); where it is right, and ran ahead for a while, this folder waits for that day, and what had ended by it is destroyed"},
	{sift.ErrLocked, exitFailed, "another kkachi sift works in this folder: end it first"},
	{disk.ErrLocked, exitFailed, "another kkachi drop works in this folder: end it first"},
	{seal.ErrExpired, exitFailed, "kkachi root status says which note has ended; kkachi root sign makes the next"},
	{lookout.ErrShown, exitFailed, hintShown}, // though the host then failed as well
	{relay.ErrNotFound, exitFailed, "the host does not know what this machine shows, or is another: kkachi renew token DIR ROLE --keep here, then kkachi renew host there"},
	{relay.ErrUnavailable, exitFailed, "check that kkachi drop runs, the url in newsroom.toml, the network and the proxy; then run the same command again"},
	{desk.ErrClock, exitFailed, "if the date is right, open the desk with --date-is-right: it then destroys what has ended"},
	{desk.ErrApprovals, exitHold, "two different approvers must approve the story on the desk's pages"},
	{desk.ErrHeld, exitHold, "the story's page says what holds it, and the cheapest answer"},
	{syscall.EADDRINUSE, exitFailed, "another program listens there: end it, or choose another address (newsroom.toml, --listen, --health)"},
	{syscall.EADDRNOTAVAIL, exitBad, "this machine does not have that address; choose another with --listen"},
	{syscall.ENOSPC, exitFailed, "the disk is full: make room, then run the same command again"},
	{syscall.EROFS, exitFailed, "the disk is mounted for reading only: look with dmesg whether it fails, and mount it for writing"},
	{syscall.EACCES, exitFailed, "run as the user who owns the folder"},
}
