package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"kkachi/internal/seal"
)

type sourceNewCmd struct{ sourceFlags }

// Help is shown by --help.
func (*sourceNewCmd) Help() string {
	return `Reads and writes nothing, needs no network. Draws eight words, shows them once with their echo word, and asks to enter them again.

Example:

    kkachi source new kkachi:ID@URL --lang ko` + sourceHelp
}

// Run draws and shows words.
func (c *sourceNewCmd) Run(w *world) error {
	address, err := c.begin(w)
	if err != nil {
		return err
	}
	words, err := seal.NewWords(w.rand)
	if err != nil {
		return err
	}
	defer words.Wipe()
	conv := words.Open(address.ID)
	defer conv.Wipe()
	leave := w.asidePage()
	defer leave()
	w.say("%s\n\n    %s\n", c.t("source.new"), words.String(seal.Lang(c.Lang)))
	w.say("%s", c.t("source.echo", conv.Echo(seal.Lang(c.Lang))))
	for try := 1; ; try++ {
		again, err := c.askWords(w, c.t("source.ask.again"))
		if err != nil {
			return err
		}
		if again == words {
			leave()
			w.say("%s", c.t("source.same"))
			return nil
		}
		if try == wordTries {
			return bad(errors.New(c.t("source.differ")), "")
		}
		fmt.Fprintln(w.stderr, c.t("source.differ"))
	}
}

// asidePage shows what follows on the terminal's second page, and gives a function that
// leaves it: the words do not stay in the lines that one can scroll back to.
func (w *world) asidePage() (leave func()) {
	f, ok := w.stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	fmt.Fprint(f, "\x1b[?1049h\x1b[H")
	left := false
	return func() {
		if !left {
			left = true
			fmt.Fprint(f, "\x1b[2J\x1b[?1049l")
		}
	}
}
