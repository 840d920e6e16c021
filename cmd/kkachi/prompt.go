package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// controllingTerminal gives the terminal on which secrets are typed: standard input if it is
// one, else /dev/tty, else nil.
func controllingTerminal() *os.File {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return os.Stdin
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return tty
}

// maxLine bounds a line that is typed in, in bytes.
const maxLine = 4096

// secret asks for something that must not be shown: on the terminal without an echo, or,
// where there is no terminal, as the next line of standard input. The caller wipes it.
func (w *world) secret(label string) ([]byte, error) {
	tty := w.tty()
	if tty == nil {
		fmt.Fprintln(w.stderr, label)
		return w.line()
	}
	if tty != os.Stdin {
		defer tty.Close()
	}
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return nil, fmt.Errorf("looking at the terminal: %w", err)
	}
	fmt.Fprint(w.stderr, label+" ")
	b, err := w.unlessEnded(func() ([]byte, error) { return term.ReadPassword(int(tty.Fd())) })
	fmt.Fprintln(w.stderr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading from the terminal: %w", err), term.Restore(int(tty.Fd()), before))
	}
	return b, nil
}

// unlessEnded waits for what a person types, or for an interrupt, after which the process is
// to end: the read itself can't be broken off.
func (w *world) unlessEnded(read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := read()
		typed <- answer{text, err}
	}()
	select {
	case a := <-typed:
		return a.text, a.err
	case <-w.ctx.Done():
		return nil, w.ctx.Err()
	}
}

// line reads the next line of standard input, without its end.
func (w *world) line() ([]byte, error) { return w.unlessEnded(w.readLine) }

func (w *world) readLine() ([]byte, error) {
	var out []byte
	for {
		c, err := w.reader().ReadByte()
		switch {
		case errors.Is(err, io.EOF) && len(out) == 0:
			return nil, bad(errors.New("standard input ended before an answer was given"), "type the answer on a terminal, or give it as a line of standard input")
		case err != nil && !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("reading standard input: %w", err)
		case err != nil || c == '\n':
			return bytes.TrimSuffix(out, []byte("\r")), nil
		case len(out) >= maxLine:
			return nil, badf("a line of standard input is longer than %d bytes", maxLine)
		}
		out = append(out, c)
	}
}

func (w *world) reader() *bufio.Reader {
	if w.input == nil {
		w.input = bufio.NewReader(w.stdin)
	}
	return w.input
}

// newPassphrase asks twice for a passphrase that is to be set, and refuses one that is too
// short to protect anything.
func (w *world) newPassphrase(what string) ([]byte, error) {
	first, err := w.secret("New passphrase for " + what + ":")
	if err != nil {
		return nil, err
	}
	if err := checkPassphrase(what, first); err != nil {
		return nil, err
	}
	again, err := w.secret("The same again:")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, again) {
		return nil, badf("the two passphrases for %s differ", what)
	}
	clear(again)
	return first, nil
}

// setPassphrase gives a passphrase that is to be set, called name: from its file, or asked for
// twice. The caller wipes it.
func (w *world) setPassphrase(files passphraseFiles, name, what string) ([]byte, error) {
	path, ok := files[name]
	if !ok {
		return w.newPassphrase(what)
	}
	p, err := readPassphrase(name, path)
	if err != nil {
		return nil, err
	}
	return p, checkPassphrase(what, p)
}

// minPassphrase is the least number of bytes of a passphrase that is set.
const minPassphrase = 12

func checkPassphrase(what string, p []byte) error {
	if len(p) < minPassphrase {
		return bad(fmt.Errorf("the passphrase for %s is shorter than %d characters", what, minPassphrase), "take five or six words drawn by dice")
	}
	return nil
}

// passphraseFiles are the files of --passphrase-file NAME=PATH: what each passphrase is for,
// and where its only line stands.
type passphraseFiles map[string]string

// passphrase gives the passphrase called name: from its file, or asked for.
func (w *world) passphrase(files passphraseFiles, name, label string) ([]byte, error) {
	if path, ok := files[name]; ok {
		return readPassphrase(name, path)
	}
	return w.secret("Passphrase for " + label + ":")
}

// readPassphrase reads the first and only line of a file.
func readPassphrase(name, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, bad(fmt.Errorf("passphrase file of %s: %w", name, err), "")
	}
	data = bytes.TrimRight(data, "\r\n")
	switch {
	case len(data) == 0:
		return nil, badf("passphrase file of %s: %s is empty", name, path)
	case bytes.ContainsAny(data, "\n"):
		return nil, badf("passphrase file of %s: %s holds more than one line", name, path)
	case len(data) > maxLine:
		return nil, badf("passphrase file of %s: %s is longer than %d bytes", name, path, maxLine)
	}
	return data, nil
}

// checkNames refuses files for passphrases that the verb does not ask for.
func (f passphraseFiles) checkNames(known ...string) error {
	for name := range f {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			return badf("--passphrase-file %s: this verb asks only for %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}
