package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal gives both ends of a new terminal: what a person holds, and what a process gets.
func terminal(t testing.TB) (person, process *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	process, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Close() })
	return person, process
}

// On a terminal, what is secret is not echoed while it is typed.
func TestSecretsAreNotEchoed(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		t.Fatal(err)
	}
	person, process := terminal(t)
	cmd := exec.CommandContext(t.Context(), bin, "source", "new", "kkachi:"+strings.Repeat("0", 64)+"@https://news.example")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = process, process, process
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	read := func(until string) {
		b := make([]byte, 4096)
		for !strings.Contains(seen.String(), until) {
			n, err := person.Read(b)
			if err != nil {
				t.Fatalf("waiting for %q: %v\n%s", until, err, seen.String())
			}
			seen.Write(b[:n])
		}
	}
	for try := range wordTries {
		read("again (they are not shown):")
		seen.Reset()
		// The prompt stands before the echo is off: wait until it is.
		if !eventually(func() bool { return !echoes(t, process) }) {
			t.Fatal("the echo is never turned off")
		}
		fmt.Fprintf(person, "secret number %d is typed in\n", try)
		read("needed")
		if strings.Contains(seen.String(), "secret") {
			t.Errorf("what was typed is shown: %q", seen.String())
		}
	}
	var code *exec.ExitError
	if err := cmd.Wait(); err == nil || !errors.As(err, &code) || code.ExitCode() != exitBad {
		t.Errorf("ended with %v, want exit code %d", err, exitBad)
	}
}

// An interrupt at a prompt ends the process, and gives the terminal its echo back.
func TestInterruptAtAPrompt(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("kkachi")
	if err != nil {
		t.Fatal(err)
	}
	_, process := terminal(t)
	cmd := exec.CommandContext(t.Context(), bin, "init", filepath.Join(t.TempDir(), "news"))
	cmd.Stdin = process
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return !echoes(t, process) }) {
		t.Fatal("the echo is never turned off")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var code *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &code) || code.ExitCode() != exitFailed {
		t.Errorf("ended with %v, want exit code %d", err, exitFailed)
	}
	if !echoes(t, process) {
		t.Error("the terminal is left without an echo")
	}
}

func echoes(t testing.TB, tty *os.File) bool {
	t.Helper()
	termios, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return termios.Lflag&unix.ECHO != 0
}
